-- What leaves are made of changes, before any checkpoint has been given out: the tree begins anew over the same journal.
ALTER TABLE ledger_leaf DISABLE TRIGGER leaf_only_grows;
ALTER TABLE ledger_node DISABLE TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint DISABLE TRIGGER checkpoint_only_grows;
ALTER TABLE ledger_cosignature DISABLE TRIGGER cosignature_only_grows;
ALTER TABLE ledger_liabilities DISABLE TRIGGER liabilities_only_grow;
TRUNCATE ledger_leaf, ledger_node, ledger_checkpoint, ledger_cosignature, ledger_liabilities, ledger_share;
ALTER TABLE ledger_leaf ENABLE ALWAYS TRIGGER leaf_only_grows;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER checkpoint_only_grows;
ALTER TABLE ledger_cosignature ENABLE ALWAYS TRIGGER cosignature_only_grows;
ALTER TABLE ledger_liabilities ENABLE ALWAYS TRIGGER liabilities_only_grow;
