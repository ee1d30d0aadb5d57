-- Everything that only grows is sealed: accounts, transfers, attempts, closures, and the evidence of operations.

CREATE TRIGGER evidence_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_evidence ENABLE ALWAYS TRIGGER evidence_only_grows;
ALTER TABLE ledger_leaf ADD CONSTRAINT leaf_is_of_one_row
    CHECK (num_nonnulls(transfer_id, account_id, closure_id, attempt_id, evidence_id) = 1);
ALTER TABLE ledger_evidence ADD CONSTRAINT evidence_digest_is_a_sha256 CHECK (octet_length(digest) = 32);

-- The bytes of a leaf: one byte for the form, the numbers at fixed places, the lengths of what is not of fixed length,
-- and then that itself. So two rows never have one content, and a reader needs one look to know where everything is.
-- Numbers are eight bytes, big-endian; times are microseconds since 2000-01-01 UTC. A number that is NULL is the
-- smallest there is, a text that is NULL has the length -1. A changed form takes a new first byte.
CREATE FUNCTION ledger_number(value bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int8send(coalesce(value, '-9223372036854775808'::bigint))
$$;
CREATE FUNCTION ledger_time(value timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(timestamptz_send(value), '\x8000000000000000'::bytea)
$$;
CREATE FUNCTION ledger_length(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT int4send(coalesce(octet_length(value), -1))
$$;
CREATE FUNCTION ledger_bytes(value text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT convert_to(value, 'UTF8')
$$;

CREATE FUNCTION ledger_transfer_content(t ledger_transfer) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x01'::bytea || uuid_send(t.op_id)
        || ledger_number(t.id) || ledger_number(t.leg) || ledger_number(t.hold_id) || ledger_number(t.hold_leg)
        || ledger_number(t.debit_id) || ledger_number(t.credit_id) || ledger_number(t.amount)
        || ledger_number(t.debit_version) || ledger_number(t.debit_after) || ledger_number(t.debit_held)
        || ledger_number(t.credit_version) || ledger_number(t.credit_after)
        || ledger_time(t.expires_at) || ledger_time(t.effective_at) || ledger_time(t.recorded_at)
        || ledger_number(t.reverses_id) || ledger_number(t.xid::text::bigint)
        || ledger_length(ledger_bytes(t.kind)) || ledger_length(ledger_bytes(t.actor))
        || ledger_length(ledger_bytes(t.event_type)) || ledger_length(ledger_bytes(t.event_ref))
        || ledger_length(ledger_bytes(t.approved_by)) || ledger_length(ledger_bytes(t.reason))
        || ledger_bytes(t.kind) || ledger_bytes(t.actor) || ledger_bytes(t.event_type) || ledger_bytes(t.event_ref)
        || coalesce(ledger_bytes(t.approved_by), '') || coalesce(ledger_bytes(t.reason), '')
$$;

CREATE FUNCTION ledger_account_content(a ledger_account) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x02'::bytea || ledger_number(a.id) || ledger_number(a.has_balance::integer) || ledger_number(a.floor)
        || ledger_time(a.opened_at) || ledger_number(a.xid::text::bigint)
        || ledger_length(ledger_bytes(a.address)) || ledger_length(ledger_bytes(a.kind))
        || ledger_bytes(a.address) || ledger_bytes(a.kind)
$$;

CREATE FUNCTION ledger_closure_content(c ledger_closure) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x03'::bytea || ledger_number(c.account_id) || ledger_time(c.closed_at)
        || ledger_number(c.xid::text::bigint) || ledger_length(ledger_bytes(c.actor)) || ledger_bytes(c.actor)
$$;

CREATE FUNCTION ledger_attempt_content(a ledger_attempt) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x04'::bytea || ledger_number(a.transfer_id) || ledger_number(a.debit_version)
        || ledger_time(a.recorded_at) || ledger_number(a.xid::text::bigint)
        || ledger_length(uuid_send(a.op_id)) || ledger_length(ledger_bytes(a.key)) || ledger_length(a.fingerprint)
        || ledger_length(ledger_bytes(a.action)) || ledger_length(ledger_bytes(a.outcome))
        || ledger_length(ledger_bytes(a.actor)) || ledger_length(ledger_bytes(a.refused_body::text))
        || coalesce(uuid_send(a.op_id), '') || ledger_bytes(a.key) || a.fingerprint || ledger_bytes(a.action)
        || ledger_bytes(a.outcome) || ledger_bytes(a.actor) || coalesce(ledger_bytes(a.refused_body::text), '')
$$;

CREATE FUNCTION ledger_evidence_content(e ledger_evidence) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x05'::bytea || uuid_send(e.op_id) || ledger_number(e.xid::text::bigint)
        || ledger_length(e.digest) || e.digest
$$;

-- A leaf's content, made anew from the row as it stands; NULL where the row is gone.
CREATE FUNCTION ledger_content(l ledger_leaf) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
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

-- From which transaction on something may lack its leaf. A number above what the cluster has reached is of a former
-- life: after a restore, when transactions are counted anew, everything is looked at once.
CREATE FUNCTION ledger_sealed_through() RETURNS xid8 LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT c.through FROM ledger_checkpoint c
         WHERE c.tree_size = (SELECT max(n.tree_size) FROM ledger_checkpoint n)
           AND c.through <= pg_snapshot_xmin(pg_current_snapshot())),
        '0'::xid8)
$$;

-- Appends leaves, in one transaction of bounded length, for what a pass of the sealer is about.
--
-- A pass is about what its snapshot sees: that is closed under "came before". Whoever wrote an account's next version
-- had seen the one before, so no checkpoint ever has a version without those below it. A watermark alone is not: a
-- transaction may take its number early and write to an account late. Within the pass the order is that of the
-- operations' first ids, which are drawn under the accounts' locks; an operation is never cut in two.
-- The watermark (a checkpoint's `through`) only says where to begin to look: whatever is older has ended, and was
-- sealed or never will be. An id or a time is none, because a late commit may carry an early one.
-- What a former life numbered beyond this one's transactions has long been committed.
--
-- Answers NULL where another sealer is at work, or has been since `size_before`.
CREATE FUNCTION ledger_seal_leaves(
    pass text, after bigint, at_most integer, size_before bigint,
    OUT sealed integer, OUT sealed_to bigint, OUT is_drained boolean, OUT sealed_through text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
    seen pg_snapshot := pass::pg_snapshot;
    since xid8 := ledger_sealed_through();
    size bigint;
    added integer;
    picked_rows integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(5417702350891) THEN RETURN; END IF;
    SELECT coalesce(max(l.index) + 1, 0) INTO size FROM ledger_leaf l;
    IF size <> size_before THEN RETURN; END IF;
    sealed := 0; sealed_to := after; is_drained := false; sealed_through := since::text;

    IF after = 0 THEN
        INSERT INTO ledger_leaf (index, account_id, hash)
            SELECT size - 1 + row_number() OVER (ORDER BY p.id), p.id, sha256('\x00'::bytea || ledger_account_content(p))
            FROM (SELECT * FROM ledger_account a
                  WHERE a.xid >= since
                    AND (pg_visible_in_snapshot(a.xid, seen) OR a.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                    AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.account_id = a.id)
                  ORDER BY a.id LIMIT at_most) p;
        GET DIAGNOSTICS added = ROW_COUNT;
        sealed := sealed + added; size := size + added;
        IF sealed >= at_most THEN RETURN; END IF;
        SELECT coalesce(min(t.id) - 1, 0) INTO sealed_to FROM ledger_transfer t WHERE t.xid >= since;
    END IF;

    WITH picked AS MATERIALIZED (
        SELECT t.id, t.op_id, t.xid FROM ledger_transfer t
        WHERE t.id > sealed_to AND t.xid >= since
          AND (pg_visible_in_snapshot(t.xid, seen) OR t.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
          AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
        ORDER BY t.id LIMIT at_most - sealed
    ), operations AS MATERIALIZED (
        SELECT p.op_id, min(p.xid::text)::xid8 AS xid, min(p.id) AS first_id FROM picked p GROUP BY p.op_id
    ), whole AS (
        SELECT o.first_id, 1 AS place, t.leg::text AS within, t.id AS transfer_id, NULL::varchar AS attempt_id,
               NULL::uuid AS evidence_id, ledger_transfer_content(t) AS content
            FROM operations o JOIN ledger_transfer t ON t.op_id = o.op_id
        UNION ALL
        SELECT o.first_id, 2, a.key, NULL, a.key, NULL, ledger_attempt_content(a)
            FROM operations o JOIN ledger_attempt a ON a.xid = o.xid AND a.op_id = o.op_id
        UNION ALL
        SELECT o.first_id, 3, '', NULL, NULL, e.op_id, ledger_evidence_content(e)
            FROM operations o JOIN ledger_evidence e ON e.op_id = o.op_id
    ), leaves AS (
        INSERT INTO ledger_leaf (index, transfer_id, attempt_id, evidence_id, hash)
            SELECT size - 1 + row_number() OVER (ORDER BY w.first_id, w.place, length(w.within), w.within),
                   w.transfer_id, w.attempt_id, w.evidence_id, sha256('\x00'::bytea || w.content)
            FROM whole w
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM leaves), count(*), coalesce(max(p.id), sealed_to)
        INTO added, picked_rows, sealed_to FROM picked p;
    IF picked_rows >= at_most - sealed THEN
        sealed := sealed + added;
        RETURN;
    END IF;
    sealed := sealed + added; size := size + added;

    -- What stands for itself: attempts that were refused (or whose operation came by another way), closures.
    INSERT INTO ledger_leaf (index, attempt_id, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.recorded_at, p.key), p.key,
               sha256('\x00'::bytea || ledger_attempt_content(p))
        FROM (SELECT * FROM ledger_attempt a
              WHERE a.xid >= since
                AND (pg_visible_in_snapshot(a.xid, seen) OR a.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.attempt_id = a.key)
              ORDER BY a.recorded_at, a.key LIMIT at_most) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added; size := size + added;
    IF added >= at_most THEN RETURN; END IF;
    INSERT INTO ledger_leaf (index, closure_id, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.account_id), p.account_id,
               sha256('\x00'::bytea || ledger_closure_content(p))
        FROM (SELECT * FROM ledger_closure c
              WHERE c.xid >= since
                AND (pg_visible_in_snapshot(c.xid, seen) OR c.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.closure_id = c.account_id)
              ORDER BY c.account_id LIMIT at_most) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added;
    is_drained := added < at_most;
    IF is_drained THEN sealed_through := pg_snapshot_xmin(seen)::text; END IF;
END $$;

-- The rows of the journal that a tree of `size` leaves does not hold: those sealed later, and those not sealed yet.
CREATE FUNCTION ledger_transfers_since(size bigint) RETURNS SETOF ledger_transfer LANGUAGE sql STABLE AS $$
    SELECT t.* FROM ledger_leaf l JOIN ledger_transfer t ON t.id = l.transfer_id WHERE l.index >= size
    UNION ALL
    SELECT t.* FROM ledger_transfer t
    WHERE t.xid >= (SELECT ledger_sealed_through())
      AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
$$;

-- How many versions an account had in a tree of `size` leaves. Its rows are in the tree in the order of their
-- versions, so halving finds it. Reads only; runs with the caller's rights.
CREATE FUNCTION ledger_version_in_tree(of_account bigint, size bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    row_id bigint;
    place bigint;
BEGIN
    SELECT b.version INTO high FROM ledger_balance b WHERE b.account_id = of_account;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT t.id INTO row_id FROM ledger_transfer t WHERE t.debit_id = of_account AND t.debit_version = middle;
        IF NOT FOUND THEN
            SELECT t.id INTO STRICT row_id FROM ledger_transfer t
                WHERE t.credit_id = of_account AND t.credit_version = middle;
        END IF;
        SELECT l.index INTO place FROM ledger_leaf l WHERE l.transfer_id = row_id;
        IF FOUND AND place < size THEN low := middle; ELSE high := middle - 1; END IF;
    END LOOP;
    RETURN low;
END $$;

-- Keeps the digest of the paper that an operation is made under. Once, and before the operation: it is sealed with it.
CREATE FUNCTION ledger_keep_evidence(of_operation uuid, new_digest bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_transfer t WHERE t.op_id = of_operation AND NOT EXISTS (
        SELECT FROM ledger_evidence e WHERE e.op_id = of_operation AND e.digest = new_digest);
    IF FOUND THEN
        RAISE EXCEPTION 'this operation was made without that evidence' USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO ledger_evidence (op_id, digest) VALUES (of_operation, new_digest) ON CONFLICT (op_id) DO NOTHING;
    PERFORM 1 FROM ledger_evidence e WHERE e.op_id = of_operation AND e.digest = new_digest;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this operation has other evidence' USING ERRCODE = 'unique_violation';
    END IF;
END $$;

DO $$
DECLARE called regprocedure;
BEGIN
    FOREACH called IN ARRAY ARRAY[
        'ledger_number(bigint)', 'ledger_time(timestamptz)', 'ledger_length(bytea)', 'ledger_bytes(text)',
        'ledger_transfer_content(ledger_transfer)', 'ledger_account_content(ledger_account)',
        'ledger_closure_content(ledger_closure)', 'ledger_attempt_content(ledger_attempt)',
        'ledger_evidence_content(ledger_evidence)', 'ledger_content(ledger_leaf)', 'ledger_sealed_through()',
        'ledger_seal_leaves(text, bigint, integer, bigint)', 'ledger_transfers_since(bigint)',
        'ledger_version_in_tree(bigint, bigint)', 'ledger_keep_evidence(uuid, bytea)']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', called);
    END LOOP;
END $$;
