DROP FUNCTION ledger_expire_holds(integer);
DROP FUNCTION ledger_apply(jsonb, boolean);
DROP FUNCTION ledger_apply_each(jsonb, boolean);
DROP FUNCTION ledger_close_account(text, text);
DROP FUNCTION ledger_open_account(text, text);
DROP TYPE ledger_new_transfer;
DROP TYPE ledger_new_attempt;
