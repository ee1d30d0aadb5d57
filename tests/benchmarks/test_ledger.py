"""What the ledger costs, as ratios: PostgreSQL's own TPC-B beside it, on one server, in one run, taking turns.

Each call is a whole transaction: idempotency, holds, journal, balances and versions included. TPC-B is three updates,
one select and one insert in seven messages. pgbench drives both, with prepared statements. The journal is sealed while
the calls run; afterwards every invariant is checked.
"""

import os
from dataclasses import astuple
from statistics import median

import pytest
from django.db import connection

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Leaf, Transfer
from tests.benchmarks.bare_books import FUNCTIONS, bare_scripts
from tests.benchmarks.ledger_books import (
    ONE_HOLD,
    ONE_LEG,
    THREE_LEGS,
    batch,
    fsync,
    holds,
    one_release,
    open_books,
    place_holds,
    say,
)
from tests.benchmarks.pgbench import Pace, Pgbench

CLIENTS = 16
ROUNDS = 3
AIMS = {"one leg": 1.0, "three legs": 0.5}
SECONDS = 20 if os.environ.get("MARU_BENCH_SIZE") == "full" else 4
HOLDS = 600_000 if SECONDS > 4 else 90_000


@pytest.fixture
def bench(committed_db, tmp_path) -> Pgbench:
    open_books()
    place_holds(HOLDS)
    connection.close()
    made = Pgbench(committed_db, tmp_path)
    for drawn in ("bench_hold", "bench_freed"):
        made.as_owner(f"CREATE SEQUENCE {drawn}; GRANT USAGE ON SEQUENCE {drawn} TO {RUNTIME_ROLE}")
    made.fill(scale=CLIENTS)
    made.as_owner("VACUUM (ANALYZE)")
    return made


def test_the_ledger_beside_tpc_b(bench, sealer):
    size = {"clients": CLIENTS, "seconds": SECONDS}
    bench.as_owner(FUNCTIONS)
    scripts = {"one leg": ONE_LEG, "three legs": THREE_LEGS} | bare_scripts()
    scripts |= {"one hold": ONE_HOLD, "one release": one_release(HOLDS)}
    paces: dict[str, list[Pace]] = {"tpc-b": []} | {name: [] for name in scripts}
    for _ in range(ROUNDS):
        paces["tpc-b"].append(bench.paced_tpc_b(**size))
        for name, script in scripts.items():
            paces[name].append(bench.paced_script(name.replace(" ", "_"), script, **size))

    print(f"\nledger beside TPC-B ({CLIENTS} clients, median of {ROUNDS} x {SECONDS} s, fsync {fsync()}, sealing on)")
    base = median(pace.rate for pace in paces["tpc-b"])
    for name, each in paces.items():
        pace, rounds = middle(each), ", ".join(f"{pace.rate:.0f}" for pace in each)
        print(f"  {name:<16}{pace.rate:8.0f}/s {pace.rate / base:5.2f} x TPC-B   {spread(pace)}  ({rounds})")
    for name, aim in AIMS.items():
        reached, bare = (median(pace.rate for pace in paces[which]) for which in (name, f"bare {name}"))
        print(say(name, reached / base, aim=aim))
        print(f"    its rows by SQL that asks nothing: {bare / base:.2f}; the ledger is at {reached / bare:.2f} of it")
    print(f"  rows {Transfer.objects.count()}, leaves {Leaf.objects.count()}, broken invariants {broken_invariants()}")

    assert Transfer.objects.filter(kind="capture").count() == 3 * captured(), "some captures found no hold"
    assert Transfer.objects.filter(kind="release").count() == drawn_of("bench_freed"), "some releases found no hold"
    assert broken_invariants() == {}


def test_batches_beside_tpc_b_on_one_connection(bench, sealer):
    """One connection, as a sweep or a grant has: transfers a second, by how many go in one call."""
    scripts = {f"{size} posts": (size, batch(size)) for size in (1, 10, 100, 1000)}
    scripts["500 holds"] = (500, holds(500))
    paces: dict[str, list[Pace]] = {name: [] for name in ("tpc-b", *scripts)}
    for _ in range(ROUNDS):
        paces["tpc-b"].append(bench.paced_tpc_b(clients=1, seconds=SECONDS))
        for name, (_, sql) in scripts.items():
            paces[name].append(bench.paced_script(name.replace(" ", "_"), sql, clients=1, seconds=SECONDS))

    sizes = {name: size for name, (size, _) in scripts.items()} | {"tpc-b": 1}
    rates = {name: sizes[name] * middle(each).rate for name, each in paces.items()}
    print(f"\nbatches beside TPC-B (one connection, median of {ROUNDS} x {SECONDS} s; p50 and p99 of a whole call)")
    for name, each in paces.items():
        print(f"  {name:<11}{rates[name]:8.0f}/s {rates[name] / rates['tpc-b']:6.2f} x TPC-B   {spread(middle(each))}")
    print(say("1000 posts in a call", rates["1000 posts"] / rates["tpc-b"], aim=2.0))
    assert broken_invariants() == {}


def test_a_hot_account_beside_spread_ones(bench, sealer):
    """Everybody is paid from one escrow: one at a time its lock is the limit; in batches it stops being one."""
    hot = ONE_LEG.replace("'escrow:' || 'b' || :giver", "'escrow:' || 'b1'")
    calls = {
        "spread, singly": (1, ONE_LEG),
        "hot, singly": (1, hot),
        "spread, by 100": (100, batch(100)),
        "hot, by 100": (100, batch(100, giver="escrow:' || 'b1")),
    }
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, (size, sql) in calls.items():
            rate = bench.script("hot", sql, clients=CLIENTS if size == 1 else 1, seconds=SECONDS)
            rates[name].append(size * rate)

    print(f"\na hot account (singly: {CLIENTS} clients, by 100: one connection; median of {ROUNDS} x {SECONDS} s)")
    for name, each in rates.items():
        print(f"  {name:<15}{median(each):8.0f} transfers/s")
    print(f"  singly: hot is {median(rates['hot, singly']) / median(rates['spread, singly']):.2f} x spread")
    print(say("hot beside spread, by 100", median(rates["hot, by 100"]) / median(rates["spread, by 100"]), aim=0.5))
    assert broken_invariants() == {}


def middle(paces: list[Pace]) -> Pace:
    """Return the medians of some rounds."""
    return Pace(*(median(values) for values in zip(*map(astuple, paces), strict=True)))


def spread(pace: Pace) -> str:
    return f"p50 {pace.p50_ms:6.1f} ms  p99 {pace.p99_ms:6.1f} ms"


def captured() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_attempt WHERE key LIKE 'bench-settle-%'")
        captures = cursor.fetchone()[0]
    assert captures == drawn_of("bench_hold")
    return captures


def drawn_of(sequence: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sequence_last_value(%s)", [sequence])
        return cursor.fetchone()[0]
