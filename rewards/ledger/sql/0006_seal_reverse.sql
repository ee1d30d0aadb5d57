DROP FUNCTION ledger_keep_checkpoint(bigint, bytea, text, text, smallint[], bigint[], bytea[]);
DROP FUNCTION ledger_seal_leaves();
DROP FUNCTION ledger_leaf_content(ledger_transfer, text, text);
DROP FUNCTION ledger_field(bytea);
DROP TRIGGER leaf_only_grows ON ledger_leaf;
DROP TRIGGER node_only_grows ON ledger_node;
DROP TRIGGER checkpoint_only_grows ON ledger_checkpoint;
