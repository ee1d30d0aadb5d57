"""The books while they grow: reading and writing cost the same with five times (SIZE=full: fifty times) the rows.

Two databases stand side by side, the second a copy of the first that grew on. Every question is put to both in turns,
so that whatever else the machine does meets both alike. Each is a whole query, or a whole call, of this room through
Django; then whole pages of the auditor's desk, over HTTP from Maru's own web server. The fees, which keep no running
balance, take every tenth row; totals are rolled up as the clock does it.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from urllib.parse import urlencode

from django.db import connection, connections
from django.utils import timezone

from rewards.ledger import as_of, exceptions, journal, queries
from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.items import PostItem
from rewards.ledger.journal import Filters
from rewards.ledger.models import FEES, Account, Transfer
from rewards.ledger.serializers import EVER
from rewards.ledger.tasks import ROLL_UP_ROWS
from tests import factories
from tests.benchmarks.ledger_books import ESCROWS, fsync, grow_payments, open_books, say
from tests.benchmarks.pgbench import Pgbench
from tests.benchmarks.web import Caller, web_server
from tests.browsers import signed_in

SMALL, LARGE, FULL = 100_000, 500_000, 5_000_000
ROUNDS, READS, PAGE_READS = 8, 25, 10
AIM = 1.15

FACT = {"actor": "bench", "event_type": "bench", "event_ref": ""}
NUMBERS = itertools.count(1)
#: How far back "lately" is, in rows: as many in small books as in large ones.
LATELY = 2000


def lately():
    """Return when the row was written that has so many after it."""
    newest = Transfer.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return Transfer.objects.filter(pk__lte=newest - LATELY).order_by("-pk").values_list("recorded_at", flat=True)[0]


def halfway():
    """Return when the row in the middle was written: in large books there is much before it and much since."""
    return Transfer.objects.filter(pk__gte=Transfer.objects.latest("pk").pk // 2).order_by("pk")[0].recorded_at


def middle(address: str) -> int:
    """Return the version in the middle of an account's rows: where a reader who pages has come to."""
    return Account.objects.get(address=address).balance.version // 2


def post_one() -> None:
    ledger.post(key=f"growth:{next(NUMBERS)}", debit="escrow:b7", credit="household:b7", amount=1, **FACT)


def post_hundred() -> None:
    keys = [f"growth:{next(NUMBERS)}" for _ in range(100)]
    ledger.apply([PostItem(key=key, debit="escrow:b8", credit="household:b8", amount=1, **FACT) for key in keys])


def hold_one() -> str:
    key = f"growth:{next(NUMBERS)}"
    ledger.place_hold(key=key, debit="escrow:b9", amount=10, lifetime=timedelta(hours=1), **FACT)
    return key


def hold_and_free() -> None:
    key = hold_one()
    ledger.release_hold(hold=key, key=f"{key}:freed", actor="bench")


def hold_and_pay() -> None:
    key = hold_one()
    legs = [ledger.Leg("household:b9", 8), ledger.Leg("manufacturer:b9", 1), ledger.Leg(FEES, 1)]
    ledger.capture_hold(hold=key, key=f"{key}:paid", legs=legs, **FACT)


