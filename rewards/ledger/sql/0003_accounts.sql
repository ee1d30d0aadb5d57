-- The only writers of the books. They run with the owner's rights; the runtime role may only call them.

CREATE FUNCTION ledger_open_account(new_address text, new_kind text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_id bigint;
    keeps_balance boolean := new_kind NOT IN ('issuance', 'fees', 'breakage');
    lowest bigint := CASE WHEN new_kind IN ('issuance', 'fees', 'breakage', 'guarantee') THEN NULL ELSE 0 END;
BEGIN
    INSERT INTO ledger_account (address, kind, has_balance, floor, opened_at)
        VALUES (new_address, new_kind, keeps_balance, lowest, clock_timestamp())
        ON CONFLICT (address) DO NOTHING RETURNING id INTO found_id;
    IF found_id IS NULL THEN
        SELECT id INTO found_id FROM ledger_account WHERE address = new_address AND kind = new_kind;
    ELSIF keeps_balance THEN
        INSERT INTO ledger_balance (account_id, debits, credits, held, floor, version, is_closed, recorded_at)
            VALUES (found_id, 0, 0, 0, lowest, 0, false, clock_timestamp());
    END IF;
    RETURN found_id;
END $$;

-- Answers 'closed', or the code of the refusal. Closing twice is closing once.
CREATE FUNCTION ledger_close_account(old_address text, closed_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a record;
    b ledger_balance;
BEGIN
    SELECT id, has_balance INTO a FROM ledger_account WHERE address = old_address;
    IF NOT FOUND THEN RETURN 'unknown_account'; END IF;
    IF NOT a.has_balance THEN RETURN 'account_unbounded'; END IF;
    SELECT * INTO b FROM ledger_balance WHERE account_id = a.id FOR NO KEY UPDATE;
    IF b.is_closed THEN RETURN 'closed'; END IF;
    IF b.credits <> b.debits OR b.held <> 0 THEN RETURN 'account_not_empty'; END IF;
    UPDATE ledger_balance SET is_closed = true WHERE account_id = a.id;
    INSERT INTO ledger_closure (account_id, actor, closed_at) VALUES (a.id, closed_by, clock_timestamp());
    RETURN 'closed';
END $$;

REVOKE ALL ON FUNCTION ledger_open_account(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_close_account(text, text) FROM PUBLIC;
