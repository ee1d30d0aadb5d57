"""Reading the books while they grow: a page costs the same with five times (SIZE=full: fifty times) the rows.

Each read is a whole query of this room through Django. The fees, which keep no running balance, take every tenth row;
the clock rolls their total up.
"""

import time
from statistics import median

from django.db import connection

from rewards.ledger import operations as ledger
from rewards.ledger import queries
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, Transfer
from tests.benchmarks.ledger_books import open_books, pay_many, say
from tests.benchmarks.pgbench import Pgbench

SMALL, LARGE, FULL = 100_000, 500_000, 5_000_000
READS = 200
AIM = 1.15

QUESTIONS = {
    "balance of a home": lambda: queries.balance_of("household:b7"),
    "balance of the fees": lambda: queries.balance_of(FEES),
    "statement of an escrow": lambda: queries.statement("escrow:b7"),
    "statement of the fees": lambda: queries.statement(FEES),
    "trial balance": lambda: queries.trial_balance(),
    "newest of the journal": lambda: list(queries.transfers().order_by("-id")[:50]),
    "newest of a kind": lambda: list(queries.transfers(kinds=["post"]).order_by("-id")[:50]),
}


def milliseconds(question) -> float:
    question()
    took = []
    for _ in range(READS):
        began = time.perf_counter()
        question()
        took.append(time.perf_counter() - began)
    return median(took) * 1000


def grown(bench: Pgbench, rows: int) -> dict[str, float]:
    """Return what each question takes once the journal has so many rows."""
    pay_many(rows - Transfer.objects.count())
    assert ledger.roll_up(least_rows=1)
    bench.as_owner("VACUUM (ANALYZE)")
    return {name: milliseconds(question) for name, question in QUESTIONS.items()}


def test_reading_costs_what_it_cost_when_the_books_were_small(committed_db, tmp_path, is_full):
    open_books()
    connection.close()
    bench = Pgbench(committed_db, tmp_path)
    before = grown(bench, SMALL)
    after = grown(bench, FULL if is_full else LARGE)

    print(f"\nreading {SMALL:,} rows of the journal, then {Transfer.objects.count():,} (median of {READS} reads)")
    for name, small in before.items():
        print(f"  {name:<24}{small:7.2f} ms {after[name]:7.2f} ms {after[name] / small:6.2f} x")
    print(say("the worst of them", max(after[name] / before[name] for name in before), aim=AIM, least=False))
    assert broken_invariants() == {}
