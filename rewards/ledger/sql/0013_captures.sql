-- A short way for the call that every deal makes: one hold captured by its legs.

-- One capture of one to three legs that nothing speaks against: its answer; NULL where something does, and then nothing
-- is written. Like the short way of a post it knows no refusal: that is for the long way to tell, under the same locks
-- and alone. It runs with the rights of ledger_apply, which alone calls it, and with its settings.
-- Everything is read in two statements and written in four, however many the legs.
CREATE FUNCTION ledger_apply_capture(item jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    -- The hold and its legs, in their order.
    hold bigint; payer bigint; reserved bigint; ends timestamptz;
    takers bigint[]; amounts numeric[]; total numeric; legs integer; all_whole boolean;
    -- Where each account stands: one array per column, one place per account; those without a balance have none.
    ids bigint[]; stood bigint[]; helds bigint[]; versions bigint[]; fullest bigint; one_closed boolean;
    d integer; made bigint; op uuid; moment timestamptz;
BEGIN
    SELECT h.transfer_id, h.account_id, h.amount, h.expires_at,
           array_agg(l.taker), array_agg(l.amount), sum(l.amount), count(*),
           bool_and(l.amount >= 1 AND l.amount = trunc(l.amount))
        INTO hold, payer, reserved, ends, takers, amounts, total, legs, all_whole
        FROM ledger_openhold h, LATERAL (
            SELECT (SELECT a.id FROM ledger_account a WHERE a.address = leg->>'credit') AS taker,
                   CASE jsonb_typeof(leg->'amount') WHEN 'number' THEN (leg->'amount')::numeric END AS amount
            FROM jsonb_array_elements(item->'legs') leg
        ) l
        WHERE h.key = item->>'hold' GROUP BY h.key;
    -- All that the long way would lock, in its order: whoever goes on there needs no lock that it lacks.
    SELECT array_agg(b.account_id), array_agg(b.credits - b.debits), array_agg(b.held), array_agg(b.version),
           max(b.recorded_at), max(greatest(b.credits, b.debits)), bool_or(b.is_closed)
        INTO ids, stood, helds, versions, moment, fullest, one_closed
        FROM (SELECT * FROM ledger_balance l WHERE l.account_id = ANY (takers || payer)
              ORDER BY l.account_id FOR NO KEY UPDATE) b;
    moment := greatest(clock_timestamp(), moment);
    d := array_position(ids, payer);
    -- What is NULL here is not true: a hold that is not there, an unknown account, an amount that is no number.
    IF (legs <= 3 AND all_whole AND total <= reserved AND moment < ends AND NOT one_closed
        AND total + fullest <= max_amount
        AND array_position(takers || payer, NULL) IS NULL AND array_position(amounts, NULL) IS NULL
        AND NOT coalesce(takers[1] = takers[2] OR takers[1] = takers[3] OR takers[2] = takers[3], false)
        AND array_position(takers, payer) IS NULL
        AND NOT item ?| '{approved_by,reason,effective_at}') IS NOT TRUE
    THEN
        RETURN NULL;
    END IF;

    -- No row is made where the hold was resolved before its account was locked, or where the key was used.
    INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
            actor, recorded_at)
        SELECT item->>'key', sha256(convert_to(item::text, 'UTF8')), 'capture', 'applied',
               coalesce((item->>'op_id')::uuid, gen_random_uuid()), nextval('ledger_transfer_id_seq'),
               versions[d] + legs, item->>'actor', moment
            FROM ledger_openhold h WHERE h.key = item->>'hold'
        ON CONFLICT (key) DO NOTHING RETURNING transfer_id, op_id INTO made, op;
    IF made IS NULL THEN RETURN NULL; END IF;
    INSERT INTO ledger_transfer (id, op_id, leg, kind, hold_id, hold_leg, debit_id, credit_id, amount,
            debit_version, debit_after, debit_held, credit_version, credit_after,
            effective_at, recorded_at, actor, event_type, event_ref, xid)
        SELECT CASE l.leg WHEN 1 THEN made ELSE nextval('ledger_transfer_id_seq') END,
               op, l.leg, 'capture', hold, l.leg, payer, l.taker, l.amount, versions[d] + l.leg,
               stood[d] - amounts[1] - CASE WHEN l.leg > 1 THEN amounts[2] ELSE 0 END
                   - CASE l.leg WHEN 3 THEN amounts[3] ELSE 0 END,
               helds[d] - reserved,
               versions[array_position(ids, l.taker)] + 1, stood[array_position(ids, l.taker)] + l.amount,
               moment, moment, item->>'actor', item->>'event_type', item->>'event_ref', pg_current_xact_id()
            FROM unnest(takers, amounts) WITH ORDINALITY AS l (taker, amount, leg);
    UPDATE ledger_balance l SET
            debits = l.debits + CASE l.account_id WHEN payer THEN total ELSE 0 END,
            credits = l.credits + coalesce(amounts[array_position(takers, l.account_id)], 0),
            held = l.held - CASE l.account_id WHEN payer THEN reserved ELSE 0 END,
            version = l.version + CASE l.account_id WHEN payer THEN legs ELSE 1 END, recorded_at = moment
        WHERE l.account_id = ANY (ids);
    DELETE FROM ledger_openhold h WHERE h.key = item->>'hold';
    RETURN jsonb_build_array(jsonb_build_object('outcome', 'applied', 'replayed', false, 'op_id', op,
        'transfer_id', made, 'debit_version', versions[d] + legs, 'amount', amounts[1], 'expires_at', NULL));
END $$;

-- As it stood (0003_apply.sql), but that one capture tries its short way first.
CREATE OR REPLACE FUNCTION ledger_apply(items jsonb, record_refusals boolean DEFAULT false) RETURNS jsonb
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
            INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
                    actor, recorded_at)
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
    RETURN coalesce(
        CASE WHEN items->1 IS NULL AND item->>'action' = 'capture' THEN ledger_apply_capture(item) END,
        ledger_apply_each(items, record_refusals));
END $$;

REVOKE ALL ON FUNCTION ledger_apply_capture(jsonb) FROM PUBLIC;
