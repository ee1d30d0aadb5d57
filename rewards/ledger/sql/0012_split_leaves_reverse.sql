-- Leaves of a transfer are of both its sides again, and without salts.
DROP FUNCTION ledger_statement(bigint, bigint);
DROP FUNCTION ledger_contents(bigint[]);
DROP FUNCTION ledger_records(bigint, bigint);
DROP FUNCTION ledger_whole_content(ledger_leaf);
DROP FUNCTION ledger_transfer_record(ledger_transfer, uuid, uuid);
DROP FUNCTION ledger_transfer_content(ledger_transfer, uuid, uuid);
DROP FUNCTION ledger_transfer_credit(ledger_transfer);
DROP FUNCTION ledger_transfer_debit(ledger_transfer);
DROP FUNCTION ledger_transfer_common(ledger_transfer);
ALTER TABLE ledger_leaf DROP CONSTRAINT leaf_of_two_sides_has_two_salts, DROP COLUMN salt, DROP COLUMN credit_salt;