#: What is asked, with what only has to be known beforehand.
QUESTIONS: dict[str, tuple[Callable, Callable]] = {
    "balance of a home": (lambda: None, lambda _: queries.balance_of("household:b7")),
    "balance of the fees": (lambda: None, lambda _: queries.balance_of(FEES)),
    "a home's balance lately": (lately, lambda then: as_of.standing_at("household:b7", at=then)),
    "the fees' balance lately": (lately, lambda then: as_of.standing_at(FEES, at=then)),
    "statement of an escrow": (lambda: None, lambda _: queries.statement("escrow:b7")),
    "the same from its middle": (lambda: middle("escrow:b7"), lambda at: queries.statement("escrow:b7", before=at)),
    "statement of the fees": (lambda: None, lambda _: queries.statement(FEES)),
    "an escrow's period": (
        lately, lambda then: as_of.statement_between("escrow:b7", start=then, end=then + timedelta(days=1)),
    ),
    "the fees' period": (lately, lambda then: as_of.statement_between(FEES, start=then, end=then + timedelta(days=1))),
    "the fees' balance halfway": (halfway, lambda then: as_of.standing_at(FEES, at=then)),
    "the fees' period till then": (halfway, lambda then: as_of.statement_between(FEES, start=EVER[0], end=then)),
    "trial balance": (lambda: None, lambda _: queries.trial_balance()),
    "trial balance lately": (lately, lambda then: as_of.trial_balance_at(at=then)),
    "trial balance halfway": (halfway, lambda then: as_of.trial_balance_at(at=then)),
    "newest of the journal": (lambda: None, lambda _: journal.walk(Filters())),
    "the journal from its middle": (
        lambda: Transfer.objects.order_by("-pk")[0].pk // 2, lambda at: journal.walk(Filters(), before=at),
    ),
    "newest of a kind": (lambda: None, lambda _: journal.walk(Filters(kinds=("post",)))),
    "newest of an account": (lambda: None, lambda _: journal.walk(Filters(account="escrow:b7"))),
    "newest of the fees": (lambda: None, lambda _: journal.walk(Filters(account=FEES))),
    "since lately": (lately, lambda then: journal.walk(Filters(recorded_from=then))),
    "one operation": (
        lambda: Transfer.objects.order_by("pk")[SMALL // 2].op_id, lambda op_id: journal.operation_of(op_id),
    ),
    "lists of exceptions": (
        lately, lambda then: [exceptions.count_of(name, at=then) for name in exceptions.LISTINGS],
    ),
    "a post": (lambda: None, lambda _: post_one()),
    "a hundred posts": (lambda: None, lambda _: post_hundred()),
    "a hold": (lambda: None, lambda _: hold_one()),
    "a hold and its release": (lambda: None, lambda _: hold_and_free()),
    "a hold and its capture": (lambda: None, lambda _: hold_and_pay()),
}  # fmt: skip
#: One page that looks at `WINDOW` rows and finds none: dearest of all, bounded all the same.
DEAR = {"nothing in a whole window": lambda: journal.walk(Filters(actor="nobody"))}
#: Whole pages: the explorer, the trial balance, statements.
PAGES: dict[str, Callable[[], str]] = {
    "explorer": lambda: "/audit/transfers",
    "explorer, of an account": lambda: f"/audit/transfers?{urlencode({'account': 'escrow:b7'})}",
    "trial balance": lambda: "/audit/trial-balance",
    "trial balance halfway": lambda: (
        f"/audit/trial-balance?{urlencode({'as_of': timezone.localtime(halfway()).strftime('%Y-%m-%dT%H:%M:%S')})}"
    ),
    "statement of a home": lambda: "/audit/accounts/household:b7",
    "statement of the fees": lambda: "/audit/accounts/platform:fees",
}


@contextmanager
def books(database: str) -> Iterator[None]:
    """Ask another database for a while."""
    settings = connections["default"].settings_dict
    before = settings["NAME"]
    connection.close()
    settings["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = before


def milliseconds(question: Callable[[], object], *, reads: int) -> list[float]:
    for _ in range(3):  # a new connection learns the tables and makes its plans
        question()
    took = []
    for _ in range(reads):
        began = time.perf_counter()
        question()
        took.append((time.perf_counter() - began) * 1000)
    return took


def compare(known: Callable, ask: Callable, databases: list[str], *, reads: int = READS) -> list[list[float]]:
    """Return what each asking of a question took in each of the databases, asked in turns, the shortest first."""
    took: dict[str, list[float]] = {database: [] for database in databases}
    for _ in range(ROUNDS):
        for database in databases:
            with books(database):
                about = known()
                took[database] += milliseconds(lambda about=about: ask(about), reads=reads)
    return [sorted(each) for each in took.values()]


def compare_pages(databases: list[str]) -> dict[str, list[list[float]]]:
    """Return what each whole page took over HTTP, each database behind a web server of its own, asked in turns."""
    took: dict[str, list[list[float]]] = {}
    with ExitStack() as served:
        desks = {database: served.enter_context(desk(database)) for database in databases}
        for name, path_of in PAGES.items():
            paths = {}
            for database in databases:
                with books(database):
                    paths[database] = path_of()
            each: dict[str, list[float]] = {database: [] for database in databases}
            for _ in range(ROUNDS):
                for database, (port, session) in desks.items():
                    with Caller(port, session) as caller:  # an idle one is hung up on while the other has its turn
                        each[database] += milliseconds(lambda c=caller, p=paths[database]: read(c, p), reads=PAGE_READS)
            took[f"page: {name}"] = [sorted(times) for times in each.values()]
    return took


@contextmanager
def desk(database: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Serve one database; yield the port, and what an auditor's browser sends along."""
    with ExitStack() as leaving:
        with books(database):
            session = signed_in(factories.auditor(), second_factor=True).cookies["sessionid"].value
            port = leaving.enter_context(web_server())
        yield port, {"Cookie": f"sessionid={session}"}


def read(caller: Caller, path: str) -> None:
    status, page = caller.send("GET", path, b"")
    assert status == 200, (path, status)
    assert b"</html>" in page, path


def test_the_books_cost_what_they_cost_when_they_were_small(committed_db, tmp_path, is_full):
    rows, bench = FULL if is_full else LARGE, Pgbench(committed_db, tmp_path)
    open_books()
    grow(bench, SMALL)
    small = f"{committed_db}_small"
    Pgbench("postgres", tmp_path).as_owner(f'CREATE DATABASE "{small}" TEMPLATE "{committed_db}" STRATEGY file_copy')
    try:
        grow(bench, rows)
        both = [small, committed_db]
        reached = {name: compare(known, ask, both) for name, (known, ask) in QUESTIONS.items()}
        for name, ask in DEAR.items():
            reached[name] = compare(lambda: None, lambda _, ask=ask: ask(), both, reads=3)
        reached |= compare_pages(both)
    finally:
        Pgbench("postgres", tmp_path).as_owner(f'DROP DATABASE "{small}" WITH (FORCE)')

    print(f"\n{SMALL:,} rows of the journal beside {rows:,} (asked in turns, fsync {fsync()})")
    print(f"  {'milliseconds':<32}{'p50':>8}{'p99':>9}   {'p50':>8}{'p99':>9}   {'p50 beside p50':>15}")
    for name, (before, after) in reached.items():
        times = f"{within(50, before):8.2f}{within(99, before):9.2f}   {within(50, after):8.2f}{within(99, after):9.2f}"
        print(f"  {name:<32}{times}   {within(50, after) / within(50, before):13.2f} x")
    worst = max(within(50, after) / within(50, before) for before, after in reached.values())
    print(say("the worst of them", worst, aim=AIM, least=False))
    assert broken_invariants() == {}


def within(percent: int, took: list[float]) -> float:
    """Return what so many of a hundred stayed within."""
    return took[len(took) * percent // 100]


def grow(bench: Pgbench, rows: int) -> None:
    """Let the journal have so many rows, as the clock would leave them: rolled up and looked after."""
    more = rows - Transfer.objects.count() + ESCROWS  # what filled the escrows is not counted
    connection.close()
    grow_payments(bench.database, more)
    while ledger.roll_up(stretch=ROLL_UP_ROWS):
        pass
    connection.close()
    bench.as_owner("VACUUM (ANALYZE)")
