"""Books to measure on: accounts opened and funded through the ledger's own door, and the calls that pgbench makes."""

from django.db import connection

from tests.conftest import connect_as_owner

ESCROWS, HOMES, MAKERS = 200, 2000, 20
FACT = "'actor', 'bench', 'event_type', 'bench', 'event_ref', ''"

# pgbench reads a colon before a letter as a variable, inside quotes too: hence the addresses in two pieces. Its random
# numbers are free for the server, as the caller's key is: a random uuid made by the server is not.
ONE_LEG = rf"""
\set key random(1, 9000000000000000000)
\set giver random(1, {ESCROWS})
\set taker random(1, {HOMES})
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'post', 'key', 'bench-' || :key,
    'debit', 'escrow:' || 'b' || :giver, 'credit', 'household:' || 'b' || :taker, 'amount', 1, {FACT})));
"""
THREE_LEGS = rf"""
\set taker random(1, {HOMES})
\set maker random(1, {MAKERS})
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'capture', 'key', 'bench-settle-' || n,
    'hold', 'bench-hold-' || n, 'op_id', gen_random_uuid(), {FACT},
    'legs', jsonb_build_array(
        jsonb_build_object('credit', 'household:' || 'b' || :taker, 'amount', 8),
        jsonb_build_object('credit', 'manufacturer:' || 'b' || :maker, 'amount', 1),
        jsonb_build_object('credit', 'platform:' || 'fees', 'amount', 1)))))
FROM nextval('bench_hold') n;
"""

ONE_HOLD = rf"""
\set key random(1, 9000000000000000000)
\set giver random(1, {ESCROWS})
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'hold', 'key', 'bench-' || :key,
    'debit', 'escrow:' || 'b' || :giver, 'amount', 1, 'lifetime', 86400, {FACT})));
"""


def one_release(holds: int) -> str:
    """Return a call that frees one of the holds that were placed beforehand, the last of them first."""
    return rf"""
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'release', 'key', 'bench-free-' || n,
    'hold', 'bench-hold-' || {holds} - n, {FACT})))
FROM nextval('bench_freed') n;
"""


def batch(size: int, *, giver: str = "") -> str:
    """Return a call of `size` posts to as many homes, from one escrow or from any."""
    debit = f"'{giver}'" if giver else f"'escrow:' || 'b' || (:start + n) % {ESCROWS} + 1"
    return rf"""
\set key random(1, 9000000000000000000)
\set start random(1, {HOMES})
SELECT ledger_apply((SELECT jsonb_agg(jsonb_build_object('action', 'post', 'key', 'bench-' || :key || '-' || n,
    'debit', {debit}, 'credit', 'household:' || 'b' || (:start + n) % {HOMES} + 1, 'amount', 1, {FACT}))
    FROM generate_series(1, {size}) n));
"""


def holds(size: int) -> str:
    """Return a call as a run of matching makes it: `size` prices held on a few escrows."""
    return rf"""
\set key random(1, 9000000000000000000)
\set start random(1, {ESCROWS})
SELECT ledger_apply((SELECT jsonb_agg(jsonb_build_object('action', 'hold', 'key', 'bench-' || :key || '-' || n,
    'debit', 'escrow:' || 'b' || (:start + n % 10) % {ESCROWS} + 1, 'amount', 1, 'lifetime', 86400, {FACT}))
    FROM generate_series(1, {size}) n));
"""


def open_books() -> None:
    """Open the accounts and fund the escrows."""
    with connection.cursor() as cursor:
        for kind, number in (("escrow", ESCROWS), ("household", HOMES), ("manufacturer", MAKERS)):
            cursor.execute(
                "SELECT ledger_open_account(%s || ':b' || n, %s) FROM generate_series(1, %s) n", [kind, kind, number]
            )
        cursor.execute(
            f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'post', 'key', 'bench:fund:' || n,
                    'debit', 'platform:issuance', 'credit', 'escrow:b' || n, 'amount', 1000000000, {FACT})))
                FROM generate_series(1, %s) n""",
            [ESCROWS],
        )


def place_holds(number: int) -> None:
    """Place the holds that the captures pay out, named from 1."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'hold', 'key', 'bench-hold-' || n,
                    'debit', 'escrow:b' || (n %% {ESCROWS} + 1), 'amount', 10, 'lifetime', 86400, {FACT})))
                FROM generate_series(1, %s) n GROUP BY n / 500""",
            [number],
        )


def pay_many(rows: int, *, at_once: int = 1000) -> None:
    """Let the journal grow by `rows`: escrows pay homes, and every tenth row goes to the fees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_attempt")
        known = cursor.fetchone()[0]
        for start in range(known, known + rows, at_once):
            cursor.execute(
                f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'post', 'key', 'grow-' || n,
                        'debit', 'escrow:b' || (n %% {ESCROWS} + 1), 'amount', 1, {FACT},
                        'credit', CASE n %% 10 WHEN 0 THEN 'platform:fees'
                            ELSE 'household:b' || (n %% {HOMES} + 1) END)))
                    FROM generate_series(%s, %s) n""",
                [start, min(start + at_once, known + rows) - 1],
            )


#: Row `n` pays from escrow `n % ESCROWS` to home `n % HOMES`, every tenth to the fees. So each escrow's and each home's
#: rows can be counted without looking: versions and balances follow.
PAYMENTS = f"""
WITH start AS MATERIALIZED (SELECT clock_timestamp() AS at, coalesce(max(id), 0) AS id FROM ledger_transfer),
giver AS MATERIALIZED (
    SELECT substr(a.address, 9)::integer %% {ESCROWS} AS place, b.* FROM ledger_account a
    JOIN ledger_balance b ON b.account_id = a.id WHERE a.address LIKE 'escrow:b%%'),
