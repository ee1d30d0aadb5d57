"""How many insights are matched a second while 1,000 data requests are open, of which one in a hundred asks.

And how many where nobody is asked in the end, although the request is for this kind in this district: that is what
most insights come to, for a home is asked a few times a week whatever its appliances say.
"""

import os
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from unittest import mock
from uuid import uuid4

from django.utils import timezone

from consent.parties.models import Organisation
from consent.records.models import Ask
from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.appliances.operations import arriving
from marketplace.brokerage import operations as brokerage
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.insights import operations as insights
from marketplace.insights.models import Waiting
from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import AccountKind
from tests import factories
from tests.benchmarks.web import environment

OPEN, ASKING, ASKS_A_WEEK = 1_000, 10, 5
BATCH = 200
ROUNDS = 20 if os.environ.get("MARU_BENCH_SIZE") == "full" else 3


def test_matching_beside_a_thousand_open_requests(committed_db):
    homes = [factories.household(asks_per_week=30_000) for _ in range(ROUNDS)]
    asking = [open_to_all() for _ in range(ASKING)]
    alone = insights_a_second(homes)
    crowd(OPEN - ASKING, like=asking[0])
    crowded = insights_a_second(homes)
    unmet = insights_a_second(homes, value=30)
    modest = [factories.household(asks_per_week=ASKS_A_WEEK) for _ in range(ROUNDS)]
    filled = insights_a_second(modest)
    bring(modest)
    assert not Waiting.objects.exists()

    print(f"\nmatching, {BATCH} insights a call, {ROUNDS} calls; each insight is asked about {ASKING} times")
    print(f"  {ASKING} open requests, all ask    {alone:6.0f} insights/s, {alone * ASKING:6.0f} asks/s")
    print(f"  {OPEN} open requests, 1 % ask  {crowded:6.0f} insights/s, {crowded / alone:.2f} x as many")
    print(f"  the same, and no condition met    {unmet:6.0f} insights/s, {unmet / crowded:.2f} x as many")
    print(
        f"  the same, {ASKS_A_WEEK} asks fill a week  {filled:6.0f} insights/s, {filled / crowded:.2f} x as many",
        end="",
    )
    print("; what comes after that is not even listed")
    assert Ask.objects.count() == 2 * ROUNDS * BATCH * ASKING + ROUNDS * ASKS_A_WEEK
    assert broken_invariants() == {}


#: One worker as Celery or a clock runs it: a process of its own, which begins when it is told to.
WORKER = """
import sys, django
django.setup()
from django.utils import timezone
from marketplace.brokerage.operations import match_insights
print("ready", flush=True)
sys.stdin.readline()
while match_insights(at=timezone.now(), limit=%d):
    pass
"""


def test_two_workers_beside_one(committed_db):
    for _ in range(ASKING):
        open_to_all()
    one, two = (shared_by(workers) for workers in (1, 2))

    print(f"\nmatching by workers, {2 * ROUNDS} homes of {BATCH} insights, all wanted by the same {ASKING} requests")
    print(f"  one worker   {one:6.0f} insights/s\n  two workers  {two:6.0f} insights/s, {two / one:.2f} x as many")
    assert Ask.objects.count() == 2 * 2 * ROUNDS * BATCH * ASKING
    assert broken_invariants() == {}


def shared_by(count: int) -> float:
    """Return how many insights a second that many processes match; nothing is left, nothing asked twice."""
    homes = [factories.household(asks_per_week=30_000) for _ in range(2 * ROUNDS)]
    bring(homes)
    command = [sys.executable, "-c", WORKER % BATCH]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, env=environment(), **pipes) for _ in range(count)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.close()
    ended = []
    for worker in workers:
        with worker:
            ended.append(worker.wait(timeout=600))
    assert ended == [0] * count
    # A worker that found every home in the other's hands went home before; what it left is matched here.
    while brokerage.match_insights(at=timezone.now(), limit=BATCH):
        pass
    return len(homes) * BATCH / (time.perf_counter() - began)


def open_to_all() -> DataRequest:
    buyer = factories.tokens_for(factories.organisation(), 100_000_000)
    return factories.open_request(of=buyer, tokens=50_000_000)


def crowd(count: int, *, like: DataRequest) -> None:
    """Open requests for the same kind and district, with a condition that nothing here meets."""
    buyers = [factories.organisation(kind=Organisation.Kind.BUYER) for _ in range(ASKING)]
    made_at, terms = timezone.now(), like.version
    requests = [
        DataRequest(
            organisation=buyers[number % ASKING], state=DataRequest.State.OPEN, created_at=made_at, opened_at=made_at
        )
        for number in range(count)
    ]
    DataRequest.objects.bulk_create(requests)
    names = [
        field.attname for field in RequestVersion._meta.concrete_fields if field.attname not in ("id", "request_id")
    ]
    same = {name: getattr(terms, name) for name in names} | {"above": 900.0}
    versions = RequestVersion.objects.bulk_create([RequestVersion(request=request, **same) for request in requests])
    for request, version in zip(requests, versions, strict=True):
        request.current = version
    DataRequest.objects.bulk_update(requests, ["current"], batch_size=500)
    for request in requests:
        ledger.open_account(address=request.escrow, kind=AccountKind.ESCROW)


def insights_a_second(homes: list, *, value: int = 60) -> float:
    """Bring one batch per home, each thing by an appliance of its own, and match them all."""
    bring(homes, value=value)
    began = time.perf_counter()
    matched = 0
    while taken := brokerage.match_insights(at=timezone.now(), limit=BATCH):
        matched += taken
    assert matched == len(homes) * BATCH
    return matched / (time.perf_counter() - began)


def bring(homes: list, *, value: int = 60) -> None:
    """Let every home say something by more new appliances than a home may bring in a day."""
    with mock.patch.object(arriving, "MAX_NEW_A_DAY", 100 * BATCH):
        for home in homes:
            told = insights.record_insights(
                household=home, items=readings(value), dialect="canonical", at=timezone.now()
            )
            assert {result.status for result in told} == {"accepted"}


def readings(value: int) -> list[Reading]:
    return [
        Reading(
            index=number, kind="air.pm25", value=Decimal(value), unit="ug/m3", raw=Raw(str(value), "ug/m3"),
            method=Method(type="sensor", name="bench", version="1"), source=f"urn:device:{uuid4().hex}",
            appliance_type="air_purifier", event_id=uuid4().hex, observed_at=timezone.now() - timedelta(minutes=5),
        )
        for number in range(BATCH)
    ]  # fmt: skip
