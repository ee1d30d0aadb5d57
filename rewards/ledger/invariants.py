"""What is true of the books at any instant, as SQL: each query counts the rows that break it.

What holds I8, I15 to I18 and I20, which no query can see, is told in docs/invariants.md.
"""

from collections.abc import Iterator

from django.db import connection, transaction

INVARIANTS = {
    "I1 every token taken was given": """
        SELECT (SELECT coalesce(sum(credits - debits), 0) FROM ledger_balance)
             + (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
                JOIN ledger_account a ON a.id = t.credit_id WHERE NOT a.has_balance)
             - (SELECT coalesce(sum(t.amount), 0) FROM ledger_transfer t
                JOIN ledger_account a ON a.id = t.debit_id
                WHERE NOT a.has_balance AND t.kind IN ('post', 'capture', 'reverse'))""",
    "I2 a balance is the sum of its journal": """
        WITH moved AS (
            SELECT debit_id AS account_id, amount AS debits, 0 AS credits
                FROM ledger_transfer WHERE kind IN ('post', 'capture', 'reverse')
            UNION ALL SELECT credit_id, 0, amount FROM ledger_transfer WHERE kind IN ('post', 'capture', 'reverse')
        ), summed AS (
            SELECT account_id, sum(debits) AS debits, sum(credits) AS credits FROM moved GROUP BY account_id
        )
        SELECT count(*) FROM ledger_balance b LEFT JOIN summed s USING (account_id)
        WHERE b.debits <> coalesce(s.debits, 0) OR b.credits <> coalesce(s.credits, 0)""",
    "I2 what was rolled up is the sum of its journal": """
        WITH ends AS (SELECT array_agg(DISTINCT through ORDER BY through) AS rows FROM ledger_rollup),
        changed AS (
            SELECT id, debit_id AS account_id, CASE WHEN credit_id IS NULL THEN 0 ELSE amount END AS debits,
                   0 AS credits, CASE kind WHEN 'hold' THEN amount ELSE 0 END AS held, recorded_at
                FROM ledger_transfer
            UNION ALL SELECT id, credit_id, 0, amount, 0, recorded_at
                FROM ledger_transfer WHERE credit_id IS NOT NULL
            UNION ALL SELECT t.id, t.debit_id, 0, 0, -h.amount, t.recorded_at
                FROM ledger_transfer t JOIN ledger_transfer h ON h.id = t.hold_id WHERE t.hold_leg = 1
        ), moved AS (
            SELECT width_bucket(c.id - 1, ends.rows) AS stretch, a.kind, sum(c.debits) AS debits,
                   sum(c.credits) AS credits, sum(c.held) AS held, min(c.recorded_at) AS earliest,
                   max(c.recorded_at) AS latest
            FROM changed c JOIN ledger_account a ON a.id = c.account_id CROSS JOIN ends GROUP BY 1, 2
        ), rolled AS (
            SELECT width_bucket(r.through - 1, ends.rows) AS stretch, r.kind, r.earliest, r.latest,
                   r.debits - lag(r.debits, 1, 0::numeric) OVER w AS debits,
                   r.credits - lag(r.credits, 1, 0::numeric) OVER w AS credits,
                   r.held - lag(r.held, 1, 0::numeric) OVER w AS held
            FROM ledger_rollup r CROSS JOIN ends WINDOW w AS (PARTITION BY r.kind ORDER BY r.through)
        )
        SELECT count(*) FROM rolled r LEFT JOIN moved m USING (stretch, kind)
        WHERE r.debits <> coalesce(m.debits, 0) OR r.credits <> coalesce(m.credits, 0)
           OR r.held <> coalesce(m.held, 0) OR m.earliest < r.earliest OR m.latest > r.latest""",
    "I3 versions run from 1 without a gap": """
        WITH numbered AS (
            SELECT debit_id AS account_id, debit_version AS version
                FROM ledger_transfer WHERE debit_version IS NOT NULL
            UNION ALL
            SELECT credit_id, credit_version FROM ledger_transfer WHERE credit_version IS NOT NULL
        ), counted AS (
            SELECT account_id, count(*) AS rows, count(DISTINCT version) AS versions, min(version) AS first,
                   max(version) AS last
            FROM numbered GROUP BY account_id
        )
        SELECT count(*) FROM ledger_balance b LEFT JOIN counted c USING (account_id)
        WHERE b.version <> coalesce(c.last, 0)
           OR c.rows <> c.last OR c.versions <> c.rows OR c.first <> 1""",
    "I3 a version stands exactly where a balance is kept": """
        SELECT count(*) FROM ledger_transfer t
        JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
        WHERE d.has_balance <> (t.debit_version IS NOT NULL)
           OR coalesce(c.has_balance, false) <> (t.credit_version IS NOT NULL)""",
    "I3 a row names accounts and rows that are there": """
        SELECT count(*) FROM ledger_transfer t
        WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = t.debit_id)
           OR t.credit_id IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = t.credit_id)
           OR t.hold_id IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_transfer h WHERE h.id = t.hold_id)
           OR t.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.id = t.reverses_id)""",
    "I4 what is held is the sum of the open holds": """
        WITH pending AS (
            SELECT h.debit_id AS account_id, sum(h.amount) AS held FROM ledger_transfer h
            WHERE h.kind = 'hold' AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.hold_id = h.id)
            GROUP BY h.debit_id
        )
        SELECT count(*) FROM ledger_balance b LEFT JOIN pending p USING (account_id)
        WHERE b.held <> coalesce(p.held, 0)""",
    "I4 the list of open holds is the journal's": """
        SELECT count(*) FROM ledger_openhold o
        FULL JOIN (
            SELECT h.*, a.key FROM ledger_transfer h JOIN ledger_attempt a ON a.transfer_id = h.id
            WHERE h.kind = 'hold' AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.hold_id = h.id)
        ) h ON h.id = o.transfer_id
        WHERE o.key IS DISTINCT FROM h.key OR o.amount IS DISTINCT FROM h.amount
           OR o.account_id IS DISTINCT FROM h.debit_id OR o.expires_at IS DISTINCT FROM h.expires_at""",
    "I5 no account ever stood below its floor": """
        SELECT count(*) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
        WHERE t.debit_after - t.debit_held < a.floor""",
    "I6 every balance after a row is the replay's": """
        WITH seen AS (
            SELECT debit_id AS account_id, debit_version AS version, debit_after AS after,
                   CASE WHEN kind IN ('post', 'capture', 'reverse') THEN -amount ELSE 0 END AS change
                FROM ledger_transfer WHERE debit_version IS NOT NULL
            UNION ALL
            SELECT credit_id, credit_version, credit_after, amount
                FROM ledger_transfer WHERE credit_version IS NOT NULL
        ), replayed AS (
            SELECT after, sum(change) OVER (PARTITION BY account_id ORDER BY version) AS sum FROM seen
        )
        SELECT count(*) FROM replayed WHERE after <> sum""",
    "I7 an applied attempt is one operation's rows": """
        SELECT count(*) FROM ledger_transfer t
        WHERE NOT EXISTS (SELECT FROM ledger_attempt a WHERE a.op_id = t.op_id AND a.outcome = 'applied')""",
    "I9 an attempt's rows are its own": """
        SELECT count(*) FROM ledger_attempt a LEFT JOIN ledger_transfer t ON t.id = a.transfer_id
        WHERE a.outcome = 'applied' AND (
            t.id IS NULL OR t.op_id <> a.op_id OR t.actor <> a.actor
            OR (t.kind <> a.action AND NOT (a.action = 'capture' AND t.kind = 'release')))""",
    "I10 a capture pays from its own hold, at most what was held, in time": """
        SELECT count(*) FROM (
            SELECT h.id FROM ledger_transfer h JOIN ledger_transfer r ON r.hold_id = h.id
            GROUP BY h.id, h.kind, h.amount, h.expires_at, h.debit_id
            HAVING h.kind <> 'hold'
                OR count(DISTINCT r.op_id) > 1 OR count(DISTINCT r.kind) > 1
                OR bool_or(r.debit_id <> h.debit_id)
                OR (min(r.kind) = 'capture' AND (sum(r.amount) > h.amount OR max(r.recorded_at) >= h.expires_at))
                OR (min(r.kind) = 'expire' AND min(r.recorded_at) < h.expires_at)
        ) broken""",
    "I11 a reversal is the whole row, with its sides swapped, of no reversal": """
        SELECT count(*) FROM ledger_transfer r JOIN ledger_transfer t ON t.id = r.reverses_id
        WHERE r.debit_id <> t.credit_id OR r.credit_id <> t.debit_id OR r.amount <> t.amount
           OR t.kind NOT IN ('post', 'capture')""",
    "I12 time never runs backwards within an account": """
        WITH seen AS (
            SELECT debit_id AS account_id, debit_version AS version, recorded_at
                FROM ledger_transfer WHERE debit_version IS NOT NULL
            UNION ALL
            SELECT credit_id, credit_version, recorded_at FROM ledger_transfer WHERE credit_version IS NOT NULL
        ), followed AS (
            SELECT recorded_at, lag(recorded_at) OVER (PARTITION BY account_id ORDER BY version) AS earlier FROM seen
        )
        SELECT count(*) FROM followed WHERE recorded_at < earlier""",
    "I13 the leaves stand without a gap": """
        SELECT abs(coalesce(max(index) + 1, 0) - count(*)) FROM ledger_leaf""",
    "I14 no checkpoint is of more leaves than there are": """
        SELECT count(*) FROM ledger_checkpoint
        WHERE tree_size > (SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf)""",
    "I19 an operation has all its legs": """
        SELECT count(*) FROM (
            SELECT op_id FROM ledger_transfer GROUP BY op_id HAVING min(leg) <> 1 OR max(leg) <> count(*)
        ) torn""",
}


def broken_invariants() -> dict[str, int]:
    """Return every invariant that does not hold, with how many rows break it; an empty dict is good news."""
    return {name: rows for name, rows in counted_invariants() if rows}


def counted_invariants() -> Iterator[tuple[str, int]]:
    """Yield each invariant as it has been looked at, with how many rows break it; each goes through the whole journal.

    All are read from one snapshot, so writers may go on meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if transaction.get_connection().savepoint_ids == []:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, sql in INVARIANTS.items():
            cursor.execute(sql)
            yield name, int(cursor.fetchone()[0])
