-- How the books are written. ledger_apply is the door; behind it ledger_apply_each knows every rule.

-- What a call is about to write, column by column; the tables may have more, which fill themselves.
CREATE TYPE ledger_new_transfer AS (
    id bigint, op_id uuid, leg smallint, kind varchar, hold_id bigint, hold_leg smallint, reverses_id bigint,
    debit_id bigint, credit_id bigint, amount bigint, debit_version bigint, debit_after bigint, debit_held bigint,
    credit_version bigint, credit_after bigint, expires_at timestamptz, effective_at timestamptz, recorded_at timestamptz,
    actor text, event_type text, event_ref text, approved_by text, reason text, xid xid8
);
CREATE TYPE ledger_new_attempt AS (
    key varchar, fingerprint bytea, action varchar, outcome varchar, op_id uuid, transfer_id bigint, debit_version bigint,
    actor text, refused_body jsonb, recorded_at timestamptz
);

-- The long way: any number of items of any kind. It runs with the rights of ledger_apply, which alone calls it.
-- How: lock and read every balance the call names, in key order; decide item by item on those numbers in memory; write
-- the journal, the attempts and the balances once, at the end. Nobody else can move the balances meanwhile. Only where
-- an item may have to see what an earlier one of its call wrote is each written before the next is decided.
-- The plans are fixed: made once per session, always along an index, also while the tables are still small.
CREATE FUNCTION ledger_apply_each(items jsonb, record_refusals boolean) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    count CONSTANT integer := jsonb_array_length(items);
    item jsonb; leg jsonb; legs jsonb; answers jsonb[] := '{}';
    -- What the call names.
    named text[] := '{}'; keys text[] := '{}'; hold_keys text[] := '{}'; used text[]; one_by_one boolean := false;
    -- Where each account stands: one array per column, one place per account.
    ids bigint[]; places jsonb; kept boolean[]; floors bigint[]; closed boolean[];
    taken bigint[]; given bigint[]; helds bigint[]; versions bigint[]; times timestamptz[];
    d integer; c integer;
    -- The item at hand.
    act text; item_key text; hold_key text; refusal text; print bytea; seen ledger_attempt; held ledger_openhold;
    undone ledger_transfer;
    wanted numeric; total bigint; freed bigint; reserved bigint; full_account boolean;
    amounts bigint[]; takers integer[];
    op uuid; last_op uuid; last_leg integer := 0; first_id bigint;
    moment timestamptz; ends timestamptz;
    -- What is to be written.
    lines ledger_new_transfer[] := '{}'; attempts ledger_new_attempt[] := '{}';
    placed ledger_openhold[] := '{}'; resolved text[] := '{}';
