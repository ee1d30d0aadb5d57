-- Leaves of what was owed would be of a row that is not there: the tree begins anew.
ALTER TABLE ledger_leaf DISABLE TRIGGER leaf_only_grows;
ALTER TABLE ledger_node DISABLE TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint DISABLE TRIGGER checkpoint_only_grows;
ALTER TABLE ledger_cosignature DISABLE TRIGGER cosignature_only_grows;
TRUNCATE ledger_leaf, ledger_node, ledger_checkpoint, ledger_cosignature;
ALTER TABLE ledger_leaf ENABLE ALWAYS TRIGGER leaf_only_grows;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER checkpoint_only_grows;
DROP FUNCTION ledger_keep_cosignature(bigint, text, text, bigint);
DROP FUNCTION ledger_tell_liabilities(
    bigint, bytea, bigint, text, smallint[], bigint[], bigint[], bytea[], bigint[]);
DROP FUNCTION ledger_standings(bigint);
ALTER TABLE ledger_leaf DROP CONSTRAINT leaf_is_of_one_row;
ALTER TABLE ledger_leaf ADD CONSTRAINT leaf_is_of_one_row
    CHECK (num_nonnulls(transfer_id, account_id, closure_id, attempt_id, evidence_id) = 1);
CREATE OR REPLACE FUNCTION ledger_content(l ledger_leaf) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN l.transfer_id IS NOT NULL THEN
            (SELECT ledger_transfer_content(t) FROM ledger_transfer t WHERE t.id = l.transfer_id)
        WHEN l.attempt_id IS NOT NULL THEN
            (SELECT ledger_attempt_content(a) FROM ledger_attempt a WHERE a.key = l.attempt_id)
        WHEN l.account_id IS NOT NULL THEN
            (SELECT ledger_account_content(a) FROM ledger_account a WHERE a.id = l.account_id)
        WHEN l.closure_id IS NOT NULL THEN
            (SELECT ledger_closure_content(c) FROM ledger_closure c WHERE c.account_id = l.closure_id)
        WHEN l.evidence_id IS NOT NULL THEN
            (SELECT ledger_evidence_content(e) FROM ledger_evidence e WHERE e.op_id = l.evidence_id)
    END
$$;
DROP FUNCTION ledger_liabilities_content(ledger_liabilities);
DROP TRIGGER cosignature_only_grows ON ledger_cosignature;
DROP TRIGGER liabilities_only_grow ON ledger_liabilities;
