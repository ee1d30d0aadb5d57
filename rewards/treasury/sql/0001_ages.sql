-- What is left of the tokens that were earned before a cutoff, per account and cutoff. There are no lots: whatever
-- leaves an account takes its oldest tokens first, so the old stock goes up with old credits, down with every debit, and
-- never below nothing: the running sum, less the lowest it ever was. Where no age was ever carried over, that is the
-- balance minus the younger credits.
--
-- With `locking` the balances are locked first, in the order in which ledger_apply locks them, and read after that:
-- what is then posted in the same transaction fits what was counted. It runs with the owner's rights because the
-- runtime role may not lock what it may not write. Rows are always read along their indexes: without statistics the
-- planner would walk the whole journal once per account.
CREATE FUNCTION treasury_older(accounts bigint[], cutoffs timestamptz[], locking boolean)
RETURNS TABLE (account_id bigint, cutoff timestamptz, older bigint, posted bigint, held bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
    IF locking THEN
        PERFORM 1 FROM ledger_balance l WHERE l.account_id = ANY (accounts) ORDER BY l.account_id FOR NO KEY UPDATE;
    END IF;
    RETURN QUERY
    SELECT b.account_id, c.cutoff, coalesce(stock.older, 0)::bigint, b.credits - b.debits, b.held
    FROM ledger_balance b
    CROSS JOIN unnest(cutoffs) AS c (cutoff)
    CROSS JOIN LATERAL (
        SELECT sum(walk.change) - least(0, min(walk.running)) AS older
        FROM (
            SELECT moved.change, sum(moved.change) OVER (ORDER BY moved.version) AS running
            FROM (
                SELECT t.credit_version AS version,
                    CASE WHEN part.tokens IS NOT NULL THEN part.older
                         WHEN t.recorded_at < c.cutoff THEN t.amount ELSE 0 END AS change
                FROM ledger_transfer t
                LEFT JOIN LATERAL (
                    SELECT sum(k.tokens) AS tokens,
                        coalesce(sum(k.tokens) FILTER (WHERE k.earned_at < c.cutoff), 0) AS older
                    FROM treasury_carried k WHERE k.transfer_id = t.id
                ) part ON true
                WHERE t.credit_id = b.account_id AND t.credit_version IS NOT NULL
                UNION ALL
                SELECT t.debit_version, -t.amount
                FROM ledger_transfer t
                WHERE t.debit_id = b.account_id AND t.debit_version IS NOT NULL
                    AND t.kind IN ('post', 'capture', 'reverse')
            ) moved
        ) walk
    ) stock
    WHERE b.account_id = ANY (accounts)
    ORDER BY b.account_id, c.cutoff;
END $$;

-- The next homes that may have something to lose by a cutoff, in the order of their accounts.
CREATE FUNCTION treasury_next_homes(past bigint, cutoff timestamptz, most integer)
RETURNS TABLE (account_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    SELECT a.id FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.kind = 'household' AND a.id > past AND b.credits - b.debits > b.held
        AND (a.opened_at < cutoff
            OR EXISTS (SELECT FROM treasury_carried k WHERE k.account_id = a.id AND k.earned_at < cutoff))
    ORDER BY a.id LIMIT most
$$;

-- Both read with the owner's rights, so nobody but the runtime role (consent/parties/roles.py) may call them.
REVOKE ALL ON FUNCTION treasury_older(bigint[], timestamptz[], boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION treasury_next_homes(bigint, timestamptz, integer) FROM PUBLIC;

-- What was proposed stays as it was proposed, and what was decided stays decided.
CREATE FUNCTION treasury_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.state <> 'proposed'
        OR (OLD.id, OLD.organisation_id, OLD.invoice_number, OLD.amount_krw, OLD.tokens, OLD.needs_second,
            OLD.proposed_by_id, OLD.proposed_at)
            IS DISTINCT FROM
           (NEW.id, NEW.organisation_id, NEW.invoice_number, NEW.amount_krw, NEW.tokens, NEW.needs_second,
            NEW.proposed_by_id, NEW.proposed_at) THEN
        RAISE EXCEPTION 'an issuance is decided once and never rewritten: % refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided_once BEFORE UPDATE OR DELETE ON treasury_issuance
    FOR EACH ROW EXECUTE FUNCTION treasury_decided_once();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON treasury_issuance
    FOR EACH STATEMENT EXECUTE FUNCTION treasury_decided_once();
ALTER TABLE treasury_issuance ENABLE ALWAYS TRIGGER decided_once;
ALTER TABLE treasury_issuance ENABLE ALWAYS TRIGGER never_emptied;
