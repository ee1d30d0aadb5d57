-- A transfer's leaf commits to its two sides apart, so that whoever is on one of them can be shown that side and no
-- more; and every leaf has a salt, so that the hash of a neighbour in somebody's proof tells nothing to who guesses.

-- The salts of a leaf: random bits that nobody needs but who may be shown what the leaf says. The runtime role cannot
-- read them from the table; the functions below hand out a row together with its salts.
ALTER TABLE ledger_leaf
    ADD COLUMN salt uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN credit_salt uuid,
    ADD CONSTRAINT leaf_of_two_sides_has_two_salts CHECK ((transfer_id IS NULL) = (credit_salt IS NULL));

DROP FUNCTION ledger_content(ledger_leaf);
DROP FUNCTION ledger_transfer_content(ledger_transfer);

-- What both sides of a transfer may know: 76 bytes of numbers and lengths, then the texts.
CREATE FUNCTION ledger_transfer_common(t ledger_transfer) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT uuid_send(t.op_id) || ledger_number(t.id) || ledger_number(t.leg) || ledger_number(t.amount)
        || ledger_time(t.effective_at) || ledger_time(t.recorded_at) || ledger_number(t.reverses_id)
        || ledger_length(ledger_bytes(t.kind)) || ledger_length(ledger_bytes(t.event_type))
        || ledger_length(ledger_bytes(t.event_ref))
        || ledger_bytes(t.kind) || ledger_bytes(t.event_type) || ledger_bytes(t.event_ref)
$$;

-- The side that gives: where it stands, what it has on hold, and who acted for it.
CREATE FUNCTION ledger_transfer_debit(t ledger_transfer) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ledger_number(t.debit_id) || ledger_number(t.debit_version) || ledger_number(t.debit_after)
        || ledger_number(t.debit_held) || ledger_number(t.hold_id) || ledger_number(t.hold_leg)
        || ledger_time(t.expires_at) || ledger_number(t.xid::text::bigint)
        || ledger_length(ledger_bytes(t.actor)) || ledger_length(ledger_bytes(t.approved_by))
        || ledger_length(ledger_bytes(t.reason))
        || ledger_bytes(t.actor) || coalesce(ledger_bytes(t.approved_by), '') || coalesce(ledger_bytes(t.reason), '')
$$;

CREATE FUNCTION ledger_transfer_credit(t ledger_transfer) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ledger_number(t.credit_id) || ledger_number(t.credit_version) || ledger_number(t.credit_after)
$$;

-- What a transfer's leaf is the hash of: what is common, and the hash of each side behind its salt.
CREATE FUNCTION ledger_transfer_content(t ledger_transfer, debit_salt uuid, credit_salt uuid) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x01'::bytea || ledger_transfer_common(t)
        || sha256(uuid_send(debit_salt) || ledger_transfer_debit(t))
        || sha256(uuid_send(credit_salt) || ledger_transfer_credit(t))
$$;

-- The same row with both sides open, for the whole books: everything of fixed length stands before everything else.
CREATE FUNCTION ledger_transfer_record(t ledger_transfer, debit_salt uuid, credit_salt uuid) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x01'::bytea || uuid_send(credit_salt) || ledger_transfer_credit(t)
        || substr(ledger_transfer_common(t), 1, 76) || uuid_send(debit_salt) || ledger_transfer_debit(t)
        || substr(ledger_transfer_common(t), 77)
$$;

-- What the leaf of any other row is the hash of: the row, and the salt behind it.
CREATE FUNCTION ledger_whole_content(l ledger_leaf) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
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
    END || uuid_send(l.salt)
$$;

