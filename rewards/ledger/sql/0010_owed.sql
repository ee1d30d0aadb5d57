-- What is owed, as a tree of sums that the log commits to; and what witnesses have signed.

CREATE TRIGGER liabilities_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_liabilities
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER cosignature_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_liabilities ENABLE ALWAYS TRIGGER liabilities_only_grow;
ALTER TABLE ledger_cosignature ENABLE ALWAYS TRIGGER cosignature_only_grows;

ALTER TABLE ledger_leaf DROP CONSTRAINT leaf_is_of_one_row;
ALTER TABLE ledger_leaf ADD CONSTRAINT leaf_is_of_one_row
    CHECK (num_nonnulls(transfer_id, account_id, closure_id, attempt_id, evidence_id, liabilities_id) = 1);

CREATE FUNCTION ledger_liabilities_content(o ledger_liabilities) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x06'::bytea || ledger_number(o.tree_size) || ledger_number(o.shares) || ledger_number(o.owed)
        || ledger_time(o.told_at) || ledger_number(o.xid::text::bigint)
        || ledger_length(o.root) || ledger_length(ledger_bytes(o.own)) || o.root || ledger_bytes(o.own)
$$;

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
        WHEN l.liabilities_id IS NOT NULL THEN
            (SELECT ledger_liabilities_content(o) FROM ledger_liabilities o WHERE o.tree_size = l.liabilities_id)
    END
$$;

-- Where every account stood when the tree had `size` leaves: today's balance, less what came since. An account that
-- the tree does not hold yet is not told.
CREATE FUNCTION ledger_standings(size bigint)
RETURNS TABLE (account_id bigint, address varchar, kind varchar, floor bigint, has_balance boolean,
               debits bigint, credits bigint, held bigint, version bigint)
LANGUAGE sql STABLE AS $$
    WITH since AS MATERIALIZED (SELECT * FROM ledger_transfers_since(size)),
    changed AS (
        SELECT s.debit_id AS account_id, CASE WHEN s.credit_id IS NULL THEN 0 ELSE s.amount END AS debits, 0 AS credits,
               CASE s.kind WHEN 'hold' THEN s.amount ELSE 0 END AS held, 1 AS version FROM since s
        UNION ALL SELECT s.credit_id, 0, s.amount, 0, 1 FROM since s WHERE s.credit_id IS NOT NULL
        UNION ALL SELECT s.debit_id, 0, 0, -h.amount, 0
            FROM since s JOIN ledger_transfer h ON h.id = s.hold_id WHERE s.hold_leg = 1
    ),
    undone AS (
        SELECT c.account_id, sum(c.debits) AS debits, sum(c.credits) AS credits, sum(c.held) AS held,
               sum(c.version) AS version
        FROM changed c GROUP BY c.account_id
    )
    SELECT a.id, a.address, a.kind, a.floor, a.has_balance,
        (CASE WHEN a.has_balance THEN b.debits ELSE
            (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t WHERE t.debit_id = a.id AND t.debit_version IS NULL)
            END - coalesce(u.debits, 0))::bigint,
        (CASE WHEN a.has_balance THEN b.credits ELSE
            (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t WHERE t.credit_id = a.id AND t.credit_version IS NULL)
            END - coalesce(u.credits, 0))::bigint,
        (coalesce(b.held, 0) - coalesce(u.held, 0))::bigint,
        (CASE WHEN a.has_balance THEN b.version - coalesce(u.version, 0) ELSE 0 END)::bigint
    FROM ledger_account a
    JOIN ledger_leaf l ON l.account_id = a.id AND l.index < size
    LEFT JOIN ledger_balance b ON b.account_id = a.id
    LEFT JOIN undone u ON u.account_id = a.id
    ORDER BY a.address
$$;

-- Appends the leaf that says what is owed, over the tree as it stands, and keeps the tree of sums below it. The tree
-- of the time before is dropped: it is made again from the journal whenever somebody needs to.
-- Answers false where another sealer is at work, or has been since `size`.
CREATE FUNCTION ledger_tell_liabilities(
    size bigint, new_root bytea, new_owed bigint, new_own text,
    node_levels smallint[], node_positions bigint[], node_sums bigint[], node_hashes bytea[], node_accounts bigint[],
    OUT told boolean, OUT sealed_through text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made ledger_liabilities;
BEGIN
    told := false;
    IF NOT pg_try_advisory_xact_lock(5417702350891) THEN RETURN; END IF;
    IF size IS DISTINCT FROM (SELECT max(l.index) + 1 FROM ledger_leaf l) THEN RETURN; END IF;
    sealed_through := ledger_sealed_through()::text;
    INSERT INTO ledger_liabilities (tree_size, root, owed, shares, own, told_at)
        VALUES (size, new_root, new_owed, (SELECT count(*) FROM unnest(node_levels) n WHERE n = 0), new_own,
                clock_timestamp())
        RETURNING * INTO made;
    INSERT INTO ledger_leaf (index, liabilities_id, hash)
        VALUES (size, size, sha256('\x00'::bytea || ledger_liabilities_content(made)));
    DELETE FROM ledger_share;
    INSERT INTO ledger_share (level, position, sum, hash, account_id)
        SELECT * FROM unnest(node_levels, node_positions, node_sums, node_hashes, node_accounts);
    told := true;
END $$;

-- Keeps what a witness signed. Which keys may come here is the application's to say; once per witness and checkpoint.
CREATE FUNCTION ledger_keep_cosignature(size bigint, signed_by text, signed_line text, signed_time bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_cosignature (checkpoint_id, witness, line, signed_at, received_at)
        VALUES (size, signed_by, signed_line, to_timestamp(signed_time), clock_timestamp())
        ON CONFLICT (checkpoint_id, witness) DO NOTHING;
    RETURN FOUND;
END $$;

REVOKE ALL ON FUNCTION ledger_liabilities_content(ledger_liabilities) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_standings(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_tell_liabilities(
    bigint, bytea, bigint, text, smallint[], bigint[], bigint[], bytea[], bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_keep_cosignature(bigint, text, text, bigint) FROM PUBLIC;
