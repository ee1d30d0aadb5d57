-- Applies a list of items in order; each item happens whole or not at all, and answers for itself.
--
-- An item: {"action": "post" | "hold" | "capture" | "release" | "expire" | "reverse", "key", "actor", "event_type",
--   "event_ref", "op_id"?, "approved_by"?, "reason"?}
--   post:    "debit", "credit", "amount", "effective_at"?
--   hold:    "debit", "amount", "expires_at" or "lifetime" (seconds)
--   capture: "hold" (its key), "legs": [{"credit", "amount"}]; what the legs leave is freed, an empty leg is skipped
--   release, expire: "hold"
--   reverse: "reverses" (a transfer's id), "debit", "credit", "amount": that row's, with its sides swapped; it says why
--            and who approved, and that is not who asks
-- An answer: {"outcome": "applied" | <code of the refusal>, "replayed", "op_id", "transfer_id", "debit_version",
--   "amount", "expires_at"}
--
-- A refused item writes nothing, unless record_refusals asks that the attempt itself is kept.
-- How: lock and read every balance the call names, in key order; decide item by item on those numbers in memory, with
-- the journal rows written as they come; write the balances back once. Nobody else can move them meanwhile.
-- The plans are fixed: made once per session, always along an index, also while the tables are still small.
CREATE OR REPLACE FUNCTION ledger_apply(items jsonb, record_refusals boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    item jsonb; leg jsonb; legs jsonb; answers jsonb[] := '{}';
    -- What the call names, and where each account stands: one array per column, one place per account.
    named text[] := '{}'; hold_keys text[] := '{}';
    ids bigint[]; addresses text[]; kept boolean[]; floors bigint[]; closed boolean[];
    taken bigint[]; given bigint[]; helds bigint[]; versions bigint[]; times timestamptz[];
    b ledger_balance; place integer; d integer; c integer;
    -- The item at hand.
    act text; item_key text; hold_key text; refusal text; print bytea; seen ledger_attempt; held ledger_openhold;
    undone ledger_transfer;
    wanted numeric; total bigint; freed bigint; reserved bigint; running bigint; full_account boolean;
    amounts bigint[]; takers integer[]; credit_ids bigint[]; credit_versions bigint[]; credit_afters bigint[];
    op uuid; last_op uuid; last_leg smallint := 0; rows integer; first_id bigint;
    moment timestamptz; effective timestamptz; ends timestamptz;
BEGIN
    FOR item IN SELECT value FROM jsonb_array_elements(items) LOOP
        named := array_append(array_append(named, item->>'debit'), item->>'credit');
        hold_keys := array_append(hold_keys, item->>'hold');
        IF item ? 'legs' THEN
            FOR leg IN SELECT value FROM jsonb_array_elements(item->'legs') LOOP
                named := array_append(named, leg->>'credit');
            END LOOP;
        END IF;
    END LOOP;
    IF array_remove(hold_keys, NULL) <> '{}' THEN
        SELECT array_agg(a.id), array_agg(a.address), array_agg(a.has_balance) INTO ids, addresses, kept
            FROM ledger_account a WHERE a.address = ANY (named)
            OR a.id = ANY (ARRAY(SELECT h.account_id FROM ledger_openhold h WHERE h.key = ANY (hold_keys)));
    ELSE
        SELECT array_agg(a.id), array_agg(a.address), array_agg(a.has_balance) INTO ids, addresses, kept
            FROM ledger_account a WHERE a.address = ANY (named);
    END IF;
    ids := coalesce(ids, '{}');
    floors := array_fill(NULL::bigint, ARRAY[cardinality(ids)]);
    taken := floors; given := floors; helds := floors; versions := floors;
    closed := array_fill(false, ARRAY[cardinality(ids)]);
    times := array_fill(NULL::timestamptz, ARRAY[cardinality(ids)]);
    -- One round of locks for the whole call, in key order: calls may queue for each other, never in a circle.
    FOR b IN SELECT * FROM ledger_balance l WHERE l.account_id = ANY (ids) ORDER BY l.account_id FOR NO KEY UPDATE LOOP
        place := array_position(ids, b.account_id);
        taken[place] := b.debits; given[place] := b.credits; helds[place] := b.held;
        versions[place] := b.version; floors[place] := b.floor; closed[place] := b.is_closed; times[place] := b.recorded_at;
    END LOOP;

    FOR item IN SELECT value FROM jsonb_array_elements(items) LOOP
        act := item->>'action';
        item_key := item->>'key';
        print := sha256(convert_to(item::text, 'UTF8'));

        -- The key decides before any rule does: an old retry gets its old answer, whatever changed since.
        SELECT * INTO seen FROM ledger_attempt t WHERE t.key = item_key;
        IF FOUND THEN
            IF seen.fingerprint <> print THEN
                answers := array_append(
                    answers, jsonb_build_object('outcome', 'idempotency_mismatch', 'replayed', false));
                CONTINUE;
            END IF;
            SELECT t.amount, t.expires_at INTO wanted, ends FROM ledger_transfer t WHERE t.id = seen.transfer_id;
            answers := array_append(answers, jsonb_build_object(
                'outcome', seen.outcome, 'replayed', true, 'op_id', seen.op_id, 'transfer_id', seen.transfer_id,
                'debit_version', seen.debit_version, 'amount', wanted::bigint, 'expires_at', ends));
            CONTINUE;
        END IF;

        refusal := NULL; hold_key := NULL; held := NULL; undone := NULL; ends := NULL; full_account := false;
        amounts := '{}'; takers := '{}'; total := 0; freed := 0; reserved := 0;
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
                d := array_position(ids, held.account_id);
                IF d IS NULL OR versions[d] IS NULL THEN
                    RAISE EXCEPTION 'the hold % was placed while this call began', hold_key
                        USING ERRCODE = 'serialization_failure';
                END IF;
                legs := CASE act WHEN 'capture' THEN coalesce(item->'legs', '[]') ELSE '[]' END;
            ELSIF act IN ('post', 'hold', 'reverse') THEN
                d := array_position(addresses, item->>'debit');
                legs := jsonb_build_array(item);
            ELSE
                RAISE EXCEPTION 'unknown action %', act USING ERRCODE = 'invalid_parameter_value';
            END IF;

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
                amounts := array_append(amounts, wanted::bigint);
                total := total + wanted::bigint;
                IF act <> 'hold' THEN
                    -- An unknown address has no place; that is told below, after the sums.
                    takers := array_append(takers, coalesce(array_position(addresses, leg->>'credit'), 0));
                END IF;
            END LOOP;
            IF act = 'capture' AND total > held.amount THEN
                refusal := 'capture_exceeds_hold'; EXIT deciding;
            END IF;

            IF d IS NULL THEN refusal := 'unknown_account'; EXIT deciding; END IF;
            IF closed[d] THEN refusal := 'account_closed'; EXIT deciding; END IF;
            -- Time never runs backwards within one account, whatever the server's clock does.
            moment := greatest(moment, times[d]);
            FOREACH c IN ARRAY takers LOOP
                IF c = 0 THEN refusal := 'unknown_account'; EXIT deciding; END IF;
                IF c = d THEN refusal := 'same_account'; EXIT deciding; END IF;
                IF closed[c] THEN refusal := 'account_closed'; EXIT deciding; END IF;
                moment := greatest(moment, times[c]);
                full_account := full_account OR coalesce(given[c] + total > max_amount, false);
            END LOOP;

            IF act = 'reverse' THEN
                -- Read after the locks: of two who reverse one row, the second sees the first.
                SELECT * INTO undone FROM ledger_transfer t WHERE t.id = (item->>'reverses')::bigint;
                IF undone.kind = 'reverse' THEN refusal := 'reversal_is_final'; EXIT deciding; END IF;
                IF undone.credit_id IS DISTINCT FROM ids[d] OR undone.debit_id IS DISTINCT FROM ids[takers[1]]
                    OR undone.amount IS DISTINCT FROM total THEN
                    refusal := 'unknown_transfer'; EXIT deciding;
                END IF;
                PERFORM 1 FROM ledger_transfer t WHERE t.reverses_id = undone.id;
                IF FOUND THEN refusal := 'already_reversed'; EXIT deciding; END IF;
            END IF;
            IF (act = 'reverse' AND item->>'approved_by' IS NULL) OR item->>'approved_by' = item->>'actor' THEN
                refusal := 'approval_missing'; EXIT deciding;
            END IF;
            IF item ? 'effective_at' AND (act <> 'post' OR (item->>'effective_at')::timestamptz > moment) THEN
                refusal := 'invalid_instant'; EXIT deciding;
            END IF;

            IF act = 'hold' THEN
                IF NOT kept[d] THEN refusal := 'account_unbounded'; EXIT deciding; END IF;
                ends := coalesce(
                    (item->>'expires_at')::timestamptz,
                    moment + make_interval(secs => (item->>'lifetime')::float8));
                IF ends IS NULL OR ends <= moment THEN refusal := 'invalid_expiry'; EXIT deciding; END IF;
                reserved := total;
                total := 0;
            END IF;

            -- What is held is gone from what may be spent; only the hold's own capture may reach it.
            IF act IN ('post', 'hold', 'reverse') AND given[d] - taken[d] - helds[d] - total - reserved < floors[d] THEN
                refusal := 'insufficient_tokens'; EXIT deciding;
            END IF;
            IF full_account OR taken[d] + total > max_amount THEN
                refusal := 'account_full'; EXIT deciding;
            END IF;
        END deciding;

        IF refusal IS NOT NULL THEN
            IF record_refusals THEN
                INSERT INTO ledger_attempt (key, fingerprint, action, outcome, actor, refused_body, recorded_at)
                    VALUES (item_key, print, act, refusal, item->>'actor', item, moment);
            END IF;
            answers := array_append(answers, jsonb_build_object('outcome', refusal, 'replayed', false));
            CONTINUE;
        END IF;

        op := coalesce((item->>'op_id')::uuid, gen_random_uuid());
        IF op IS DISTINCT FROM last_op THEN last_leg := 0; END IF;
        last_op := op;
        effective := coalesce((item->>'effective_at')::timestamptz, moment);
        rows := greatest(cardinality(takers), 1);
        running := given[d] - taken[d];
        taken[d] := taken[d] + total;
        helds[d] := helds[d] + reserved - freed;
        versions[d] := versions[d] + rows;
        IF kept[d] THEN times[d] := moment; END IF;
        first_id := nextval('ledger_transfer_id_seq');

        IF cardinality(takers) = 0 THEN
            -- A capture that pays nobody frees the hold: it is a release.
            INSERT INTO ledger_transfer (id, op_id, leg, kind, hold_id, hold_leg, debit_id, amount,
                    debit_version, debit_after, debit_held, expires_at, effective_at, recorded_at,
                    actor, event_type, event_ref, xid)
                VALUES (first_id, op, last_leg + 1, CASE act WHEN 'capture' THEN 'release' ELSE act END,
                    held.transfer_id, CASE WHEN act <> 'hold' THEN 1 END, ids[d], reserved + freed,
                    versions[d], running, helds[d], ends, effective, moment,
                    item->>'actor', item->>'event_type', item->>'event_ref', pg_current_xact_id());
        ELSE
            credit_ids := '{}'; credit_versions := '{}'; credit_afters := '{}';
            FOR place IN 1 .. rows LOOP
                c := takers[place];
                given[c] := given[c] + amounts[place];
                versions[c] := versions[c] + 1;
                IF kept[c] THEN times[c] := moment; END IF;
                credit_ids := array_append(credit_ids, ids[c]);
                credit_versions := array_append(credit_versions, versions[c]);
                credit_afters := array_append(credit_afters, given[c] - taken[c]);
            END LOOP;
            INSERT INTO ledger_transfer (id, op_id, leg, kind, hold_id, hold_leg, debit_id, credit_id, amount,
                    debit_version, debit_after, debit_held, credit_version, credit_after,
                    effective_at, recorded_at, actor, event_type, event_ref, reverses_id, approved_by, reason, xid)
                SELECT CASE l.n WHEN 1 THEN first_id ELSE nextval('ledger_transfer_id_seq') END,
                    op, last_leg + l.n, act, held.transfer_id, CASE act WHEN 'capture' THEN l.n END,
                    ids[d], l.credit_id, l.amount,
                    versions[d] - rows + l.n, running - sum(l.amount) OVER (ORDER BY l.n), helds[d],
                    l.credit_version, l.credit_after, effective, moment,
                    item->>'actor', item->>'event_type', item->>'event_ref', undone.id, item->>'approved_by',
                    item->>'reason', pg_current_xact_id()
                FROM unnest(credit_ids, amounts, credit_versions, credit_afters)
                    WITH ORDINALITY AS l (credit_id, amount, credit_version, credit_after, n);
        END IF;
        last_leg := last_leg + rows;

        IF act = 'hold' THEN
            INSERT INTO ledger_openhold (key, transfer_id, account_id, amount, expires_at)
                VALUES (item_key, first_id, ids[d], reserved, ends);
        ELSIF hold_key IS NOT NULL THEN
            DELETE FROM ledger_openhold h WHERE h.key = hold_key;
        END IF;
        INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version, actor, recorded_at)
            VALUES (item_key, print, act, 'applied', op, first_id, versions[d], item->>'actor', moment);
        answers := array_append(answers, jsonb_build_object(
            'outcome', 'applied', 'replayed', false, 'op_id', op, 'transfer_id', first_id,
            'debit_version', versions[d], 'amount', coalesce(amounts[1], freed), 'expires_at', ends));
    END LOOP;

    -- Every change moved a version; accounts without a balance have none here and match no row.
    UPDATE ledger_balance l
        SET debits = u.debits, credits = u.credits, held = u.held, version = u.version, recorded_at = u.recorded_at
        FROM unnest(ids, taken, given, helds, versions, times)
            AS u (account_id, debits, credits, held, version, recorded_at)
        WHERE l.account_id = u.account_id AND l.version <> u.version;
    RETURN to_jsonb(answers);
END $$;
