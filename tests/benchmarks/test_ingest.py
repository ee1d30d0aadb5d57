"""What it costs to take in what appliances noticed, as ratios: 500 items a request over HTTP beside raw COPY.

COPY writes the very rows that the requests stored (`copied`). The stages are measured in one process without the web
server.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from consent.parties.models import Household
from marketplace.appliances.dialects import DIALECTS
from marketplace.insights import memories, operations, perceiving, storing, twin, vault, waiting
from marketplace.insights.models import Insight
from tests import factories
from tests.benchmarks.copied import copy_rate
from tests.benchmarks.stages import Stages
from tests.benchmarks.web import Caller, web_server

BATCH = 500
BATCHES = 40 if os.environ.get("MARU_BENCH_SIZE") == "full" else 6
THINGS = 20


def begin() -> datetime:
    """Return when the hubs' things began to speak: long enough ago for all that they say."""
    return timezone.now() - timedelta(hours=6)


def moment(number: int, began: datetime) -> str:
    """Return when reading `number` was made: each thing says something every ten seconds, and the rules must look."""
    return (began + timedelta(seconds=10 * (number // THINGS), milliseconds=number % THINGS)).isoformat()


def canonical(number: int, began: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": uuid4().hex, "source": f"urn:device:bench-{number % THINGS}",
        "type": "insight.air.pm25.v1", "time": moment(number, began), "datacontenttype": "application/json",
        "data": {
            "kind": "air.pm25", "value": 30 + number // THINGS / 10, "unit": "ug/m3",
            "method": {"type": "sensor", "name": "bench", "version": "1"},
        },
    }  # fmt: skip


def homeassistant(number: int, began: datetime) -> dict[str, Any]:
    now = moment(number, began)
    return {
        "entity_id": f"sensor.bench_{number % THINGS}_pm2_5", "state": str(30 + number // THINGS / 10),
        "attributes": {"device_class": "pm25", "unit_of_measurement": "µg/m³", "friendly_name": "거실 초미세먼지"},
        "last_changed": now, "last_updated": now, "context": {"id": uuid4().hex, "parent_id": None, "user_id": None},
    }  # fmt: skip


WAYS: dict[str, tuple[str, Callable[[int, datetime], dict[str, Any]]]] = {
    "canonical": ("/api/v1/insights", canonical),
    "homeassistant": ("/api/v1/ingest/homeassistant", homeassistant),
}


def bodies(name: str) -> Iterator[bytes]:
    """Make one warm-up request and the measured ones; no two say the same."""
    began = begin()
    for batch in range(BATCHES + 1):
        events = [WAYS[name][1](number + batch * BATCH, began) for number in range(BATCH)]
        yield json.dumps(events, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", WAYS)
def test_ingest_beside_copy(committed_db, monkeypatch, name):
    over_http, alone = factories.household(), factories.household()
    rate = http_rate(over_http, name)
    copied = copy_rate([over_http])

    print(f"\ningest, {name}: {BATCHES} requests of {BATCH}")
    print(f"  over HTTP {rate:7.0f}/s  {rate / copied:.3f} x COPY of the same rows ({copied:.0f}/s)")
    print(f"  in one process {stages_of(monkeypatch, alone, name)}")
    assert Insight.objects.filter(conclusion=None).count() == 2 * (BATCHES + 1) * BATCH
    assert all(vault.open_sealed(one.sealed) for one in Insight.objects.select_related("sealed__data_key")[:50])


def http_rate(home: Household, name: str) -> float:
    key = factories.hub_key(of=home)
    first, *others = bodies(name)
    with web_server() as port, Caller(port, {"Authorization": f"Bearer {key}"}) as hub:
        spent = [timed(lambda body=body: post(hub, WAYS[name][0], body)) for body in [first, *others]][1:]
    return BATCH / median(spent)


def post(hub: Caller, path: str, body: bytes) -> None:
    status, answer = hub.send("POST", path, body)
    assert status == 200, answer[:300]
    results = json.loads(answer)["results"]
    assert {result["status"] for result in results} == {"accepted"}, results[:2]


def stages_of(monkeypatch: pytest.MonkeyPatch, home: Household, name: str) -> str:
    """Take the measured requests in without the web server, and tell where the time went."""
    first, *others = bodies(name)
    take(home, name, first)
    with monkeypatch.context() as patch:
        stages = Stages(patch)
        watch_taking_in(stages)
        stages.watch("parse", type(DIALECTS[name]), "__call__")
        for body in others:
            take(home, name, body)
        return stages.tell(BATCH * BATCHES)


def watch_taking_in(stages: Stages) -> None:
    """Tell the stages of taking in apart, each with what it says to the database."""
    stages.watch("normalise", operations, "normalise")
    stages.watch("identify", operations, "_identified")
    stages.watch("look up", operations, "_sorted_out")
    stages.watch("count and hold", operations, "_held")
    stages.watch("seal", vault, "seal_many")
    for module in (vault, storing, waiting, memories, perceiving):
        stages.watch("store", module, "copy_in")
    stages.watch("twin", twin, "record")
    stages.watch("perceive", perceiving, "follow")


def take(home: Household, name: str, body: bytes) -> None:
    items = DIALECTS[name](body, {}, received_at=timezone.now())
    operations.record_insights(household=home, items=items, dialect=name, at=timezone.now())


def timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
