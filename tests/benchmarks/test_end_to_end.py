"""What it costs from an appliance's lips to a household's inbox, as a ratio beside raw COPY, and whether it stays so.

As it is deployed: more hubs than processors speak at once, each sends a signed batch of 500 and hangs up, to a web
server of several workers, while a matching worker of its own meets what they bring with 1,000 open data requests, of
which one in a hundred asks. The time is that from the first byte sent to the last ask in an inbox. New homes do so
round after round: the first rounds warm every worker and are not counted. After each of the others stands COPY of the
rows that it stored in both sides of the vault and among the insights (`copied`; it writes into empty tables): on one
connection, which is the peer of the aim, and on as many as there were hubs, which is all that these processors could
store if nobody read, checked, sealed or matched anything. What counts is the median of the rounds' ratios.

Then one after the other: one hub alone, the median of its batches, and matching after it, beside COPY on one
connection.

Homes that are asked five times a week, as homes are, and homes without a limit, which are asked once about each thing
and request, are two lines. All of it with a hundred thousand insights stored before, with a million, and with SIZE=full
ten million; each size begins after a checkpoint, so that none pays for writing down how it grew.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from consent.parties.models import Household
from consent.records.models import Ask
from marketplace.appliances import signatures
from marketplace.appliances.dialects import DIALECTS, Dialect
from marketplace.appliances.models import PairedKey
from marketplace.appliances.senders import sender_of
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage import proposals
from marketplace.brokerage.operations import asking
from marketplace.insights import operations, vault
from marketplace.insights.models import Insight, Waiting
from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from tests import factories
from tests.benchmarks.copied import copy_rate
from tests.benchmarks.stages import Stages
from tests.benchmarks.stored import grow_insights
from tests.benchmarks.test_ingest import begin, canonical, timed, watch_taking_in
from tests.benchmarks.test_matching import ASKING, OPEN, crowd, open_to_all
from tests.benchmarks.web import Caller, environment, rate_of, web_server
from tests.config.supervising import wait_until
from tests.marketplace.appliances.hubs import Hub, signed_headers

BATCH, BATCHES_A_HOME = 500, 3
#: One home's hub each, all speaking at once: a web worker that is free takes the next.
HUBS = 2 * max(2, os.cpu_count() or 1)
WARMING, ROUNDS = 2, 5
AIM, FLAT = 0.25, 1.15
SECONDS = 600
#: What homes allow, and what no home would: the most that matching can have to do.
LIMITS = {"five asks a week": 5, "asked without a limit": 30_000}
#: A matching worker as Celery or the clock runs it, until its input ends.
WORKER = """
import sys, threading, django
django.setup()
from django.utils import timezone
from marketplace.brokerage.operations import match_insights
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
print("ready", flush=True)
while not over.is_set():
    match_insights(at=timezone.now(), limit=500) or over.wait(0.02)
"""


@dataclass(frozen=True)
class Speaker:
    """One home's hub, and what it will say."""

    home: Household
    hub: Hub
    bodies: list[bytes]


@dataclass(frozen=True)
class Round:
    """Insights a second of one round, and of COPY of its rows right after it: the machine changes its speed."""

    deployed: float
    copied: float
    copied_by_many: float


@dataclass(frozen=True)
class Rates:
    """What some rounds came to, insights a second of one hub alone and of COPY of its rows, and asks an insight."""

    rounds: list[Round]
    taken_in: float
    matched: float
    copied_alone: float
    asks: float

    @property
    def deployed(self) -> float:
        return median(one.deployed for one in self.rounds)

    @property
    def ratio(self) -> float:
        return median(one.deployed / one.copied for one in self.rounds)

    @property
    def ratio_to_many(self) -> float:
        return median(one.deployed / one.copied_by_many for one in self.rounds)

    @property
    def alone(self) -> float:
        return 1 / (1 / self.taken_in + 1 / self.matched)


def test_end_to_end_beside_copy(committed_db, monkeypatch, is_full):
    asks_for = [open_to_all() for _ in range(ASKING)]
    crowd(OPEN - ASKING, like=asks_for[0])
    print(f"\nend to end: signed batches of {BATCH}, {HUBS} hubs at once, {OPEN} open requests, 1 % ask")
    for name, limit in LIMITS.items():
        print(f"  in one process, {name}: {stages_of(monkeypatch, limit)}")

    stored, first = 0, {}
    for size in (100_000, 1_000_000, *([10_000_000] if is_full else [])):
        grow_insights(committed_db, first=stored + 1, last=size)
        stored = size
        for name, limit in LIMITS.items():
            found = measured(limit)
            tell(size, name, found, first.setdefault(name, found))

    assert broken_invariants() == {}
    assert not Waiting.objects.exists()
    said_here = Insight.objects.filter(household__pairings__isnull=False).select_related("sealed__data_key")
    assert all(vault.open_sealed(one.sealed) for one in said_here[:50])


def tell(size: int, name: str, found: Rates, first: Rates) -> None:
    grown = first.deployed / found.deployed
    missed = "" if found.ratio >= AIM else f"  MISSES the aim of >= {AIM}"
    print(f"  {size:>10,} stored, {name}, {found.asks:.3f} asks an insight")
    copied = median(one.copied for one in found.rounds)
    print(f"    deployed {found.deployed:6.0f} insights/s, {found.ratio:.3f} x COPY ({copied:.0f}/s){missed}", end="")
    print(f"; {found.ratio_to_many:.3f} x COPY on {HUBS} connections")
    print(f"    one hub  {found.alone:6.0f} insights/s, {found.alone / found.copied_alone:.3f} x COPY", end="")
    print(f": taken in {found.taken_in:.0f}/s over HTTP, matched {found.matched:.0f}/s")
    if found is not first:
        flat = "" if grown <= FLAT else f"  MISSES the aim of <= {FLAT}"
        print(f"    {grown:.2f} x the time of an insight at first{flat}")


