"""What it costs to take in what appliances noticed, as ratios: 500 items a request over HTTP beside raw COPY.

COPY writes the very rows that the requests stored, in as many commits, into tables with the same columns and indexes:
no parsing, no sealing, no foreign keys. The stages are measured in one process without the web server.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from marketplace.appliances.dialects import DIALECTS
from marketplace.insights import operations, vault
from marketplace.insights.models import DataKey, Insight, SealedObject
from tests import factories
from tests.benchmarks.web import Caller, database_url, web_server

BATCH = 500
BATCHES = 40 if os.environ.get("MARU_BENCH_SIZE") == "full" else 6
THINGS = 20
TABLES = [SealedObject._meta.db_table, DataKey._meta.db_table, Insight._meta.db_table]


def canonical(number: int, now: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": uuid4().hex, "source": f"urn:device:bench-{number % THINGS}",
        "type": "insight.air.pm25.v1", "time": now, "datacontenttype": "application/json",
        "data": {
            "kind": "air.pm25", "value": 30 + number // THINGS / 10, "unit": "ug/m3",
            "method": {"type": "sensor", "name": "bench", "version": "1"},
        },
    }  # fmt: skip


def homeassistant(number: int, now: str) -> dict[str, Any]:
    return {
        "entity_id": f"sensor.bench_{number % THINGS}_pm2_5", "state": str(30 + number // THINGS / 10),
        "attributes": {"device_class": "pm25", "unit_of_measurement": "µg/m³", "friendly_name": "거실 초미세먼지"},
        "last_changed": now, "last_updated": now, "context": {"id": uuid4().hex, "parent_id": None, "user_id": None},
    }  # fmt: skip


WAYS: dict[str, tuple[str, Callable[[int, str], dict[str, Any]]]] = {
    "canonical": ("/api/v1/insights", canonical),
    "homeassistant": ("/api/v1/ingest/homeassistant", homeassistant),
}


def bodies(name: str) -> Iterator[bytes]:
    """Make one warm-up request and the measured ones; no two say the same."""
    now = timezone.now().isoformat()
    for batch in range(BATCHES + 1):
        events = [WAYS[name][1](number + batch * BATCH, now) for number in range(BATCH)]
        yield json.dumps(events, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", WAYS)
def test_ingest_beside_copy(committed_db, monkeypatch, name):
    over_http = http_rate(name)
    copied = copy_rate()
    stages, whole = stage_times(monkeypatch, name)

    rows = BATCH * BATCHES
    print(f"\ningest, {name}: {BATCHES} requests of {BATCH}")
    print(f"  over HTTP {over_http:7.0f}/s  {over_http / copied:.3f} x COPY of the same rows ({copied:.0f}/s)")
    print(f"  in one process {rows / whole:7.0f}/s  {rows / whole / copied:.3f} x COPY; of that time:")
    print("  " + ", ".join(f"{stage} {spent / whole:.0%}" for stage, spent in stages.items()))
    assert Insight.objects.count() == 2 * (BATCHES + 1) * BATCH
    assert all(vault.open_sealed(one.sealed) for one in Insight.objects.select_related("sealed__data_key")[:50])


def http_rate(name: str) -> float:
    key = factories.hub_key(of=factories.household())
    first, *others = bodies(name)
    with web_server() as port, Caller(port, {"Authorization": f"Bearer {key}"}) as hub:
        spent = [timed(lambda body=body: post(hub, WAYS[name][0], body)) for body in [first, *others]][1:]
    return BATCH / median(spent)


def post(hub: Caller, path: str, body: bytes) -> None:
    status, answer = hub.send("POST", path, body)
    assert status == 200, answer[:300]
    results = json.loads(answer)["results"]
    assert {result["status"] for result in results} == {"accepted"}, results[:2]


def copy_rate() -> float:
    """Write the stored rows again with COPY, a commit per 500 of each table."""
    with psycopg.connect(database_url(), autocommit=True) as hand:
        blocks: list[list[bytes]] = []
        for table in TABLES:
            hand.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            with hand.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                lines = b"".join(bytes(block) for block in copy).splitlines(keepends=True)
            blocks.append([b"".join(lines[start : start + BATCH]) for start in range(0, len(lines), BATCH)])
        spent = [timed(lambda batch=batch: copy_batch(hand, batch)) for batch in zip(*blocks, strict=True)]
    return BATCH / median(spent)


def copy_batch(hand: "psycopg.Connection[Any]", batch: tuple[bytes, ...]) -> None:
    with hand.transaction():
        for table, block in zip(TABLES, batch, strict=True):
            with hand.cursor().copy(f"COPY bench_{table} FROM STDIN") as copy:
                copy.write(block)


def stage_times(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[dict[str, float], float]:
    """Return the seconds of each stage, and of the whole, for the measured requests without a web server."""
    spent = {"parse": 0.0, "normalise": 0.0, "seal": 0.0, "store": 0.0}
    home = factories.household()
    first, *others = bodies(name)
    take(home, name, first)
    with monkeypatch.context() as patch:
        watch(patch, spent, "normalise", operations, "normalise")
        watch(patch, spent, "seal", vault, "_sealed")
        for module in (operations, vault):
            watch(patch, spent, "store", module, "copy_in")
        began = time.perf_counter()
        for body in others:
            with counted(spent, "parse"):
                items = DIALECTS[name](body, {}, received_at=timezone.now())
            operations.record_insights(household=home, items=items, dialect=name, at=timezone.now())
        whole = time.perf_counter() - began
    return spent | {"the rest (names, look-up, commit)": whole - sum(spent.values())}, whole


def take(home: Any, name: str, body: bytes) -> None:
    items = DIALECTS[name](body, {}, received_at=timezone.now())
    operations.record_insights(household=home, items=items, dialect=name, at=timezone.now())


def watch(patch: pytest.MonkeyPatch, spent: dict[str, float], stage: str, module: Any, name: str) -> None:
    real = getattr(module, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        with counted(spent, stage):
            return real(*args, **kwargs)

    patch.setattr(module, name, watched)


@contextmanager
def counted(spent: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    spent[stage] += time.perf_counter() - began


def timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
