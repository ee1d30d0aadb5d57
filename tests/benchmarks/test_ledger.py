"""What the ledger costs, as ratios: PostgreSQL's own TPC-B beside it, on one server, in one run, taking turns.

Each call is a whole transaction: idempotency, holds, journal, balances and versions included. TPC-B is three updates,
one select and one insert in seven messages. pgbench drives both, with prepared statements. The journal is sealed while
the calls run; afterwards every invariant is checked.
"""

import os
from statistics import median

import pytest
from django.db import connection

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Leaf, Transfer
from tests.benchmarks.bare_books import FUNCTIONS, bare_scripts
from tests.benchmarks.ledger_books import ONE_LEG, THREE_LEGS, batch, fsync, holds, open_books, place_holds, say
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
    made.as_owner(f"CREATE SEQUENCE bench_hold; GRANT USAGE ON SEQUENCE bench_hold TO {RUNTIME_ROLE}")
    made.fill(scale=CLIENTS)
    made.as_owner("VACUUM (ANALYZE)")
    return made


def test_the_ledger_beside_tpc_b(bench, sealer):
    size = {"clients": CLIENTS, "seconds": SECONDS}
    bench.as_owner(FUNCTIONS)
    scripts = {"one leg": ONE_LEG, "three legs": THREE_LEGS} | bare_scripts()
    paces: dict[str, list[Pace]] = {"tpc-b": []} | {name: [] for name in scripts}
    for _ in range(ROUNDS):
        paces["tpc-b"].append(bench.paced_tpc_b(**size))
        for name, script in scripts.items():
            paces[name].append(bench.paced_script(name.replace(" ", "_"), script, **size))

    print(f"\nledger beside TPC-B ({CLIENTS} clients, median of {ROUNDS} x {SECONDS} s, fsync {fsync()}, sealing on)")
    base = median(pace.rate for pace in paces["tpc-b"])
    for name, each in paces.items():
        rate, p50, p99 = (median(values) for values in zip(*((p.rate, p.p50_ms, p.p99_ms) for p in each), strict=True))
        rounds = ", ".join(f"{pace.rate:.0f}" for pace in each)
        print(
            f"  {name:<16}{rate:8.0f}/s {rate / base:5.2f} x TPC-B   p50 {p50:5.1f} ms  p99 {p99:6.1f} ms  ({rounds})"
        )
    for name, aim in AIMS.items():
        reached, bare = (median(pace.rate for pace in paces[which]) for which in (name, f"bare {name}"))
        print(say(name, reached / base, aim=aim))
        print(f"    its rows by SQL that asks nothing: {bare / base:.2f}; the ledger is at {reached / bare:.2f} of it")
    print(f"  rows {Transfer.objects.count()}, leaves {Leaf.objects.count()}, broken invariants {broken_invariants()}")

    assert Transfer.objects.filter(kind="capture").count() == 3 * captured(), "some captures found no hold"
    assert broken_invariants() == {}


def test_batches_beside_tpc_b_on_one_connection(bench, sealer):
    """One connection, as a sweep or a grant has: transfers a second, by how many go in one call."""
    scripts = {f"{size} posts": (size, batch(size)) for size in (1, 10, 100, 1000)}
    scripts["500 holds"] = (500, holds(500))
    rates: dict[str, list[float]] = {name: [] for name in ("tpc-b", *scripts)}
    for _ in range(ROUNDS):
        rates["tpc-b"].append(bench.tpc_b(clients=1, seconds=SECONDS))
        for name, (size, sql) in scripts.items():
            rates[name].append(size * bench.script(name.replace(" ", "_"), sql, clients=1, seconds=SECONDS))

    base = median(rates["tpc-b"])
    print(f"\nbatches beside TPC-B (one connection, median of {ROUNDS} x {SECONDS} s)")
    for name, each in rates.items():
        print(f"  {name:<11}{median(each):8.0f}/s {median(each) / base:6.2f} x TPC-B")
    print(say("1000 posts in a call", median(rates["1000 posts"]) / base, aim=2.0))
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


def captured() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_attempt WHERE key LIKE 'bench-settle-%'")
        captures = cursor.fetchone()[0]
        cursor.execute("SELECT pg_sequence_last_value('bench_hold')")
        assert captures == cursor.fetchone()[0]
    return captures
