"""The same transfers from Python, one connection each, taking turns: ours, plain ORM, django-hordak from PyPI.

Ours are sealed while they are made.
"""

import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from django.db import connection, connections

from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.items import PostItem
from tests.benchmarks import orm_books
from tests.benchmarks.ledger_books import ESCROWS, HOMES, fsync, open_books, say
from tests.benchmarks.pgbench import Pgbench

SECONDS = 3.0
ROUNDS = 3
BATCH = 1000
WORDS = {"actor": "bench", "event_type": "bench", "event_ref": ""}
HORDAK = Path(__file__).with_name("hordak_books.py")


@pytest.fixture
def bench(committed_db, tmp_path) -> Pgbench:
    open_books()
    connection.close()
    made = Pgbench(committed_db, tmp_path)
    made.as_owner(orm_books.TABLES)
    made.as_owner("VACUUM (ANALYZE)")
    return made


def pair() -> dict[str, str]:
    giver, taker = random.randint(1, ESCROWS), random.randint(1, HOMES)
    return {"debit": f"escrow:b{giver}", "credit": f"household:b{taker}"}


def post_one(number: int) -> int:
    ledger.post(key=f"peer:{number}", amount=1, **pair(), **WORDS)
    return 1


def post_batch(number: int) -> int:
    keys = (f"peer:{number}:{at}" for at in range(BATCH))
    ledger.apply([PostItem(key=key, amount=1, **pair(), **WORDS) for key in keys])
    return BATCH


def orm_one(number: int) -> int:
    giver, taker = random.randint(1, ESCROWS), ESCROWS + random.randint(1, HOMES)
    orm_books.transfer(key=f"peer:{number}", giver=giver, taker=taker, amount=1)
    return 1


def bare_one(number: int) -> int:
    """Return after one small row is written and waited for: what any transfer from Python costs at the least."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_request (key, operation) VALUES (%s, gen_random_uuid())", [f"bare:{number}"])
    return 1


def rate_of(work: Callable[[int], int], numbers) -> float:
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        done += work(next(numbers))
    return done / (time.perf_counter() - began)


def hordak_rates(database: str) -> dict[str, float]:
    """Return what django-hordak does in a process of its own, on the same server."""
    settings = connections["default"].settings_dict
    address = [settings["HOST"], str(settings["PORT"] or 5432), settings["USER"], database]
    done = subprocess.run(
        [sys.executable, str(HORDAK), *address, str(SECONDS)],
        env={"PGPASSWORD": settings["PASSWORD"] or "", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name: float(rate) for name, rate in (line.split() for line in done.stdout.splitlines())}


def test_the_ledger_beside_its_peers_from_python(bench, sealer):
    with_hordak = importlib.util.find_spec("hordak") is not None
    if with_hordak:
        bench.as_owner(f'CREATE DATABASE "{bench.database}_hordak"')
    numbers = iter(range(10_000_000))
    rates: dict[str, list[float]] = {}
    try:
        for _ in range(ROUNDS):
            for name, work in (
                ("singly", post_one),
                (f"by {BATCH}", post_batch),
                ("plain ORM", orm_one),
                ("one bare row", bare_one),
            ):
                rates.setdefault(name, []).append(rate_of(work, numbers))
            for name, rate in hordak_rates(f"{bench.database}_hordak").items() if with_hordak else ():
                rates.setdefault(f"hordak {name}", []).append(rate)
    finally:
        bench.as_owner(f'DROP DATABASE IF EXISTS "{bench.database}_hordak" WITH (FORCE)')

    reached = {name: median(each) for name, each in rates.items()}
    print(f"\nfrom Python, one connection, median of {ROUNDS} x {SECONDS:.0f} s, fsync {fsync()}")
    for name, rate in reached.items():
        print(f"  {name:<14}{rate:8.0f} transfers/s")
    print(say("singly beside plain ORM", reached["singly"] / reached["plain ORM"], aim=2.0))
    if with_hordak:
        print(say("singly beside hordak", reached["singly"] / reached["hordak singly"], aim=5.0))
        floor, ours = reached["one bare row"], reached["singly"]
        print(
            f"    the limit: one bare row, written and waited for, is {floor / reached['hordak singly']:.2f} x hordak;"
            f" singly is at {ours / floor:.2f} of it, in one round trip as well"
        )
        print(say(f"by {BATCH} beside hordak, singly", reached[f"by {BATCH}"] / reached["hordak singly"], aim=20.0))
        print(f"  by {BATCH} beside hordak in bulk: {reached[f'by {BATCH}'] / reached['hordak bulk']:.1f}")
    else:
        print("  django-hordak is not installed here: pip install -r requirements-dev.txt")
    assert broken_invariants() == {}
