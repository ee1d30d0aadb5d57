-- What each row costs, cut down. What is asked of a row stays as it was (0008).

-- A CHECK's text is read anew by every statement that writes the table, each column it names for itself, and that took
-- as long as the asking. So a row is handed over whole.
ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_is_sound;
ALTER TABLE ledger_balance DROP CONSTRAINT balance_is_sound;
ALTER TABLE ledger_attempt DROP CONSTRAINT attempt_names_a_transfer_iff_applied;
DROP FUNCTION ledger_transfer_is_sound(varchar, bigint, bigint, bigint, bigint, smallint, timestamptz,
    timestamptz, timestamptz, bigint, text, text, text);
DROP FUNCTION ledger_balance_is_sound(bigint, bigint, bigint, bigint);
DROP FUNCTION ledger_attempt_is_sound(varchar, uuid, bigint, jsonb);

CREATE FUNCTION ledger_transfer_is_sound(t ledger_transfer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    broken text := CASE
        WHEN t.kind NOT IN ('post', 'hold', 'capture', 'release', 'expire', 'reverse') THEN 'transfer_kind_is_known'
        WHEN t.amount NOT BETWEEN 1 AND 9007199254740991 THEN 'transfer_amount_in_range'
        WHEN t.credit_id = t.debit_id THEN 'transfer_between_two_accounts'
        WHEN (t.kind IN ('post', 'capture', 'reverse')) <> (t.credit_id IS NOT NULL)
            THEN 'transfer_credits_iff_it_moves'
        WHEN (t.kind IN ('capture', 'release', 'expire')) <> (t.hold_id IS NOT NULL)
            OR (t.hold_id IS NULL) <> (t.hold_leg IS NULL) OR t.kind IN ('release', 'expire') AND t.hold_leg <> 1
            THEN 'transfer_names_the_hold_it_resolves'
        WHEN (t.kind = 'hold') <> (t.expires_at IS NOT NULL) THEN 'transfer_only_holds_expire'
        WHEN (t.kind = 'reverse') <> (t.reverses_id IS NOT NULL) OR t.kind = 'reverse' AND t.approved_by IS NULL
            THEN 'transfer_reversal_names_its_row'
        WHEN (t.approved_by IS NULL) <> (t.reason IS NULL) OR t.approved_by = t.actor OR t.reason = ''
            THEN 'transfer_approved_by_another'
        WHEN t.effective_at <> t.recorded_at AND (t.kind <> 'post' OR t.effective_at > t.recorded_at)
            THEN 'transfer_only_posts_are_back_dated'
    END;
BEGIN
    IF broken IS NULL THEN RETURN true; END IF;
    RAISE EXCEPTION 'a row of ledger_transfer breaks %', broken
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transfer', CONSTRAINT = broken;
END $$;

CREATE FUNCTION ledger_balance_is_sound(b ledger_balance) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    broken text := CASE
        WHEN b.debits < 0 OR b.credits < 0 OR b.held < 0 THEN 'balance_counters_not_negative'
        WHEN b.debits > 9007199254740991 OR b.credits > 9007199254740991 THEN 'balance_counters_fit_json'
        WHEN b.credits < b.floor + b.debits + b.held THEN 'balance_not_below_floor'
    END;
BEGIN
    IF broken IS NULL THEN RETURN true; END IF;
    RAISE EXCEPTION 'a row of ledger_balance breaks %', broken
        USING ERRCODE = 'check_violation', TABLE = 'ledger_balance', CONSTRAINT = broken;
END $$;

CREATE FUNCTION ledger_attempt_is_sound(a ledger_attempt) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (a.outcome = 'applied') = (a.transfer_id IS NOT NULL) AND (a.outcome = 'applied') = (a.op_id IS NOT NULL)
        AND (a.outcome = 'applied') = (a.refused_body IS NULL);
END $$;

ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_is_sound CHECK (ledger_transfer_is_sound(ledger_transfer));
ALTER TABLE ledger_balance ADD CONSTRAINT balance_is_sound CHECK (ledger_balance_is_sound(ledger_balance));
ALTER TABLE ledger_attempt ADD CONSTRAINT attempt_names_a_transfer_iff_applied
    CHECK (ledger_attempt_is_sound(ledger_attempt));

REVOKE ALL ON FUNCTION ledger_transfer_is_sound(ledger_transfer) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_balance_is_sound(ledger_balance) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_attempt_is_sound(ledger_attempt) FROM PUBLIC;

-- As it stood (0013), but the short way of a post counts in bigint, not in numeric (anything but plain digits goes the
-- long way), draws an operation's number only where none is given, and no bitmap is made to find three balances.
CREATE OR REPLACE FUNCTION ledger_apply(items jsonb, record_refusals boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    max_amount CONSTANT bigint := 9007199254740991;
    item CONSTANT jsonb := items->0;
    from_id bigint; to_id bigint; giver ledger_balance; taker ledger_balance;
    wanted bigint; op uuid; made bigint; moment timestamptz;
BEGIN
    -- The short way, for the commonest call: one post that nothing speaks against. Whatever does is for the long way to
    -- tell, which begins anew under the same locks; until the attempt is written, nothing is.
    IF items->1 IS NULL AND item->>'action' = 'post' AND jsonb_typeof(item->'amount') = 'number' THEN
        SELECT g.id, t.id, CASE WHEN item->>'amount' ~ '^[1-9][0-9]{0,15}$' THEN (item->'amount')::bigint END
            INTO from_id, to_id, wanted
            FROM ledger_account g, ledger_account t WHERE g.address = item->>'debit' AND t.address = item->>'credit';
        IF from_id < to_id THEN
            SELECT * INTO giver FROM ledger_balance l WHERE l.account_id = from_id FOR NO KEY UPDATE;
            SELECT * INTO taker FROM ledger_balance l WHERE l.account_id = to_id FOR NO KEY UPDATE;
        ELSE
            SELECT * INTO taker FROM ledger_balance l WHERE l.account_id = to_id FOR NO KEY UPDATE;
            SELECT * INTO giver FROM ledger_balance l WHERE l.account_id = from_id FOR NO KEY UPDATE;
        END IF;
        moment := greatest(clock_timestamp(), giver.recorded_at, taker.recorded_at);
        IF from_id <> to_id AND wanted <= max_amount
            AND NOT coalesce(giver.is_closed OR taker.is_closed, false)
            AND coalesce(giver.credits - giver.debits - giver.held - wanted >= giver.floor, true)
            AND coalesce(giver.debits + wanted <= max_amount, true)
            AND coalesce(taker.credits + wanted <= max_amount, true)
            AND coalesce(item->>'approved_by' <> item->>'actor', true)
            AND coalesce((item->>'effective_at')::timestamptz <= moment, true)
        THEN
            INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
                    actor, recorded_at)
                VALUES (item->>'key', sha256(convert_to(item::text, 'UTF8')), 'post', 'applied',
                    coalesce((item->>'op_id')::uuid, gen_random_uuid()), nextval('ledger_transfer_id_seq'),
                    giver.version + 1, item->>'actor', moment)
                ON CONFLICT (key) DO NOTHING RETURNING transfer_id, op_id INTO made, op;
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
