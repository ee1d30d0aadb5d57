-- The first form of a leaf ends here, before any checkpoint was given out: the tree begins anew over the same journal.
DROP FUNCTION ledger_seal_leaves();
DROP FUNCTION ledger_leaf_content(ledger_transfer, text, text);
DROP FUNCTION ledger_field(bytea);
ALTER TABLE ledger_leaf DISABLE TRIGGER leaf_only_grows;
ALTER TABLE ledger_node DISABLE TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint DISABLE TRIGGER checkpoint_only_grows;
TRUNCATE ledger_leaf, ledger_node, ledger_checkpoint;
ALTER TABLE ledger_leaf ENABLE ALWAYS TRIGGER leaf_only_grows;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER checkpoint_only_grows;
