-- Looking back costs what came since, and sealing what is sealed, however large the books are.

-- convert_to is STABLE, so a function around it that says IMMUTABLE is not inlined but called and planned anew for each
-- text of each row: more than half of what a leaf cost.
ALTER FUNCTION ledger_bytes(text) STABLE;

-- As before (0010), but what keeps no running balance begins at what was rolled up.
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
    LEFT JOIN ledger_rollup r ON r.account_id = a.id
    LEFT JOIN undone u ON u.account_id = a.id
    ORDER BY a.address
$$;
