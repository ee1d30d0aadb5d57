"""What the ledger costs, as ratios: PostgreSQL's own TPC-B beside it, on one server, in one run, taking turns.

Each round of `apply` is a whole transaction: idempotency, holds, journal, balances and versions included. TPC-B is
three updates, one select and one insert in five statements. Afterwards every invariant is checked.
"""

import os
import time
from statistics import median

import pytest
from django.db import connection

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Transfer
from tests.benchmarks.pgbench import Pgbench

CLIENTS = 16
ROUNDS = 3
AIMS = {"one leg": 1.0, "three legs": 0.5}
SECONDS = 20 if os.environ.get("MARU_BENCH_SIZE") == "full" else 4
PYTHON_SECONDS = 3
ESCROWS, HOMES, MAKERS = 200, 2000, 20
HOLDS = 300_000 if SECONDS > 4 else 50_000
FACT = "'actor', 'bench', 'event_type', 'bench', 'event_ref', ''"

# pgbench reads a colon before a letter as a variable, inside quotes too: hence the addresses in two pieces.
ONE_LEG = rf"""
\set giver random(1, {ESCROWS})
\set taker random(1, {HOMES})
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'post', 'key', gen_random_uuid(),
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


def fill_books() -> None:
    """Open the accounts, fund the escrows and place the holds, through the ledger's own door."""
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
        cursor.execute(
            f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'hold', 'key', 'bench-hold-' || n,
                    'debit', 'escrow:b' || (n %% {ESCROWS} + 1), 'amount', 10, 'lifetime', 86400, {FACT})))
                FROM generate_series(1, %s) n GROUP BY n / 500""",
            [HOLDS],
        )


@pytest.fixture
def bench(committed_db, tmp_path) -> Pgbench:
    fill_books()
    connection.close()
    made = Pgbench(committed_db, tmp_path)
    made.as_owner(f"CREATE SEQUENCE bench_hold; GRANT USAGE ON SEQUENCE bench_hold TO {RUNTIME_ROLE}")
    made.fill(scale=CLIENTS)
    made.as_owner("VACUUM (ANALYZE)")
    return made


def test_the_ledger_beside_tpc_b(bench):
    size = {"clients": CLIENTS, "seconds": SECONDS}
    rates = {"tpc-b": [], "one leg": [], "three legs": []}
    for _ in range(ROUNDS):
        rates["tpc-b"].append(bench.tpc_b(**size))
        rates["one leg"].append(bench.script("one_leg", ONE_LEG, **size))
        rates["three legs"].append(bench.script("three_legs", THREE_LEGS, **size))

    base = median(rates["tpc-b"])
    ratios = {name: median(times) / base for name, times in rates.items()}
    print(f"\nledger beside TPC-B ({CLIENTS} clients, median of {ROUNDS} x {SECONDS} s, fsync {fsync()})")
    for name, times in rates.items():
        each = ", ".join(f"{rate:.0f}" for rate in times)
        print(f"  {name:<11} {median(times):8.0f}/s  {ratios[name]:5.2f} x TPC-B  ({each})")
    print(f"  journal rows {Transfer.objects.count()}, broken invariants {broken_invariants()}")

    assert Transfer.objects.filter(kind="capture").count() == 3 * captured(), "some captures found no hold"
    assert broken_invariants() == {}
    for name, aim in AIMS.items():
        print(f"  {name}: {'meets' if ratios[name] >= aim else 'MISSES'} the aim of {aim} x TPC-B")


def captured() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_attempt WHERE key LIKE 'bench-settle-%'")
        captures = cursor.fetchone()[0]
        cursor.execute("SELECT pg_sequence_last_value('bench_hold')")
        assert captures == cursor.fetchone()[0]
    return captures


def fsync() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        return cursor.fetchone()[0]


def test_one_call_from_python(committed_db):
    """Printed, not asserted: what Django adds around one call."""
    ledger.open_account(address="household:b1", kind="household")
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < PYTHON_SECONDS:
        ledger.post(
            key=f"bench:{done}", debit="platform:issuance", credit="household:b1", amount=1, actor="bench",
            event_type="bench", event_ref="",
        )  # fmt: skip
        done += 1
    print(f"\nledger.post from Python, one connection: {done / PYTHON_SECONDS:.0f}/s")
    assert broken_invariants() == {}
