"""What a yes costs, as ratios: the domain function and the whole way over HTTP, beside what the server can do at all.

One approval is consent, answer, signed receipt, sealed copy, three ledger legs and release in one transaction.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties.models import User
from consent.parties.roles import RUNTIME_ROLE
from consent.records.models import Ask
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.proofs import counted_status
from rewards.ledger.invariants import broken_invariants
from tests import factories
from tests.benchmarks.ledger_books import FACT
from tests.benchmarks.pgbench import Pgbench
from tests.benchmarks.web import Caller, rate_of, web_server

IS_FULL = os.environ.get("MARU_BENCH_SIZE") == "full"
HANDS = 8
HOMES, BUYERS = 8, 20
EACH = 1000 if IS_FULL else 120
SECONDS = 10 if IS_FULL else 3

COMMIT = "INSERT INTO bench_commit VALUES (1);"
CAPTURE = rf"""
SELECT ledger_apply(jsonb_build_array(jsonb_build_object('action', 'capture', 'key', 'bench-settle-' || n,
    'hold', 'bench-hold-' || n, 'op_id', gen_random_uuid(), {FACT},
    'legs', jsonb_build_array(
        jsonb_build_object('credit', 'household:' || 'b' || n % {HOMES} + 1, 'amount', 8),
        jsonb_build_object('credit', 'platform:' || 'guarantee', 'amount', 1),
        jsonb_build_object('credit', 'platform:' || 'fees', 'amount', 1)))))
FROM nextval('bench_hold') n;
"""


@dataclass(frozen=True)
class Waiting:
    """One ask, who answers it, and the digest of what was shown."""

    ask: Ask
    member: User
    sha256: str


def prepared(count: int) -> Iterator[Waiting]:
    """Put `count` asks to eight homes, each home by twenty buyers about every thing it noticed."""
    people = [factories.member(of=factories.household(asks_per_week=30_000)) for _ in range(HOMES)]
    for _ in range(BUYERS):
        factories.open_request(of=factories.tokens_for(factories.organisation(), 10_000_000), tokens=5_000_000)
    for number in range(-(-count // (HOMES * BUYERS))):
        for person in people:
            factories.insight(of=person.membership.household, source=f"urn:device:{number}")
    while brokerage.match_insights(at=timezone.now()):
        pass
    members = {person.membership.household_id: person for person in people}
    # One home's asks follow one another, so that hands working side by side meet over buyers and over homes.
    asks = Ask.objects.select_related("household").order_by("asked_at", "pk")[:count]
    for ask in asks:
        member = members[ask.household_id]
        yield Waiting(ask, member, factories.shown(ask, by=member).preview.sha256)


def fill_holds(count: int) -> None:
    """Place holds of the same shape as the asks': twenty escrows, eight homes."""
    with connection.cursor() as cursor:
        for kind, accounts in (("escrow", BUYERS), ("household", HOMES)):
            cursor.execute(
                "SELECT ledger_open_account(%s || ':b' || n, %s) FROM generate_series(1, %s) n", [kind, kind, accounts]
            )
        cursor.execute(
            f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'post', 'key', 'bench:fund:' || n,
                    'debit', 'platform:issuance', 'credit', 'escrow:b' || n, 'amount', 1000000000, {FACT})))
                FROM generate_series(1, %s) n""",
            [BUYERS],
        )
        cursor.execute(
            f"""SELECT ledger_apply(jsonb_agg(jsonb_build_object('action', 'hold', 'key', 'bench-hold-' || n,
                    'debit', 'escrow:b' || (n %% {BUYERS} + 1), 'amount', 10, 'lifetime', 86400, {FACT})))
                FROM generate_series(1, %s) n GROUP BY n / 500""",
            [count],
        )


@pytest.fixture
def limits(committed_db, tmp_path) -> Pgbench:
    fill_holds(SECONDS * 8_000)
    connection.close()
    made = Pgbench(committed_db, tmp_path)
    made.as_owner(f"CREATE SEQUENCE bench_hold; GRANT USAGE ON SEQUENCE bench_hold TO {RUNTIME_ROLE}")
    made.as_owner(f"CREATE TABLE bench_commit (n int); GRANT INSERT ON bench_commit TO {RUNTIME_ROLE}")
    made.fill(scale=HANDS)
    return made


def test_approvals_beside_the_physical_limit(limits):
    waiting = list(prepared(3 * EACH + 1))
    alone, side_by_side, over_http = waiting[1 : EACH + 1], waiting[EACH + 1 : 2 * EACH + 1], waiting[2 * EACH + 1 :]

    statements = statements_of(waiting[0])
    single = rate_of(lambda number: approve(alone[number]), items=EACH, hands=1)
    single_limit = measure(limits, clients=1)
    many = rate_of(lambda number: approve(side_by_side[number]), items=EACH, hands=HANDS)
    web = http_rate(over_http)
    many_limit = measure(limits, clients=HANDS)

    print(f"\napprovals ({EACH} each way; {statements} statements, BEGIN and COMMIT not counted)")
    told("one thread", single, single_limit)
    told(f"{HANDS} threads, one process", many, many_limit)
    told(f"{HANDS} browsers over HTTP", web, many_limit)
    assert Ask.objects.filter(state=Ask.State.APPROVED).count() == 3 * EACH + 1
    assert broken_invariants() == {}
    assert counted_status().orphans == 0


def approve(one: Waiting) -> None:
    brokerage.approve_ask(
        ask_id=one.ask.pk, actor=one.member, preview_sha256=one.sha256, locale="ko", at=timezone.now()
    )


def statements_of(one: Waiting) -> int:
    with CaptureQueriesContext(connection) as captured:
        approve(one)
    if os.environ.get("MARU_BENCH_SHOW"):
        print(*(query["sql"][:150] for query in captured), sep="\n")
    return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in captured)


def http_rate(waiting: Sequence[Waiting]) -> float:
    with web_server() as port, contextlib.ExitStack() as opened:
        sessions = {one.member.pk: one.member for one in waiting}
        headers = {pk: Caller.member(port, member).headers for pk, member in sessions.items()}
        callers = [opened.enter_context(Caller(port)) for _ in range(HANDS)]
        for caller in callers:  # every worker has loaded what it needs
            caller.send("GET", "/readyz", b"")

        def post(number: int) -> None:
            one, caller = waiting[number], callers[number % HANDS]
            caller.headers = headers[one.member.pk]
            status, body = caller.send(
                "POST", f"/api/v1/asks/{one.ask.pk}/approve", json.dumps({"preview_sha256": one.sha256}).encode()
            )
            assert status == 200, body

        return rate_of(post, items=len(waiting), hands=HANDS)


def measure(limits: Pgbench, *, clients: int) -> dict[str, float]:
    """Return what the same server does a second with nothing of Python around it."""
    size = {"clients": clients, "seconds": SECONDS}
    return {
        "TPC-B": limits.tpc_b(**size),
        "bare commit": limits.script("commit", COMMIT, **size),
        "capture alone": limits.script("capture", CAPTURE, **size),
    }


def told(name: str, rate: float, limit: dict[str, float]) -> None:
    ratios = ", ".join(f"{rate / most:.3f} x {what} ({most:.0f}/s)" for what, most in limit.items())
    print(f"  {name:<24} {rate:7.0f}/s  {ratios}")
