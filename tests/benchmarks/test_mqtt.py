"""What it costs to take in what hubs publish: over a real broker, beside HTTP, as ratios to raw COPY of the same rows.

Signed batches of 500, as a large hub sends them, and single readings, as small sensors do. Each comes from one sender:
a rate is that of one home. COPY writes the rows that were stored, 500 a commit, without parsing or sealing.
"""

import json
import os
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from consent.parties.models import Household
from marketplace.appliances.models import BridgeBeat
from marketplace.insights.models import Insight
from tests import brokers, factories
from tests.benchmarks.copied import copy_rate
from tests.benchmarks.web import Caller, web_server
from tests.config.supervising import wait_until
from tests.faults.bridges import Bridge
from tests.marketplace.appliances.publishing import carrying, framed, signing

BATCH = 500
BATCHES = 40 if os.environ.get("MARU_BENCH_SIZE") == "full" else 6
SINGLES = BATCH * BATCHES // 2
THINGS = 20
#: Of HTTP: batches should cost little more over a broker. What several homes reach is `test_mqtt_whole_way`.
AIM = 0.8
SECONDS = 600


@pytest.fixture
def broker(committed_db, tmp_path, settings) -> Iterator[brokers.Mosquitto]:
    if brokers.program() is None:
        pytest.skip("no Mosquitto here: apt-get install mosquitto, or sh .ci/broker")
    # As docs/mqtt.md has it: not everything that is queued is written down anew with each publication.
    server = brokers.Mosquitto(
        tmp_path, rules=brokers.RULES.replace("autosave_interval 1\n", "autosave_interval 100\n")
    )
    settings.MQTT_URL = server.url
    yield server
    server.stop()


def test_mqtt_beside_http_and_copy(broker):
    home = factories.household()
    over_http = http_rate(home)
    hub, pairing = signing(), carrying(password="plain")
    call_command("mqtt_logins", str(broker.folder), verbosity=0)
    broker.start()
    with Bridge(broker.url):
        wait_until(BridgeBeat.objects.exists, seconds=SECONDS)
        batches, singles = batch_rate(broker, hub), single_rate(broker, pairing)
    copied = copy_rate([home])

    print(f"\nMQTT, one home: {BATCHES} signed batches of {BATCH}, {SINGLES} single readings, QoS 1")
    print(f"  HTTP batches   {over_http:7.0f}/s  {over_http / copied:.3f} x COPY of the same rows ({copied:.0f}/s)")
    print(f"  MQTT batches   {batches:7.0f}/s  {batches / copied:.3f} x COPY, {batches / over_http:.2f} x HTTP")
    print(f"  MQTT singles   {singles:7.0f}/s  {singles / copied:.3f} x COPY, {singles / over_http:.2f} x HTTP")
    print(f"  aim of batches: {AIM} x HTTP{'' if batches / over_http >= AIM else '  MISSES'}")
    assert Insight.objects.count() == 2 * (BATCHES + 1) * BATCH + SINGLES + THINGS


def events(number: int = BATCH) -> list[dict[str, Any]]:
    now = timezone.now().isoformat()
    return [
        {
            "specversion": "1.0", "id": uuid4().hex, "source": f"urn:device:bench-{place % THINGS}",
            "type": "insight.air.voc_index.v1", "time": now, "datacontenttype": "application/json",
            "data": {
                "kind": "air.voc_index", "value": 100 + place // THINGS, "unit": "{voc_index}",
                "method": {"type": "sensor", "name": "bench", "version": "1"},
            },
        }
        for place in range(number)
    ]  # fmt: skip


def http_rate(home: Household) -> float:
    key = factories.hub_key(of=home)
    bodies = [json.dumps(events()).encode() for _ in range(BATCHES + 1)]
    spent: list[float] = []
    with web_server() as port, Caller(port, {"Authorization": f"Bearer {key}"}) as hub:
        for body in bodies:
            began = time.perf_counter()
            status, answer = hub.send("POST", "/api/v1/insights", body)
            spent.append(time.perf_counter() - began)
            assert status == 200, answer[:300]
    return BATCH / median(spent[1:])


def batch_rate(broker: brokers.Mosquitto, hub: Any) -> float:
    """Publish every batch at once, and wait for the last answer."""
    said = [framed(hub, events(), message_id=f"bench-{number}") for number in range(BATCHES + 1)]
    with brokers.Device(broker, str(hub.pairing.pk), "secret") as device:
        device.publish("events", said[0])
        device.answer_to("bench-0", seconds=SECONDS)
        began = time.perf_counter()
        for payload in said[1:]:
            device.publish("events", payload)
        device.wait_for(lambda: len(device.answers) > BATCHES, SECONDS)
        took = time.perf_counter() - began
    assert all(one["status"] == "taken" for one in device.answers)
    return BATCHES * BATCH / took


def single_rate(broker: brokers.Mosquitto, pairing: Any) -> float:
    """Publish one reading at a time, never waiting for the one before, and wait until the last one is stored."""
    mine = Insight.objects.filter(household=pairing.household)
    with brokers.Device(broker, str(pairing.pk), "plain") as device:
        for number in range(THINGS):
            device.publish(f"zigbee2mqtt/s{number}", '{"voc_index": 100}')
        wait_until(lambda: mine.count() == THINGS, seconds=SECONDS)
        began = time.perf_counter()
        for number in range(SINGLES):
            device.publish(f"zigbee2mqtt/s{number % THINGS}", json.dumps({"voc_index": 100 + number % 300}))
        wait_until(lambda: mine.count() == SINGLES + THINGS, seconds=SECONDS)
        return SINGLES / (time.perf_counter() - began)
