"""The broker is killed, and the bridge is: every insight that was sent is stored, exactly once.

A broker says "I have it" a moment before it has written it down, and forgets that when it is killed. So a hub counts
as sent what Maru has answered, and sends again, under the same id, what nobody answered. A device that cannot do that
counts what the broker has acknowledged; that is enough as long as only the bridge dies.
"""

import json
import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from marketplace.appliances.models import BridgeBeat
from marketplace.insights.models import Insight
from tests import brokers
from tests.config.supervising import wait_until
from tests.faults.bridges import Bridge
from tests.marketplace.appliances.hubs import Hub, event
from tests.marketplace.appliances.publishing import carrying, framed, signing

ROUNDS, HUBS, BATCH = 10, 3, 5
#: How much has to be stored between two kills: proof that there was load, on a machine of any speed.
BETWEEN = 10
PATIENCE_SECONDS = 120
SEND_AGAIN_SECONDS = 3.0
UNANSWERED = 5


@pytest.fixture
def broker(committed_db, tmp_path, settings):
    if brokers.program() is None:
        pytest.skip("no Mosquitto here: apt-get install mosquitto, or sh .ci/broker")
    server = brokers.Mosquitto(tmp_path)
    settings.MQTT_URL = server.url
    yield server
    server.stop()


class KeenHub:
    """A hub as docs/mqtt.md has it: keeps every batch until it is answered, and sends it again until then."""

    def __init__(self, broker: brokers.Mosquitto, hub: Hub) -> None:
        self.hub, self.made, self.sendings = hub, 0, 0
        self.told: Counter[str] = Counter()
        self._device = brokers.Device(broker, str(hub.pairing.pk), "secret", clean=False)
        self._waiting: dict[str, tuple[bytes, float]] = {}
        self._is_over = threading.Event()
        self._read = 0
        self._thread = threading.Thread(target=self._live)

    def __enter__(self) -> "KeenHub":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.finish()
        self._device.__exit__()

    def finish(self) -> None:
        """Make nothing new, and wait until everything is answered, however long that takes within reason."""
        self._is_over.set()
        self._thread.join()

    def _live(self) -> None:
        until = None
        while until is None or (self._waiting and time.monotonic() < until):
            if self._is_over.is_set():
                until = until or time.monotonic() + PATIENCE_SECONDS
            elif len(self._waiting) < UNANSWERED:
                self._send(f"msg-{uuid4().hex}", self._batch())
            self._hear()
            for message_id, (said, at) in list(self._waiting.items()):
                if time.monotonic() - at > SEND_AGAIN_SECONDS:
                    self._send(message_id, said)
            time.sleep(0.01)

    def _batch(self) -> list[Any]:
        self.made += BATCH
        return [event(100, kind="air.voc_index", unit="{voc_index}") for _ in range(BATCH)]

    def _send(self, message_id: str, said: Any) -> None:
        payload = said if isinstance(said, bytes) else framed(self.hub, said, message_id=message_id)
        self._waiting[message_id] = (payload, time.monotonic())
        self._device.publish("events", payload)
        self.sendings += 1

    def _hear(self) -> None:
        for answer in self._device.answers[self._read :]:
            self._read += 1
            if self._waiting.pop(answer["message"], None):
                self.told[answer["status"]] += 1

    @property
    def unanswered(self) -> int:
        return len(self._waiting)


def stored() -> int:
    return Insight.objects.count()


def wait_until_known() -> None:
    """Wait for the bridge's first sign of life: a broker keeps nothing for a name it has never met."""
    wait_until(BridgeBeat.objects.exists, seconds=PATIENCE_SECONDS)


def wait_for_more(than: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while stored() < than + BETWEEN:
        assert time.monotonic() < until, "nothing is stored any more"
        time.sleep(0.02)


def rounds(seconds_left: float) -> int:
    """Ten, or as many as fit into a slice of which others want some too."""
    return int(max(2, min(ROUNDS, seconds_left / 8)))


def test_a_killed_broker_loses_nothing_that_a_hub_counts_as_sent(broker, seconds_left, capsys):
    hubs = [signing() for _ in range(HUBS)]
    call_command("mqtt_logins", str(broker.folder), verbosity=0)
    broker.start()

    with Bridge(broker.url), ExitStack() as stack:
        wait_until_known()
        keen = [stack.enter_context(KeenHub(broker, hub)) for hub in hubs]
        for _ in range(rounds(seconds_left)):
            wait_for_more(stored())
            time.sleep(random.uniform(0, 0.1))
            broker.kill()
            broker.start()
        wait_for_more(stored())
        for one in keen:
            one.finish()

    made, sendings = sum(one.made for one in keen), sum(one.sendings for one in keen)
    told = sum((one.told for one in keen), Counter())
    with capsys.disabled():
        print(f"\n  broker killed: {made} sent in {sendings} publications, {stored()} stored; {dict(told)}")
    assert [one.unanswered for one in keen] == [0, 0, 0]
    assert stored() == made
    for one in keen:
        assert Insight.objects.filter(household=one.hub.pairing.household).count() == one.made


def test_a_killed_bridge_loses_nothing_that_the_broker_acknowledged(broker, seconds_left, capsys):
    hub, pairing = signing(), carrying(password="plain")
    call_command("mqtt_logins", str(broker.folder), verbosity=0)
    broker.start()

    with Bridge(broker.url) as bridge, ExitStack() as stack:
        wait_until_known()
        keen = stack.enter_context(KeenHub(broker, hub))
        told = stack.enter_context(Plain(broker, str(pairing.pk)))
        for _ in range(rounds(seconds_left)):
            wait_for_more(stored())
            time.sleep(random.uniform(0, 0.1))
            bridge.end()
            bridge.start()
        wait_for_more(stored())
        told.stop()
        keen.finish()
        until = time.monotonic() + PATIENCE_SECONDS
        while stored() < keen.made + told.sent and time.monotonic() < until:
            time.sleep(0.05)

    with capsys.disabled():
        print(f"\n  bridge killed: {keen.made} signed in {keen.sendings} publications, {told.sent} that know neither "
              f"their id nor their time; {stored()} stored; {dict(keen.told)}")  # fmt: skip
    assert keen.unanswered == 0
    assert Insight.objects.filter(household=hub.pairing.household).count() == keen.made
    assert Insight.objects.filter(household=pairing.household).count() == told.sent


class Plain:
    """A sensor that says the same number again and again, with no id and no time, once the last one is acknowledged."""

    def __init__(self, broker: brokers.Mosquitto, name: str) -> None:
        self.sent = 0
        self._device = brokers.Device(broker, name, "plain", clean=False)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._live)

    def __enter__(self) -> "Plain":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        self._device.__exit__()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._is_over.is_set():
            for number in range(5):
                self._device.publish(f"zigbee2mqtt/s{number}", json.dumps({"voc_index": 100}))
            self._device.wait_until_sent()
            self.sent += 5
            time.sleep(0.1)
