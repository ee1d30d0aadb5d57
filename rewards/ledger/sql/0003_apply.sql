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

-- Applies a list of items in order; each item happens whole or not at all, and answers for itself.
--
-- An item: {"action": "post" | "hold" | "capture" | "release" | "expire", "key", "actor", "event_type", "event_ref",
--   "op_id"?, "effective_at"?}
--   post:    "debit", "credit", "amount"
--   hold:    "debit", "amount", "expires_at" or "lifetime" (seconds)
--   capture: "hold" (its key), "legs": [{"credit", "amount"}]; what the legs leave is freed, an empty leg is skipped
--   release, expire: "hold"
-- An answer: {"outcome": "applied" | <code of the refusal>, "replayed", "op_id", "transfer_id", "debit_version",
--   "amount", "expires_at"}
--
-- A refused item writes nothing, unless record_refusals asks that the attempt itself is kept.
CREATE FUNCTION ledger_apply(items jsonb, record_refusals boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    item jsonb; leg jsonb; answers jsonb[] := '{}';
    act text; item_key text; hold_key text; refusal text; print bytea;
    seen ledger_attempt; held ledger_openhold; moved ledger_balance; credited ledger_balance;
    d record; c record;
    credit_ids bigint[]; credit_kept boolean[]; amounts bigint[];
    legs jsonb; wanted numeric; total bigint; freed bigint; reserved bigint; running bigint;
    op uuid; last_op uuid; row_leg smallint := 0; rows integer; i integer;
    full_account boolean; first_id bigint; row_id bigint; moment timestamptz; effective timestamptz; ends timestamptz;
BEGIN
    -- One round of locks for the whole call, in key order: calls may queue for each other, never in a circle.
    PERFORM 1 FROM ledger_balance b WHERE b.account_id IN (
        SELECT a.id FROM jsonb_array_elements(items) e, LATERAL (
            SELECT e->>'debit' AS address UNION ALL SELECT e->>'credit'
            UNION ALL SELECT l->>'credit' FROM jsonb_array_elements(e->'legs') l
        ) named JOIN ledger_account a ON a.address = named.address
        UNION ALL
        SELECT h.account_id FROM jsonb_array_elements(items) e JOIN ledger_openhold h ON h.key = e->>'hold'
    ) ORDER BY b.account_id FOR NO KEY UPDATE;

    FOR item IN SELECT value FROM jsonb_array_elements(items) LOOP
        act := item->>'action';
        item_key := item->>'key';
        print := sha256(convert_to(item::text, 'UTF8'));

        -- The key decides before any rule does: an old retry gets its old answer, whatever changed since.
        SELECT * INTO seen FROM ledger_attempt t WHERE t.key = item_key;
        IF FOUND THEN
            IF seen.fingerprint <> print THEN
                answers := answers || jsonb_build_object('outcome', 'idempotency_mismatch', 'replayed', false);
                CONTINUE;
            END IF;
            SELECT t.amount, t.expires_at INTO wanted, ends FROM ledger_transfer t WHERE t.id = seen.transfer_id;
            answers := answers || jsonb_build_object(
                'outcome', seen.outcome, 'replayed', true, 'op_id', seen.op_id, 'transfer_id', seen.transfer_id,
                'debit_version', seen.debit_version, 'amount', wanted::bigint, 'expires_at', ends);
            CONTINUE;
        END IF;

        refusal := NULL; hold_key := NULL; held := NULL; ends := NULL; first_id := NULL;
        credit_ids := '{}'; credit_kept := '{}'; amounts := '{}';
        total := 0; freed := 0; reserved := 0; full_account := false;
        moment := clock_timestamp();

        <<deciding>>
        BEGIN
            IF act IN ('capture', 'release', 'expire') THEN
                hold_key := item->>'hold';
                SELECT * INTO held FROM ledger_openhold h WHERE h.key = hold_key;
                IF NOT FOUND THEN
                    PERFORM 1 FROM ledger_attempt t
                        WHERE t.key = hold_key AND t.action = 'hold' AND t.outcome = 'applied';
                    refusal := CASE WHEN FOUND THEN 'hold_resolved' ELSE 'unknown_hold' END;
                    EXIT deciding;
                END IF;
                IF act = 'capture' AND held.expires_at <= moment THEN refusal := 'hold_expired'; EXIT deciding; END IF;
                IF act = 'expire' AND held.expires_at > moment THEN refusal := 'hold_not_expired'; EXIT deciding; END IF;
                freed := held.amount;
            ELSIF act NOT IN ('post', 'hold') THEN
                RAISE EXCEPTION 'unknown action %', act USING ERRCODE = 'invalid_parameter_value';
            END IF;

            legs := CASE act
                WHEN 'capture' THEN coalesce(item->'legs', '[]')
                WHEN 'release' THEN '[]'
                WHEN 'expire' THEN '[]'
                ELSE jsonb_build_array(item)
            END;
            FOR leg IN SELECT value FROM jsonb_array_elements(legs) LOOP
                IF jsonb_typeof(leg->'amount') IS DISTINCT FROM 'number' THEN
                    refusal := 'invalid_amount'; EXIT deciding;
                END IF;
                wanted := (leg->>'amount')::numeric;
                IF wanted <> trunc(wanted) OR wanted > max_amount
                    OR wanted < (CASE act WHEN 'capture' THEN 0 ELSE 1 END) THEN
                    refusal := 'invalid_amount'; EXIT deciding;
                END IF;
                CONTINUE WHEN wanted = 0;
                amounts := amounts || wanted::bigint;
                total := total + wanted::bigint;
            END LOOP;
            IF act = 'capture' AND total > held.amount THEN refusal := 'capture_exceeds_hold'; EXIT deciding; END IF;

            IF held.account_id IS NULL THEN
                SELECT a.id, a.has_balance, b.* INTO d FROM ledger_account a
                    LEFT JOIN ledger_balance b ON b.account_id = a.id WHERE a.address = item->>'debit';
            ELSE
                SELECT b.account_id AS id, true AS has_balance, b.* INTO d FROM ledger_balance b
                    WHERE b.account_id = held.account_id;
            END IF;
            IF d.id IS NULL THEN refusal := 'unknown_account'; EXIT deciding; END IF;
            IF d.is_closed THEN refusal := 'account_closed'; EXIT deciding; END IF;
            -- Time never runs backwards within one account, whatever the server's clock does.
            moment := greatest(moment, d.recorded_at);

            IF act IN ('post', 'capture') THEN
                FOR leg IN SELECT value FROM jsonb_array_elements(legs) LOOP
                    CONTINUE WHEN (leg->>'amount')::numeric = 0;
                    SELECT a.id, a.has_balance, b.* INTO c FROM ledger_account a
                        LEFT JOIN ledger_balance b ON b.account_id = a.id WHERE a.address = leg->>'credit';
                    IF c.id IS NULL THEN refusal := 'unknown_account'; EXIT deciding; END IF;
                    IF c.id = d.id THEN refusal := 'same_account'; EXIT deciding; END IF;
                    IF c.is_closed THEN refusal := 'account_closed'; EXIT deciding; END IF;
                    full_account := full_account OR coalesce(c.credits + total > max_amount, false);
                    moment := greatest(moment, c.recorded_at);
                    credit_ids := credit_ids || c.id;
                    credit_kept := credit_kept || c.has_balance;
                END LOOP;
                full_account := full_account OR coalesce(d.debits + total > max_amount, false);
            END IF;

            IF act = 'hold' THEN
                IF NOT d.has_balance THEN refusal := 'account_unbounded'; EXIT deciding; END IF;
                ends := coalesce(
                    (item->>'expires_at')::timestamptz,
                    moment + make_interval(secs => (item->>'lifetime')::float8));
                IF ends IS NULL OR ends <= moment THEN refusal := 'invalid_expiry'; EXIT deciding; END IF;
                reserved := total;
                total := 0;
            END IF;

            -- What is held is gone from what may be spent; only the hold's own capture may reach it.
            IF act IN ('post', 'hold') AND d.credits - d.debits - d.held - total - reserved < d.floor THEN
                refusal := 'insufficient_tokens'; EXIT deciding;
            END IF;
            IF full_account THEN refusal := 'account_full'; EXIT deciding; END IF;
        END deciding;

        IF refusal IS NOT NULL THEN
            IF record_refusals THEN
                INSERT INTO ledger_attempt (key, fingerprint, action, outcome, actor, refused_body, recorded_at)
                    VALUES (item_key, print, act, refusal, item->>'actor', item, moment);
            END IF;
            answers := answers || jsonb_build_object('outcome', refusal, 'replayed', false);
            CONTINUE;
        END IF;

        op := coalesce((item->>'op_id')::uuid, gen_random_uuid());
        row_leg := CASE WHEN op = last_op THEN row_leg ELSE 0 END;
        last_op := op;
        effective := coalesce((item->>'effective_at')::timestamptz, moment);
        rows := CASE WHEN act = 'hold' THEN 1 ELSE greatest(cardinality(credit_ids), 1) END;

        moved := NULL;
        IF d.has_balance THEN
            UPDATE ledger_balance b
                SET debits = b.debits + total, held = b.held + reserved - freed, version = b.version + rows, recorded_at = moment
                WHERE b.account_id = d.id RETURNING * INTO moved;
        END IF;

        IF cardinality(credit_ids) = 0 THEN
            -- A capture that pays nobody frees the hold: it is a release.
            row_leg := row_leg + 1;
            INSERT INTO ledger_transfer (op_id, leg, kind, hold_id, hold_leg, debit_id, amount,
                    debit_version, debit_after, debit_held, expires_at, effective_at, recorded_at,
                    actor, event_type, event_ref, xid)
                VALUES (op, row_leg, CASE act WHEN 'capture' THEN 'release' ELSE act END,
                    held.transfer_id, CASE WHEN act <> 'hold' THEN 1 END, d.id, reserved + freed,
                    moved.version, moved.credits - moved.debits, moved.held, ends, effective, moment,
                    item->>'actor', item->>'event_type', item->>'event_ref', pg_current_xact_id())
                RETURNING id INTO first_id;
        ELSE
            running := moved.credits - moved.debits + total;
            FOR i IN 1 .. rows LOOP
                row_leg := row_leg + 1;
                running := running - amounts[i];
                credited := NULL;
                IF credit_kept[i] THEN
                    UPDATE ledger_balance b
                        SET credits = b.credits + amounts[i], version = b.version + 1, recorded_at = moment
                        WHERE b.account_id = credit_ids[i] RETURNING * INTO credited;
                END IF;
                INSERT INTO ledger_transfer (op_id, leg, kind, hold_id, hold_leg, debit_id, credit_id, amount,
                        debit_version, debit_after, debit_held, credit_version, credit_after,
                        effective_at, recorded_at, actor, event_type, event_ref, xid)
                    VALUES (op, row_leg, act, held.transfer_id, CASE act WHEN 'capture' THEN i END,
                        d.id, credit_ids[i], amounts[i],
                        moved.version - rows + i, running, moved.held,
                        credited.version, credited.credits - credited.debits,
                        effective, moment, item->>'actor', item->>'event_type', item->>'event_ref', pg_current_xact_id())
                    RETURNING id INTO row_id;
                first_id := coalesce(first_id, row_id);
            END LOOP;
        END IF;

        IF act = 'hold' THEN
            INSERT INTO ledger_openhold (key, transfer_id, account_id, amount, expires_at)
                VALUES (item_key, first_id, d.id, reserved, ends);
        ELSIF hold_key IS NOT NULL THEN
            DELETE FROM ledger_openhold h WHERE h.key = hold_key;
        END IF;
        INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version, actor, recorded_at)
            VALUES (item_key, print, act, 'applied', op, first_id, moved.version, item->>'actor', moment);
        answers := answers || jsonb_build_object(
            'outcome', 'applied', 'replayed', false, 'op_id', op, 'transfer_id', first_id,
            'debit_version', moved.version, 'amount', coalesce(amounts[1], freed), 'expires_at', ends);
    END LOOP;
    RETURN to_jsonb(answers);
END $$;

-- Frees the holds whose time has passed, oldest first. Answers how many.
CREATE FUNCTION ledger_expire_holds(batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    items jsonb;
    expired integer;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
            'action', 'expire', 'key', 'expire:' || due.key, 'hold', due.key,
            'actor', 'system:clock', 'event_type', 'hold.expired', 'event_ref', due.key))
        INTO items
        FROM (
            SELECT h.key FROM ledger_openhold h WHERE h.expires_at <= clock_timestamp()
            ORDER BY h.expires_at LIMIT batch
        ) due;
    IF items IS NULL THEN RETURN 0; END IF;
    SELECT count(*) INTO expired FROM jsonb_array_elements(ledger_apply(items)) answer
        WHERE answer->>'outcome' = 'applied' AND NOT (answer->>'replayed')::boolean;
    RETURN expired;
END $$;

REVOKE ALL ON FUNCTION ledger_open_account(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_close_account(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_apply(jsonb, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_expire_holds(integer) FROM PUBLIC;
