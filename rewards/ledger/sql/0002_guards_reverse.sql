ALTER TABLE ledger_account DROP CONSTRAINT account_address_fits_kind;
ALTER TABLE ledger_transfer
    DROP CONSTRAINT transfer_debit_is_an_account,
    DROP CONSTRAINT transfer_credit_is_an_account,
    DROP CONSTRAINT transfer_hold_is_a_transfer;
DROP TRIGGER account_only_grows ON ledger_account;
DROP TRIGGER closure_only_grows ON ledger_closure;
DROP TRIGGER transfer_only_grows ON ledger_transfer;
DROP TRIGGER attempt_only_grows ON ledger_attempt;
DROP TRIGGER balance_never_deleted ON ledger_balance;
DROP FUNCTION ledger_refuse_change();
