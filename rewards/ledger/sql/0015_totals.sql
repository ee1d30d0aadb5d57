-- What each kind of account took, gave and had held, every so many rows of the journal: where anything stood at any
-- instant is the last of these before it and the few rows that came since. It costs the same however old the instant
-- is, and however large the books are.

-- Writes the totals down for every whole stretch of so many ids that is settled, and answers whether there was one.
-- While the balances are locked nobody writes the journal, so every smaller id is committed or never will be: an id
-- alone is no such line, because a late commit may carry an early one. Where a writer takes its time, it gives up at
-- once and comes again at the next tick. It needs that lock for a single look: the error gives it back.
DROP FUNCTION ledger_roll_up(bigint);
CREATE FUNCTION ledger_roll_up(stretch bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET lock_timeout = '200ms' AS $$
DECLARE
    done bigint := coalesce((SELECT max(r.through) FROM ledger_rollup r), 0);
    start bigint;
    upto bigint;
BEGIN
    IF coalesce((SELECT max(t.id) FROM ledger_transfer t), 0) < done + stretch THEN RETURN false; END IF;
    BEGIN
        LOCK TABLE ledger_balance IN EXCLUSIVE MODE;
        SELECT min(t.id), max(t.id) INTO start, upto FROM ledger_transfer t WHERE t.id > done;
        RAISE EXCEPTION 'settled' USING ERRCODE = 'MR001';
    EXCEPTION
        WHEN SQLSTATE 'MR001' THEN NULL;
        WHEN lock_not_available THEN RETURN false;
    END;
    -- At most so much at once: books that were never rolled up are many ticks' work.
    upto := start - 1 + least((upto - start + 1) / stretch, 100) * stretch;
    IF upto < start THEN RETURN false; END IF;
    INSERT INTO ledger_rollup (kind, through, debits, credits, held, earliest, latest)
        WITH settled AS MATERIALIZED (
            SELECT t.*, start - 1 + ((t.id - start) / stretch + 1) * stretch AS through
            FROM ledger_transfer t WHERE t.id >= start AND t.id <= upto
        ),
        changed AS (
            SELECT s.through, s.debit_id AS account_id, CASE WHEN s.credit_id IS NULL THEN 0 ELSE s.amount END AS debits,
                   0 AS credits, CASE s.kind WHEN 'hold' THEN s.amount ELSE 0 END AS held
                FROM settled s
            UNION ALL SELECT s.through, s.credit_id, 0, s.amount, 0 FROM settled s WHERE s.credit_id IS NOT NULL
            UNION ALL SELECT s.through, s.debit_id, 0, 0, -h.amount
                FROM settled s JOIN ledger_transfer h ON h.id = s.hold_id WHERE s.hold_leg = 1
        ),
        moved AS (
            SELECT c.through, a.kind, sum(c.debits) AS debits, sum(c.credits) AS credits, sum(c.held) AS held
            FROM changed c JOIN ledger_account a ON a.id = c.account_id GROUP BY c.through, a.kind
        ),
        stretches AS (
            SELECT s.through, min(s.recorded_at) AS earliest, max(s.recorded_at) AS latest FROM settled s GROUP BY 1
        )
        SELECT k.kind, s.through,
               coalesce(r.debits, 0) + coalesce(sum(m.debits) OVER sofar, 0),
               coalesce(r.credits, 0) + coalesce(sum(m.credits) OVER sofar, 0),
               coalesce(r.held, 0) + coalesce(sum(m.held) OVER sofar, 0),
               s.earliest,
               greatest(max(s.latest) OVER sofar, (SELECT max(l.latest) FROM ledger_rollup l WHERE l.through = done))
        FROM stretches s
        CROSS JOIN (SELECT DISTINCT a.kind FROM ledger_account a) k
        LEFT JOIN moved m ON m.through = s.through AND m.kind = k.kind
        LEFT JOIN ledger_rollup r ON r.through = done AND r.kind = k.kind
        WINDOW sofar AS (PARTITION BY k.kind ORDER BY s.through)
        ON CONFLICT (kind, through) DO NOTHING;  -- two clocks write the same
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION ledger_roll_up(bigint) FROM PUBLIC;

-- As before (0014), with the last total of the account's kind.
CREATE OR REPLACE FUNCTION ledger_standings(size bigint)
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
        (CASE WHEN a.has_balance THEN b.debits ELSE coalesce(r.debits, 0) + (
            SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
            WHERE t.debit_id = a.id AND t.debit_version IS NULL AND t.id > coalesce(r.through, 0))
            END - coalesce(u.debits, 0))::bigint,
        (CASE WHEN a.has_balance THEN b.credits ELSE coalesce(r.credits, 0) + (
            SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
            WHERE t.credit_id = a.id AND t.credit_version IS NULL AND t.id > coalesce(r.through, 0))
            END - coalesce(u.credits, 0))::bigint,
        (coalesce(b.held, 0) - coalesce(u.held, 0))::bigint,
        (CASE WHEN a.has_balance THEN b.version - coalesce(u.version, 0) ELSE 0 END)::bigint
    FROM ledger_account a
    JOIN ledger_leaf l ON l.account_id = a.id AND l.index < size
    LEFT JOIN ledger_balance b ON b.account_id = a.id
    LEFT JOIN LATERAL (
        SELECT o.* FROM ledger_rollup o WHERE o.kind = a.kind AND NOT a.has_balance ORDER BY o.through DESC LIMIT 1
    ) r ON true
    LEFT JOIN undone u ON u.account_id = a.id
    ORDER BY a.address
$$;