taker AS MATERIALIZED (
    SELECT substr(a.address, 12)::integer %% {HOMES} AS place, b.* FROM ledger_account a
    JOIN ledger_balance b ON b.account_id = a.id WHERE a.address LIKE 'household:b%%'),
made AS (
    INSERT INTO ledger_transfer (id, op_id, leg, kind, debit_id, credit_id, amount,
            debit_version, debit_after, debit_held, credit_version, credit_after,
            effective_at, recorded_at, actor, event_type, event_ref, xid)
        SELECT start.id + n, lpad(to_hex(start.id + n), 32, '0')::uuid, 1, 'post', g.account_id,
               CASE WHEN n %% 10 = 0 THEN fees.id ELSE t.account_id END, 1,
               g.version + (n + {ESCROWS - 1}) / {ESCROWS},
               g.credits - g.debits - (n + {ESCROWS - 1}) / {ESCROWS}, g.held,
               CASE WHEN n %% 10 > 0 THEN t.version + (n + {HOMES - 1}) / {HOMES} END,
               CASE WHEN n %% 10 > 0 THEN t.credits - t.debits + (n + {HOMES - 1}) / {HOMES} END,
               start.at + n * interval '1 microsecond', start.at + n * interval '1 microsecond',
               'bench', 'bench', '', pg_current_xact_id()
        FROM start, generate_series(1, %(rows)s) n
        JOIN giver g ON g.place = n %% {ESCROWS} JOIN taker t ON t.place = n %% {HOMES},
            (SELECT a.id FROM ledger_account a WHERE a.address = 'platform:fees') fees
        ORDER BY n
        RETURNING id, op_id, debit_version, recorded_at),
asked AS (
    INSERT INTO ledger_attempt (key, fingerprint, action, outcome, op_id, transfer_id, debit_version,
            actor, recorded_at)
        SELECT 'grow-' || id, sha256('grow'), 'post', 'applied', op_id, id, debit_version, 'bench', recorded_at
        FROM made),
gave AS (
    UPDATE ledger_balance b SET debits = b.debits + %(rows)s / {ESCROWS}, version = b.version + %(rows)s / {ESCROWS},
            recorded_at = start.at + %(rows)s * interval '1 microsecond'
        FROM giver g, start WHERE b.account_id = g.account_id)
UPDATE ledger_balance b SET credits = b.credits + %(rows)s / {HOMES}, version = b.version + %(rows)s / {HOMES},
        recorded_at = start.at + %(rows)s * interval '1 microsecond'
    FROM taker t, start WHERE b.account_id = t.account_id AND t.place %% 10 > 0
"""


def grow_payments(database: str, rows: int, *, at_once: int = 200_000) -> None:
    """Let the journal grow by `rows`, a multiple of the homes: written as the ledger would have written them.

    The ledger's own calls would take too long for millions. The invariants tell whether it is the same.
    """
    assert rows % HOMES == 0
    assert at_once % HOMES == 0
    with connect_as_owner(database) as owner:
        for _ in range(0, rows, at_once):
            owner.execute("SET enable_nestloop = off")
            owner.execute(PAYMENTS, {"rows": min(at_once, rows)})
            rows -= at_once
        owner.execute("SELECT setval('ledger_transfer_id_seq', (SELECT max(id) FROM ledger_transfer))")


def fsync() -> str:
    """Return whether the server waits for its disk."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        return cursor.fetchone()[0]


def say(name: str, reached: float, *, aim: float, least: bool = True) -> str:
    """Return whether an aim was met, in words for the printout."""
    met = reached >= aim if least else reached <= aim
    return f"  {name}: {reached:.2f}, {'meets' if met else 'MISSES'} the aim of {'>=' if least else '<='} {aim}"
