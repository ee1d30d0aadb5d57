-- How many rows an account had before an instant: its versions are in the order of time, so halving finds it without
-- an index of its own. Reads only; runs with the caller's rights.
CREATE FUNCTION ledger_version_before(of_account bigint, instant timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    written timestamptz;
BEGIN
    SELECT b.version INTO high FROM ledger_balance b WHERE b.account_id = of_account;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT t.recorded_at INTO written FROM ledger_transfer t
            WHERE t.debit_id = of_account AND t.debit_version = middle;
        IF NOT FOUND THEN
            SELECT t.recorded_at INTO STRICT written FROM ledger_transfer t
                WHERE t.credit_id = of_account AND t.credit_version = middle;
        END IF;
        IF written < instant THEN low := middle; ELSE high := middle - 1; END IF;
    END LOOP;
    RETURN low;
END $$;
REVOKE ALL ON FUNCTION ledger_version_before(bigint, timestamptz) FROM PUBLIC;

-- Not deferred, like the other keys of a transfer.
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_reverses_a_transfer FOREIGN KEY (reverses_id) REFERENCES ledger_transfer (id);
