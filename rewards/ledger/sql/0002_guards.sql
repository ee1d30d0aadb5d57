-- The journal only grows, and only the functions of the next migration write it.

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER account_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER closure_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_closure
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER transfer_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER attempt_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
-- A balance moves on, but it never disappears.
CREATE TRIGGER balance_never_deleted BEFORE DELETE OR TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- ALWAYS: also under session_replication_role = replica, where ordinary triggers sleep.
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER account_only_grows;
ALTER TABLE ledger_closure ENABLE ALWAYS TRIGGER closure_only_grows;
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER transfer_only_grows;
ALTER TABLE ledger_attempt ENABLE ALWAYS TRIGGER attempt_only_grows;
ALTER TABLE ledger_balance ENABLE ALWAYS TRIGGER balance_never_deleted;

-- Not deferred: Django's own foreign keys would be checked, and their locks taken, only at COMMIT.
ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_is_an_account FOREIGN KEY (debit_id) REFERENCES ledger_account (id),
    ADD CONSTRAINT transfer_credit_is_an_account FOREIGN KEY (credit_id) REFERENCES ledger_account (id),
    ADD CONSTRAINT transfer_hold_is_a_transfer FOREIGN KEY (hold_id) REFERENCES ledger_transfer (id);
-- Attempts and open holds name their transfer without a foreign key: one function writes both rows in one statement,
-- nothing can delete either, and the check would lock and rewrite the row just made (a third of a whole call).

ALTER TABLE ledger_account ADD CONSTRAINT account_address_fits_kind CHECK (
    CASE kind
        WHEN 'orders' THEN address = 'orders'
        WHEN 'issuance' THEN address = 'platform:issuance'
        WHEN 'fees' THEN address = 'platform:fees'
        WHEN 'guarantee' THEN address = 'platform:guarantee'
        WHEN 'breakage' THEN address = 'platform:breakage'
        ELSE address ~ ('^' || kind || ':[a-z0-9-]{1,64}$')
    END
);

-- Counters change in place, without touching an index: room on the page keeps those updates cheap.
ALTER TABLE ledger_balance SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE ledger_openhold SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
