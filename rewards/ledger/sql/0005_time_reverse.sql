ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_reverses_a_transfer;
DROP FUNCTION ledger_version_before(bigint, timestamptz);
