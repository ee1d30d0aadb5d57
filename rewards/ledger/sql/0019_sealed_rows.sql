-- As it stood (0012), but a batch takes so many rows and no more, of whatever kind: rows of the journal (with each
-- operation its attempts and its paper), accounts, refused attempts, closures. How a pass goes, and why by a snapshot, is
-- told in 0009.
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
    room integer := at_most;
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
        sealed := sealed + added; size := size + added; room := room - added;
        IF room = 0 THEN RETURN; END IF;
        SELECT coalesce(min(t.id) - 1, 0) INTO sealed_to FROM ledger_transfer t WHERE t.xid >= since;
    END IF;

    WITH picked AS MATERIALIZED (
        SELECT t.id, t.op_id, t.xid FROM ledger_transfer t
        WHERE t.id > sealed_to AND t.xid >= since
          AND (pg_visible_in_snapshot(t.xid, seen) OR t.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
          AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
        ORDER BY t.id LIMIT room
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
    sealed := sealed + added; size := size + added; room := room - picked_rows;
    IF room = 0 THEN RETURN; END IF;

    -- What stands for itself: attempts that were refused (or whose operation came by another way), closures.
    INSERT INTO ledger_leaf (index, attempt_id, salt, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.recorded_at, p.key), p.key, p.salt,
               sha256('\x00'::bytea || p.content || uuid_send(p.salt))
        FROM (SELECT a.key, a.recorded_at, ledger_attempt_content(a) AS content, gen_random_uuid() AS salt
              FROM ledger_attempt a
              WHERE a.xid >= since
                AND (pg_visible_in_snapshot(a.xid, seen) OR a.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.attempt_id = a.key)
              ORDER BY a.recorded_at, a.key LIMIT room) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added; size := size + added; room := room - added;
    IF room = 0 THEN RETURN; END IF;
    INSERT INTO ledger_leaf (index, closure_id, salt, hash)
        SELECT size - 1 + row_number() OVER (ORDER BY p.account_id), p.account_id, p.salt,
               sha256('\x00'::bytea || p.content || uuid_send(p.salt))
        FROM (SELECT c.account_id, ledger_closure_content(c) AS content, gen_random_uuid() AS salt FROM ledger_closure c
              WHERE c.xid >= since
                AND (pg_visible_in_snapshot(c.xid, seen) OR c.xid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
                AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.closure_id = c.account_id)
              ORDER BY c.account_id LIMIT room) p;
    GET DIAGNOSTICS added = ROW_COUNT;
    sealed := sealed + added;
    is_drained := added < room;
    IF is_drained THEN sealed_through := pg_snapshot_xmin(seen)::text; END IF;
END $$;
