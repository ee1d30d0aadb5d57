ALTER TABLE ledger_transfer
    ADD CONSTRAINT transfer_debit_is_an_account FOREIGN KEY (debit_id) REFERENCES ledger_account (id),
    ADD CONSTRAINT transfer_credit_is_an_account FOREIGN KEY (credit_id) REFERENCES ledger_account (id),
    ADD CONSTRAINT transfer_hold_is_a_transfer FOREIGN KEY (hold_id) REFERENCES ledger_transfer (id),
    ADD CONSTRAINT transfer_reverses_a_transfer FOREIGN KEY (reverses_id) REFERENCES ledger_transfer (id);
ALTER TABLE ledger_attempt DROP CONSTRAINT attempt_names_a_transfer_iff_applied;
ALTER TABLE ledger_balance DROP CONSTRAINT balance_is_sound;
ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_is_sound;
DROP FUNCTION ledger_attempt_is_sound(varchar, uuid, bigint, jsonb);
DROP FUNCTION ledger_balance_is_sound(bigint, bigint, bigint, bigint);
DROP FUNCTION ledger_transfer_is_sound(varchar, bigint, bigint, bigint, bigint, smallint, timestamptz,
    timestamptz, timestamptz, bigint, text, text, text);