BEGIN
    FOR n IN 0 .. count - 1 LOOP
        item := items->n;
        keys := array_append(keys, item->>'key');
        named := array_append(named, item->>'debit');
        named := array_append(named, item->>'credit');
        IF item ? 'hold' THEN
            hold_keys := array_append(hold_keys, item->>'hold');
            legs := item->'legs';
            FOR i IN 0 .. coalesce(jsonb_array_length(legs), 0) - 1 LOOP
                named := array_append(named, legs->i->>'credit');
            END LOOP;
        END IF;
        one_by_one := one_by_one OR item ? 'reverses';
    END LOOP;
    -- A key, a hold or a reversed row that comes twice in one call.
    IF count = 1 THEN
        one_by_one := false;
    ELSIF NOT one_by_one THEN
        one_by_one := count > (SELECT count(DISTINCT k) FROM unnest(keys) k) OR keys && hold_keys
            OR cardinality(hold_keys) > (SELECT count(DISTINCT k) FROM unnest(hold_keys) k);
    END IF;

    -- One round of locks for the whole call, in key order: calls may queue for each other, never in a circle.
    IF hold_keys <> '{}' THEN
        SELECT named || array_agg(a.address::text) INTO named
            FROM ledger_openhold h JOIN ledger_account a ON a.id = h.account_id WHERE h.key = ANY (hold_keys);
    END IF;
    SELECT array_agg(s.id), jsonb_object_agg(s.address, s.place), array_agg(s.has_balance),
           array_agg(s.floor), array_agg(s.is_closed), array_agg(s.debits), array_agg(s.credits), array_agg(s.held),
           array_agg(s.version), array_agg(s.recorded_at)
        INTO ids, places, kept, floors, closed, taken, given, helds, versions, times
        FROM (
            SELECT a.id, a.address, a.has_balance, row_number() OVER () AS place, b.*
            FROM (SELECT * FROM ledger_account n WHERE n.address = ANY (named) ORDER BY n.id) a
            LEFT JOIN LATERAL (SELECT * FROM ledger_balance l WHERE l.account_id = a.id FOR NO KEY UPDATE) b ON true
        ) s;
    SELECT array_agg(t.key) INTO used FROM ledger_attempt t WHERE t.key = ANY (keys);

    -- One round more than there are items: it writes what is left.
    FOR n IN 0 .. count LOOP
        IF n = count OR one_by_one THEN
            IF lines <> '{}' THEN
                INSERT INTO ledger_transfer (id, op_id, leg, kind, hold_id, hold_leg, reverses_id, debit_id, credit_id, amount,
                        debit_version, debit_after, debit_held, credit_version, credit_after,
                        expires_at, effective_at, recorded_at, actor, event_type, event_ref, approved_by, reason, xid)
                    SELECT * FROM unnest(lines);
                lines := '{}';
            END IF;
            IF attempts <> '{}' THEN
                INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
                        actor, refused_body, recorded_at)
                    SELECT * FROM unnest(attempts);
                attempts := '{}';
            END IF;
            IF placed <> '{}' THEN
                INSERT INTO ledger_openhold (key, transfer_id, account_id, amount, expires_at)
                    SELECT p.key, p.transfer_id, p.account_id, p.amount, p.expires_at FROM unnest(placed) p;
                placed := '{}';
            END IF;
            IF resolved <> '{}' THEN
                DELETE FROM ledger_openhold h WHERE h.key = ANY (resolved);
                resolved := '{}';
            END IF;
            EXIT WHEN n = count;
        END IF;
        item := items->n;
        act := item->>'action';
        item_key := keys[n + 1];
        print := sha256(convert_to(item::text, 'UTF8'));

        -- The key decides before any rule does: an old retry gets its old answer, whatever changed since.
        IF one_by_one OR used IS NOT NULL THEN
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
        END IF;

        refusal := NULL; hold_key := NULL; held := NULL; undone := NULL; ends := NULL; full_account := false;
        amounts := '{}'; takers := '{}'; total := 0; freed := 0; reserved := 0; legs := NULL;
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
                    -- Between the two looks it may have been placed: then it is neither.
                    PERFORM 1 FROM ledger_openhold h WHERE h.key = hold_key;
                    IF FOUND THEN
                        RAISE EXCEPTION 'the hold % was placed while this call looked', hold_key
                            USING ERRCODE = 'serialization_failure';
                    END IF;
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
                d := places->>(item->>'debit');
            ELSE
                RAISE EXCEPTION 'unknown action %', act USING ERRCODE = 'invalid_parameter_value';
            END IF;

            FOR i IN 0 .. coalesce(jsonb_array_length(legs), 1) - 1 LOOP
                leg := coalesce(legs->i, item);
                IF jsonb_typeof(leg->'amount') IS DISTINCT FROM 'number' THEN
                    refusal := 'invalid_amount'; EXIT deciding;
                END IF;
                wanted := leg->'amount';
                IF wanted <> trunc(wanted) OR wanted > max_amount
                    OR wanted < (CASE act WHEN 'capture' THEN 0 ELSE 1 END) THEN
                    refusal := 'invalid_amount'; EXIT deciding;
                END IF;
                CONTINUE WHEN wanted = 0;
                amounts := array_append(amounts, wanted::bigint);
                total := total + wanted::bigint;
                IF act <> 'hold' THEN
                    -- An unknown address has no place; that is told below, after the sums.
                    takers := array_append(takers, coalesce((places->>(leg->>'credit'))::integer, 0));
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
            -- The rows bear that time: by it too the hold must not be over, whichever account the clock was ahead in.
            IF act = 'capture' AND held.expires_at <= moment THEN refusal := 'hold_expired'; EXIT deciding; END IF;

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
            IF hold_key IS NULL AND given[d] - taken[d] - helds[d] - total - reserved < floors[d] THEN
                refusal := 'insufficient_tokens'; EXIT deciding;
            END IF;
            IF full_account OR taken[d] + total > max_amount THEN
                refusal := 'account_full'; EXIT deciding;
            END IF;
        END deciding;

        IF refusal IS NOT NULL THEN
            IF record_refusals THEN
                attempts := array_append(attempts, (
                    item_key, print, act, refusal, NULL, NULL, NULL, item->>'actor', item, moment)::ledger_new_attempt);
            END IF;
            answers := array_append(answers, jsonb_build_object('outcome', refusal, 'replayed', false));
            CONTINUE;
        END IF;

        op := coalesce((item->>'op_id')::uuid, gen_random_uuid());
        IF op IS DISTINCT FROM last_op THEN last_leg := 0; END IF;
        last_op := op;
        helds[d] := helds[d] + reserved - freed;
        IF kept[d] THEN times[d] := moment; END IF;
        first_id := nextval('ledger_transfer_id_seq');
        -- One row per taker, or one for nobody: a hold, or what frees one. A capture that pays nobody is a release.
        FOR i IN 1 .. greatest(cardinality(takers), 1) LOOP
            c := takers[i];
            versions[d] := versions[d] + 1;
            IF c IS NOT NULL THEN
                taken[d] := taken[d] + amounts[i];
                given[c] := given[c] + amounts[i];
                versions[c] := versions[c] + 1;
                IF kept[c] THEN times[c] := moment; END IF;
            END IF;
            lines := array_append(lines, (
                CASE i WHEN 1 THEN first_id ELSE nextval('ledger_transfer_id_seq') END, op, last_leg + i,
                CASE WHEN act = 'capture' AND c IS NULL THEN 'release' ELSE act END,
                held.transfer_id, CASE WHEN hold_key IS NOT NULL THEN i END, undone.id,
                ids[d], ids[c], CASE WHEN c IS NULL THEN reserved + freed ELSE amounts[i] END,
                versions[d], given[d] - taken[d], helds[d], versions[c], given[c] - taken[c],
                ends, coalesce((item->>'effective_at')::timestamptz, moment), moment,
                item->>'actor', item->>'event_type', item->>'event_ref', item->>'approved_by', item->>'reason',
                pg_current_xact_id())::ledger_new_transfer);
        END LOOP;
        last_leg := last_leg + greatest(cardinality(takers), 1);

        IF act = 'hold' THEN
            held := NULL;
            held.key := item_key; held.transfer_id := first_id; held.account_id := ids[d];
            held.amount := reserved; held.expires_at := ends;
            placed := array_append(placed, held);
        ELSIF hold_key IS NOT NULL THEN
            resolved := array_append(resolved, hold_key);
        END IF;
        attempts := array_append(attempts, (
            item_key, print, act, 'applied', op, first_id, versions[d], item->>'actor', NULL, moment)::ledger_new_attempt);
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
CREATE FUNCTION ledger_apply(items jsonb, record_refusals boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    item CONSTANT jsonb := items->0;
    from_id bigint; to_id bigint; giver ledger_balance; taker ledger_balance;
    wanted numeric; op uuid; made bigint; moment timestamptz;
BEGIN
    -- The short way, for the commonest call: one post that nothing speaks against. Whatever does is for the long way to
    -- tell, which begins anew under the same locks; until the attempt is written, nothing is.
    IF items->1 IS NULL AND item->>'action' = 'post' AND jsonb_typeof(item->'amount') = 'number' THEN
        SELECT g.id, t.id, (item->'amount')::numeric, gen_random_uuid() INTO from_id, to_id, wanted, op
            FROM ledger_account g, ledger_account t WHERE g.address = item->>'debit' AND t.address = item->>'credit';
        IF from_id < to_id THEN
            SELECT * INTO giver FROM ledger_balance l WHERE l.account_id = from_id FOR NO KEY UPDATE;
            SELECT * INTO taker FROM ledger_balance l WHERE l.account_id = to_id FOR NO KEY UPDATE;
        ELSE
            SELECT * INTO taker FROM ledger_balance l WHERE l.account_id = to_id FOR NO KEY UPDATE;
            SELECT * INTO giver FROM ledger_balance l WHERE l.account_id = from_id FOR NO KEY UPDATE;
        END IF;
        moment := greatest(clock_timestamp(), giver.recorded_at, taker.recorded_at);
        IF from_id <> to_id AND wanted BETWEEN 1 AND max_amount AND wanted = trunc(wanted)
            AND NOT coalesce(giver.is_closed OR taker.is_closed, false)
            AND coalesce(giver.credits - giver.debits - giver.held - wanted >= giver.floor, true)
            AND coalesce(giver.debits + wanted <= max_amount, true)
            AND coalesce(taker.credits + wanted <= max_amount, true)
            AND coalesce(item->>'approved_by' <> item->>'actor', true)
            AND coalesce((item->>'effective_at')::timestamptz <= moment, true)
        THEN
            op := coalesce((item->>'op_id')::uuid, op);
            INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version, actor, recorded_at)
                VALUES (item->>'key', sha256(convert_to(item::text, 'UTF8')), 'post', 'applied', op,
                    nextval('ledger_transfer_id_seq'), giver.version + 1, item->>'actor', moment)
                ON CONFLICT (key) DO NOTHING RETURNING transfer_id INTO made;
        END IF;
        IF made IS NOT NULL THEN
            INSERT INTO ledger_transfer (id, op_id, leg, kind, debit_id, credit_id, amount,
                    debit_version, debit_after, debit_held, credit_version, credit_after,
                    effective_at, recorded_at, actor, event_type, event_ref, approved_by, reason, xid)
                VALUES (made, op, 1, 'post', from_id, to_id, wanted,
                    giver.version + 1, giver.credits - giver.debits - wanted, giver.held,
                    taker.version + 1, taker.credits - taker.debits + wanted,
                    coalesce((item->>'effective_at')::timestamptz, moment), moment,
                    item->>'actor', item->>'event_type', item->>'event_ref', item->>'approved_by', item->>'reason',
                    pg_current_xact_id());
            UPDATE ledger_balance l SET
                    debits = l.debits + CASE l.account_id WHEN from_id THEN wanted ELSE 0 END,
                    credits = l.credits + CASE l.account_id WHEN to_id THEN wanted ELSE 0 END,
                    version = l.version + 1, recorded_at = moment
                WHERE l.account_id = ANY (ARRAY[from_id, to_id]);
            RETURN jsonb_build_array(jsonb_build_object('outcome', 'applied', 'replayed', false, 'op_id', op,
                'transfer_id', made, 'debit_version', giver.version + 1, 'amount', wanted, 'expires_at', NULL));
        END IF;
    END IF;
    RETURN ledger_apply_each(items, record_refusals);
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

REVOKE ALL ON FUNCTION ledger_apply(jsonb, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_apply_each(jsonb, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_expire_holds(integer) FROM PUBLIC;
