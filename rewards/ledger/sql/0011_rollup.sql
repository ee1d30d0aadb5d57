-- The totals of the accounts that keep no running balance, up to one row of the journal: what they hold is this and the
-- rows that came since, so that their balance costs what happened lately and not what happened ever.

-- Rolls the totals up to the last row and answers whether it did. While the balances are locked nobody writes the
-- journal, so every smaller id is committed or never will be: an id alone is no such line, because a late commit may
-- carry an early one. Where a writer takes its time, it gives up at once and comes again at the next tick.
CREATE FUNCTION ledger_roll_up(least_rows bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET lock_timeout = '200ms' AS $$
DECLARE
    upto bigint;
BEGIN
    IF coalesce((SELECT max(t.id) FROM ledger_transfer t), 0)
        < coalesce((SELECT min(r.through) FROM ledger_rollup r), 0) + least_rows THEN
        RETURN false;
    END IF;
    BEGIN
        LOCK TABLE ledger_balance IN EXCLUSIVE MODE;
    EXCEPTION WHEN lock_not_available THEN
        RETURN false;
    END;
    SELECT max(t.id) INTO upto FROM ledger_transfer t;
    INSERT INTO ledger_rollup AS old (account_id, debits, credits, through, rolled_at)
        SELECT a.id,
               coalesce(r.debits, 0) + (
                   SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
                   WHERE t.debit_id = a.id AND t.debit_version IS NULL AND t.id > coalesce(r.through, 0)),
               coalesce(r.credits, 0) + (
                   SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
                   WHERE t.credit_id = a.id AND t.credit_version IS NULL AND t.id > coalesce(r.through, 0)),
               upto, clock_timestamp()
        FROM ledger_account a LEFT JOIN ledger_rollup r ON r.account_id = a.id
        WHERE a.kind IN ('issuance', 'fees', 'breakage')
        ON CONFLICT (account_id) DO UPDATE SET debits = EXCLUDED.debits, credits = EXCLUDED.credits,
            through = EXCLUDED.through, rolled_at = EXCLUDED.rolled_at;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION ledger_roll_up(bigint) FROM PUBLIC;
