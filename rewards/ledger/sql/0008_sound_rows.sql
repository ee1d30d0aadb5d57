-- What must be true of a row, asked once per row. A CHECK of its own for every rule is parsed and prepared anew by every
-- statement that writes the table, whatever it writes: eight of them cost four times as much as the insert itself. One
-- function is compiled once per session; it says which rule is broken, under the rule's name.

CREATE FUNCTION ledger_transfer_is_sound(
    kind varchar, amount bigint, debit bigint, credit bigint, hold bigint, hold_leg smallint, expires timestamptz,
    effective timestamptz, recorded timestamptz, reverses bigint, approver text, actor text, reason text
) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    broken text := CASE
        WHEN kind NOT IN ('post', 'hold', 'capture', 'release', 'expire', 'reverse') THEN 'transfer_kind_is_known'
        WHEN amount NOT BETWEEN 1 AND 9007199254740991 THEN 'transfer_amount_in_range'
        WHEN credit = debit THEN 'transfer_between_two_accounts'
        WHEN (kind IN ('post', 'capture', 'reverse')) <> (credit IS NOT NULL) THEN 'transfer_credits_iff_it_moves'
        WHEN (kind IN ('capture', 'release', 'expire')) <> (hold IS NOT NULL) OR (hold IS NULL) <> (hold_leg IS NULL)
            OR kind IN ('release', 'expire') AND hold_leg <> 1 THEN 'transfer_names_the_hold_it_resolves'
        WHEN (kind = 'hold') <> (expires IS NOT NULL) THEN 'transfer_only_holds_expire'
        WHEN (kind = 'reverse') <> (reverses IS NOT NULL) OR kind = 'reverse' AND approver IS NULL
            THEN 'transfer_reversal_names_its_row'
        WHEN (approver IS NULL) <> (reason IS NULL) OR approver = actor OR reason = '' THEN 'transfer_approved_by_another'
        WHEN effective <> recorded AND (kind <> 'post' OR effective > recorded) THEN 'transfer_only_posts_are_back_dated'
    END;
BEGIN
    IF broken IS NULL THEN RETURN true; END IF;
    RAISE EXCEPTION 'a row of ledger_transfer breaks %', broken
        USING ERRCODE = 'check_violation', TABLE = 'ledger_transfer', CONSTRAINT = broken;
END $$;

CREATE FUNCTION ledger_balance_is_sound(debits bigint, credits bigint, held bigint, floor bigint)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    broken text := CASE
        WHEN debits < 0 OR credits < 0 OR held < 0 THEN 'balance_counters_not_negative'
        WHEN debits > 9007199254740991 OR credits > 9007199254740991 THEN 'balance_counters_fit_json'
        WHEN credits < floor + debits + held THEN 'balance_not_below_floor'
    END;
BEGIN
    IF broken IS NULL THEN RETURN true; END IF;
    RAISE EXCEPTION 'a row of ledger_balance breaks %', broken
        USING ERRCODE = 'check_violation', TABLE = 'ledger_balance', CONSTRAINT = broken;
END $$;

CREATE FUNCTION ledger_attempt_is_sound(outcome varchar, op_id uuid, transfer bigint, refused_body jsonb)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (outcome = 'applied') = (transfer IS NOT NULL) AND (outcome = 'applied') = (op_id IS NOT NULL)
        AND (outcome = 'applied') = (refused_body IS NULL);
END $$;

ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_is_sound CHECK (ledger_transfer_is_sound(
    kind, amount, debit_id, credit_id, hold_id, hold_leg, expires_at,
    effective_at, recorded_at, reverses_id, approved_by, actor, reason));
ALTER TABLE ledger_balance ADD CONSTRAINT balance_is_sound CHECK (ledger_balance_is_sound(debits, credits, held, floor));
ALTER TABLE ledger_attempt ADD CONSTRAINT attempt_names_a_transfer_iff_applied
    CHECK (ledger_attempt_is_sound(outcome, op_id, transfer_id, refused_body));

-- Accounts and transfers are never deleted and never renumbered: the triggers refuse it to everybody. The one function
-- that writes the journal reads their numbers in the same call. A foreign key asked for each side of each row once more,
-- and locked the row it found: with sixteen clients on one fee account it cost a capture a quarter. The invariants look.
ALTER TABLE ledger_transfer
    DROP CONSTRAINT transfer_debit_is_an_account,
    DROP CONSTRAINT transfer_credit_is_an_account,
    DROP CONSTRAINT transfer_hold_is_a_transfer,
    DROP CONSTRAINT transfer_reverses_a_transfer;

REVOKE ALL ON FUNCTION ledger_transfer_is_sound(varchar, bigint, bigint, bigint, bigint, smallint, timestamptz,
    timestamptz, timestamptz, bigint, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_balance_is_sound(bigint, bigint, bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_attempt_is_sound(varchar, uuid, bigint, jsonb) FROM PUBLIC;