def measured(limit: int) -> Rates:
    """Let some new homes say what they have to say, together and then one alone."""
    with web_server() as port:
        with matching():
            for _ in range(WARMING):
                round_of(port, speakers(HUBS, limit))
            asked = Ask.objects.count()
            rounds = [told_round(port, speakers(HUBS, limit)) for _ in range(ROUNDS)]
            asked = Ask.objects.count() - asked
        alone = speakers(2, limit)
        taken_in = BATCH / median(timed(say) for one in alone for say in sayings(port, one))
    matched = rows_of(alone) / timed(match_all)
    return Rates(
        rounds=rounds,
        taken_in=taken_in,
        matched=matched,
        copied_alone=copy_rate([one.home for one in alone]),
        asks=asked / (ROUNDS * HUBS * BATCHES_A_HOME * BATCH),
    )


def told_round(port: int, some: list[Speaker]) -> Round:
    """Let some hubs speak, then write their rows again by COPY, on one connection and on as many as there are hubs."""
    deployed, homes = round_of(port, some), [one.home for one in some]
    return Round(deployed, copy_rate(homes), copy_rate(homes, hands=HUBS))


def round_of(port: int, some: list[Speaker]) -> float:
    """Let as many hubs speak at once; return how many insights a second were taken in and matched."""
    began = time.perf_counter()
    rate_of(lambda number: say_all(port, some[number]), items=len(some), hands=len(some))
    wait_until_matched()
    return rows_of(some) / (time.perf_counter() - began)


def wait_until_matched() -> None:
    wait_until(lambda: not Waiting.objects.exists(), seconds=SECONDS)


@contextlib.contextmanager
def matching() -> Iterator[None]:
    """Match in a process of its own, beside everything that happens meanwhile."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WORKER], env=environment(), **pipes) as worker:
        assert worker.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            worker.stdin.close()
            assert worker.wait(timeout=60) == 0


def rows_of(some: list[Speaker]) -> int:
    return Insight.objects.filter(household__in=[one.home.pk for one in some]).count()


def speakers(count: int, limit: int) -> list[Speaker]:
    return [speaker(limit) for _ in range(count)]


def speaker(limit: int) -> Speaker:
    home = factories.household(asks_per_week=limit)
    hub = Hub(factories.member(of=home), key=Ed25519PrivateKey.generate())
    return Speaker(home, hub, list(bodies()))


def bodies() -> Iterator[bytes]:
    began = begin()
    for batch in range(BATCHES_A_HOME):
        yield json.dumps([bad_air(number + batch * BATCH, began) for number in range(BATCH)]).encode()


def bad_air(number: int, began: datetime) -> dict[str, Any]:
    """Every value is above what ten of the thousand ask for, and below what the others do."""
    event = canonical(number, began)
    return event | {"data": event["data"] | {"value": 50 + number / 100}}


def say_all(port: int, one: Speaker) -> None:
    for say in sayings(port, one):
        say()


def sayings(port: int, one: Speaker) -> list[Callable[[], None]]:
    return [partial(said, port, one, body) for body in one.bodies]


def said(port: int, one: Speaker, body: bytes) -> None:
    # A line of its own for each: between two batches a hub is silent for longer than a server keeps one.
    with Caller(port, {"maru-key": one.hub.key_id, **signed_headers(one.hub.secret, body)}) as caller:
        status, answer = caller.send("POST", "/api/v1/insights", body)
    assert status == 200, answer[:300]
    assert {result["status"] for result in json.loads(answer)["results"]} == {"accepted"}


def match_all() -> None:
    while brokerage.match_insights(at=timezone.now(), limit=BATCH):
        pass


def stages_of(monkeypatch, limit: int) -> str:
    """Tell each stage's share of the same way, without the web server and one after the other."""
    before, one = speakers(2, limit)
    take(before)
    match_all()
    with monkeypatch.context() as patch:
        stages = Stages(patch)
        watch_taking_in(stages)
        stages.watch("verify", signatures, "check_signature")
        stages.watch("parse", Dialect, "__call__")
        stages.watch("ask", asking, "_put")
        stages.watch("ask", proposals, "_available_for")
        stages.watch("ask", ledger, "place_holds")
        stages.watch("match", brokerage, "match_insights")
        take(one)
        match_all()
        return stages.tell(BATCH * BATCHES_A_HOME)


def take(one: Speaker) -> None:
    """Take in what one hub says, as the API does."""
    key = PairedKey.objects.select_related("pairing").get(pk=one.hub.key_id)
    for body in one.bodies:
        signed = signatures.read_headers(signed_headers(one.hub.secret, body))
        signatures.check_signature(signed, body, public_key=bytes(key.public_key or b""))
        items = DIALECTS["canonical"](body, {}, received_at=timezone.now())
        sender = sender_of(key, message_sha256=uuid4().hex * 2)
        operations.record_insights(
            household=one.home, items=items, dialect="canonical", at=timezone.now(), sender=sender
        )
