"""Books to measure on: accounts opened and funded through the ledger's own door, and the calls that pgbench makes."""

from django.db import connection

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


def fsync() -> str:
    """Return whether the server waits for its disk."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        return cursor.fetchone()[0]


def say(name: str, reached: float, *, aim: float, least: bool = True) -> str:
    """Return whether an aim was met, in words for the printout."""
    met = reached >= aim if least else reached <= aim
    return f"  {name}: {reached:.2f}, {'meets' if met else 'MISSES'} the aim of {'>=' if least else '<='} {aim}"