-- The whole books, leaf by leaf, every side open: what the bundle is made of. A row that is gone has no content.
CREATE FUNCTION ledger_records(first bigint, upto bigint)
RETURNS TABLE (index bigint, hash bytea, content bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT l.index, l.hash, CASE
            WHEN l.transfer_id IS NULL THEN ledger_whole_content(l)
            ELSE (SELECT ledger_transfer_record(t, l.salt, l.credit_salt) FROM ledger_transfer t WHERE t.id = l.transfer_id)
        END
    FROM ledger_leaf l WHERE l.index >= first AND l.index < upto ORDER BY l.index
$$;

-- What some leaves are the hashes of, made anew from the rows as they stand; a transfer with both its sides.
CREATE FUNCTION ledger_contents(indexes bigint[])
RETURNS TABLE (index bigint, content bytea, debit bytea, credit bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT l.index,
        CASE WHEN l.transfer_id IS NULL THEN ledger_whole_content(l)
             ELSE ledger_transfer_content(t, l.salt, l.credit_salt) END,
        uuid_send(l.salt) || ledger_transfer_debit(t), uuid_send(l.credit_salt) || ledger_transfer_credit(t)
    FROM ledger_leaf l LEFT JOIN ledger_transfer t ON t.id = l.transfer_id
    WHERE l.index = ANY (indexes) ORDER BY l.index
$$;

-- One account's part of a tree of `size` leaves: its own leaf, its rows with its own side of each, the evidence of
-- their operations, and what was said to be owed at `size`. Nothing of the other side but a hash behind a salt.
CREATE FUNCTION ledger_statement(of_account bigint, size bigint)
RETURNS TABLE (index bigint, content bytea, side bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH mine AS (
        SELECT t.id, t.op_id FROM ledger_transfer t WHERE t.debit_id = of_account AND t.debit_version IS NOT NULL
        UNION ALL
        SELECT t.id, t.op_id FROM ledger_transfer t WHERE t.credit_id = of_account AND t.credit_version IS NOT NULL
    ), own AS (
        SELECT l.* FROM mine m JOIN ledger_leaf l ON l.transfer_id = m.id WHERE l.index < size
    ), others AS (
        SELECT l.* FROM ledger_leaf l WHERE l.account_id = of_account AND l.index < size
        UNION ALL
        SELECT l.* FROM (SELECT DISTINCT m.op_id FROM mine m) m JOIN ledger_leaf l ON l.evidence_id = m.op_id
            WHERE l.index < size
        UNION ALL
        SELECT l.* FROM ledger_leaf l WHERE l.liabilities_id = size
    )
    SELECT l.index, ledger_transfer_content(t, l.salt, l.credit_salt),
        CASE WHEN t.debit_id = of_account THEN uuid_send(l.salt) || ledger_transfer_debit(t)
             ELSE uuid_send(l.credit_salt) || ledger_transfer_credit(t) END
    FROM own l JOIN ledger_transfer t ON t.id = l.transfer_id
    UNION ALL
    SELECT l.index, ledger_whole_content(l), NULL FROM others l
    ORDER BY 1
$$;

-- As before (0009), with salts: how a pass goes, and why by a snapshot, is told there.
CREATE OR REPLACE FUNCTION ledger_seal_leaves(
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
        INSERT INTO ledger_leaf (index, account_id, salt, hash)
            SELECT size - 1 + row_number() OVER (ORDER BY p.id), p.id, p.salt,
                   sha256('\x00'::bytea || p.content || uuid_send(p.salt))
            FROM (SELECT a.id, ledger_account_content(a) AS content, gen_random_uuid() AS salt FROM ledger_account a
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
        -- Drawn anew for each row: a subquery that draws and names the row is asked once per row.
        SELECT o.first_id, 1 AS place, t.leg::text AS within, t.id AS transfer_id, NULL::varchar AS attempt_id,
               NULL::uuid AS evidence_id, s.salt, s.credit_salt,
               ledger_transfer_content(t, s.salt, s.credit_salt) AS content
            FROM operations o JOIN ledger_transfer t ON t.op_id = o.op_id
            CROSS JOIN LATERAL (SELECT gen_random_uuid() AS salt, gen_random_uuid() AS credit_salt WHERE t.id > 0) s
        UNION ALL
        SELECT o.first_id, 2, a.key, NULL, a.key, NULL, s.salt, NULL, ledger_attempt_content(a) || uuid_send(s.salt)
            FROM operations o JOIN ledger_attempt a ON a.xid = o.xid AND a.op_id = o.op_id
            CROSS JOIN LATERAL (SELECT gen_random_uuid() AS salt WHERE a.key <> '') s
        UNION ALL
        SELECT o.first_id, 3, '', NULL, NULL, e.op_id, s.salt, NULL, ledger_evidence_content(e) || uuid_send(s.salt)
            FROM operations o JOIN ledger_evidence e ON e.op_id = o.op_id
            CROSS JOIN LATERAL (SELECT gen_random_uuid() AS salt WHERE e.op_id IS NOT NULL) s
    ), leaves AS (
        INSERT INTO ledger_leaf (index, transfer_id, attempt_id, evidence_id, salt, credit_salt, hash)
            SELECT size - 1 + row_number() OVER (ORDER BY w.first_id, w.place, length(w.within), w.within),
                   w.transfer_id, w.attempt_id, w.evidence_id, w.salt, w.credit_salt, sha256('\x00'::bytea || w.content)
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
    INSERT INTO ledger_leaf (index, attempt_id, salt, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.recorded_at, p.key), p.key, p.salt,
               sha256('\x00'::bytea || p.content || uuid_send(p.salt))
        FROM (SELECT a.key, a.recorded_at, ledger_attempt_content(a) AS content, gen_random_uuid() AS salt
              FROM ledger_attempt a
              WHERE a.xid >= since
                AND (pg_visible_in_snapshot(a.xid, seen) OR a.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.attempt_id = a.key)
              ORDER BY a.recorded_at, a.key LIMIT at_most) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added; size := size + added;
    IF added >= at_most THEN RETURN; END IF;
    INSERT INTO ledger_leaf (index, closure_id, salt, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.account_id), p.account_id, p.salt,
               sha256('\x00'::bytea || p.content || uuid_send(p.salt))
        FROM (SELECT c.account_id, ledger_closure_content(c) AS content, gen_random_uuid() AS salt FROM ledger_closure c
              WHERE c.xid >= since
                AND (pg_visible_in_snapshot(c.xid, seen) OR c.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.closure_id = c.account_id)
              ORDER BY c.account_id LIMIT at_most) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added;
    is_drained := added < at_most;
    IF is_drained THEN sealed_through := pg_snapshot_xmin(seen)::text; END IF;
END $$;

-- As before (0010), with a salt.
CREATE OR REPLACE FUNCTION ledger_tell_liabilities(
    size bigint, new_root bytea, new_owed bigint, new_own text,
    node_levels smallint[], node_positions bigint[], node_sums bigint[], node_hashes bytea[], node_accounts bigint[],
    OUT told boolean, OUT sealed_through text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made ledger_liabilities;
    new_salt uuid := gen_random_uuid();
BEGIN
    told := false;
    IF NOT pg_try_advisory_xact_lock(5417702350891) THEN RETURN; END IF;
    IF size IS DISTINCT FROM (SELECT max(l.index) + 1 FROM ledger_leaf l) THEN RETURN; END IF;
    sealed_through := ledger_sealed_through()::text;
    INSERT INTO ledger_liabilities (tree_size, root, owed, shares, own, told_at)
        VALUES (size, new_root, new_owed, (SELECT count(*) FROM unnest(node_levels) n WHERE n = 0), new_own,
                clock_timestamp())
        RETURNING * INTO made;
    INSERT INTO ledger_leaf (index, liabilities_id, salt, hash)
        VALUES (size, size, new_salt, sha256('\x00'::bytea || ledger_liabilities_content(made) || uuid_send(new_salt)));
    DELETE FROM ledger_share;
    INSERT INTO ledger_share (level, position, sum, hash, account_id)
        SELECT * FROM unnest(node_levels, node_positions, node_sums, node_hashes, node_accounts);
    told := true;
END $$;

DO $$
DECLARE called regprocedure;
BEGIN
    FOREACH called IN ARRAY ARRAY[
        'ledger_transfer_common(ledger_transfer)', 'ledger_transfer_debit(ledger_transfer)',
        'ledger_transfer_credit(ledger_transfer)', 'ledger_transfer_content(ledger_transfer, uuid, uuid)',
        'ledger_transfer_record(ledger_transfer, uuid, uuid)', 'ledger_whole_content(ledger_leaf)',
        'ledger_records(bigint, bigint)', 'ledger_contents(bigint[])', 'ledger_statement(bigint, bigint)']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', called);
    END LOOP;
END $$;
