-- Tamper evidence: leaves over every column of the journal, nodes of the tree above them, signed checkpoints.

CREATE TRIGGER leaf_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER node_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_leaf ENABLE ALWAYS TRIGGER leaf_only_grows;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER node_only_grows;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER checkpoint_only_grows;

-- One field of a leaf: 0 where it is NULL, else 1, the length in four bytes, the bytes.
CREATE FUNCTION ledger_field(content bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN content IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea || int4send(length(content)) || content END
$$;

-- Version byte, then every column in this order. Numbers are eight bytes, big-endian; times are microseconds since
-- 2000-01-01 UTC in eight bytes. The addresses are derived: an account renamed under the journal shows.
CREATE FUNCTION ledger_leaf_content(t ledger_transfer, debit_address text, credit_address text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT '\x01'::bytea
        || ledger_field(int8send(t.id)) || ledger_field(uuid_send(t.op_id)) || ledger_field(int8send(t.leg::bigint))
        || ledger_field(convert_to(t.kind, 'UTF8'))
        || ledger_field(int8send(t.hold_id)) || ledger_field(int8send(t.hold_leg::bigint))
        || ledger_field(int8send(t.debit_id)) || ledger_field(convert_to(debit_address, 'UTF8'))
        || ledger_field(int8send(t.credit_id)) || ledger_field(convert_to(credit_address, 'UTF8'))
        || ledger_field(int8send(t.amount))
        || ledger_field(int8send(t.debit_version)) || ledger_field(int8send(t.debit_after))
        || ledger_field(int8send(t.debit_held))
        || ledger_field(int8send(t.credit_version)) || ledger_field(int8send(t.credit_after))
        || ledger_field(timestamptz_send(t.expires_at)) || ledger_field(timestamptz_send(t.effective_at))
        || ledger_field(timestamptz_send(t.recorded_at))
        || ledger_field(convert_to(t.actor, 'UTF8')) || ledger_field(convert_to(t.event_type, 'UTF8'))
        || ledger_field(convert_to(t.event_ref, 'UTF8'))
        || ledger_field(int8send(t.reverses_id)) || ledger_field(convert_to(t.approved_by, 'UTF8'))
        || ledger_field(convert_to(t.reason, 'UTF8')) || ledger_field(int8send(t.xid::text::bigint))
$$;

-- Appends a leaf for every transfer of a finished transaction that has none, and answers how many, and up to which
-- transaction the journal is sealed now. One sealer at a time; a second one finds nothing to do.
-- The watermark is pg_snapshot_xmin: whatever is older has committed or never will. An id or a time is none, because a
-- late commit may carry an early one. After a restore from a dump the cluster counts its transactions anew: then, once,
-- every row without a leaf is looked for, also those that a former life numbered beyond this snapshot.
CREATE FUNCTION ledger_seal_leaves(OUT sealed bigint, OUT sealed_through text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    seen pg_snapshot := pg_current_snapshot();
    upto xid8 := pg_snapshot_xmin(seen);
    since xid8;
    first bigint;
BEGIN
    sealed := 0;
    IF NOT pg_try_advisory_xact_lock(5417702350891) THEN RETURN; END IF;
    SELECT coalesce(max(l.index) + 1, 0) INTO first FROM ledger_leaf l;
    SELECT c.through INTO since FROM ledger_checkpoint c ORDER BY c.tree_size DESC LIMIT 1;
    sealed_through := upto::text;
    IF since IS NOT NULL AND since <= upto THEN
        INSERT INTO ledger_leaf (index, transfer_id, hash)
            SELECT first - 1 + row_number() OVER (ORDER BY t.xid, t.id), t.id,
                   sha256('\x00'::bytea || ledger_leaf_content(t, d.address, c.address))
            FROM ledger_transfer t
            JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
            WHERE t.xid >= since AND t.xid < upto
              AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id);
    ELSE
        INSERT INTO ledger_leaf (index, transfer_id, hash)
            SELECT first - 1 + row_number() OVER (ORDER BY t.xid, t.id), t.id,
                   sha256('\x00'::bytea || ledger_leaf_content(t, d.address, c.address))
            FROM ledger_transfer t
            JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
            WHERE (t.xid < upto OR t.xid >= pg_snapshot_xmax(seen))
              AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id);
    END IF;
    GET DIAGNOSTICS sealed = ROW_COUNT;
END $$;

-- Keeps a checkpoint of the whole tree as it stands, and the complete nodes that came since the last one.
CREATE FUNCTION ledger_keep_checkpoint(
    size bigint, new_root bytea, new_note text, sealed_through text,
    node_levels smallint[], node_positions bigint[], node_hashes bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF size IS DISTINCT FROM (SELECT max(l.index) + 1 FROM ledger_leaf l)
        OR size <= (SELECT max(c.tree_size) FROM ledger_checkpoint c) THEN
        RAISE EXCEPTION 'a checkpoint is of the whole tree, and larger than the last' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO ledger_node (level, position, hash)
        SELECT * FROM unnest(node_levels, node_positions, node_hashes);
    INSERT INTO ledger_checkpoint (tree_size, root, note, through, sealed_at)
        VALUES (size, new_root, new_note, sealed_through::xid8, clock_timestamp());
END $$;

REVOKE ALL ON FUNCTION ledger_field(bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_leaf_content(ledger_transfer, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_seal_leaves() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_keep_checkpoint(bigint, bytea, text, text, smallint[], bigint[], bytea[]) FROM PUBLIC;
