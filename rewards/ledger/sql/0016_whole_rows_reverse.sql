ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_is_sound;
ALTER TABLE ledger_balance DROP CONSTRAINT balance_is_sound;
ALTER TABLE ledger_attempt DROP CONSTRAINT attempt_names_a_transfer_iff_applied;
DROP FUNCTION ledger_transfer_is_sound(ledger_transfer);
DROP FUNCTION ledger_balance_is_sound(ledger_balance);
DROP FUNCTION ledger_attempt_is_sound(ledger_attempt);
