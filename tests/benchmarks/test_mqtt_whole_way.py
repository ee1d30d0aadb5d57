"""The whole way over a broker: from a hub's lips through Mosquitto and the bridges to a household's inbox, beside COPY.

As `test_end_to_end` has it over HTTP, with the same homes, words and open data requests, and as deployed: more hubs
than processors publish at once, as many bridges as processors share the pairings, and a matching worker stands beside.
"""

import contextlib
import time
from statistics import median

from django.core.management import call_command

from marketplace.appliances.models import BridgeBeat
from marketplace.appliances.topics import Part
from marketplace.insights.models import Insight
from rewards.ledger.invariants import broken_invariants
from tests import brokers
from tests.benchmarks import test_end_to_end as over_http
from tests.benchmarks.copied import copy_rate
from tests.benchmarks.test_end_to_end import AIM, BATCH, HUBS, OPEN, ROUNDS, SECONDS, WARMING, Speaker
from tests.benchmarks.test_matching import ASKING, crowd, open_to_all
from tests.benchmarks.test_mqtt import broker as broker
from tests.benchmarks.web import rate_of
from tests.config.supervising import wait_until
from tests.faults.bridges import Bridge
from tests.marketplace.appliances.publishing import framed, let_in

PARTS = [Part(number, HUBS // 2) for number in range(1, HUBS // 2 + 1)]
ASKS_A_WEEK = 5
PASSWORD = "secret"


def test_mqtt_to_the_inbox_beside_copy(broker):
    asks_for = [open_to_all() for _ in range(ASKING)]
    crowd(OPEN - ASKING, like=asks_for[0])
    rounds = [hubs_of_all_parts() for _ in range(WARMING + ROUNDS)]
    call_command("mqtt_logins", str(broker.folder), verbosity=0)
    broker.start()

    with contextlib.ExitStack() as running:
        for part in PARTS:
            running.enter_context(Bridge(broker.url, part))
        running.enter_context(over_http.matching())
        wait_until(lambda: BridgeBeat.objects.count() == len(PARTS), seconds=SECONDS)
        rates = [round_of(broker, some) for some in rounds][WARMING:]

    said, homes = median(rates), [one.home for some in rounds[WARMING:] for one in some]
    alone, copied = copy_rate(homes), copy_rate(homes, hands=HUBS)
    print(f"\nMQTT, the whole way: {HUBS} hubs at once, {len(PARTS)} bridges, {OPEN} open requests, 1 % ask")
    print(f"  {said:6.0f} insights/s, {said / alone:.3f} x COPY on one connection ({alone:.0f}/s)", end="")
    print("" if said / alone >= AIM else f"  MISSES the aim of >= {AIM}", end="")
    print(f"; {said / copied:.3f} x COPY on {HUBS} ({copied:.0f}/s)")
    # What was delivered twice would be there twice.
    assert Insight.objects.filter(household__in=homes, conclusion=None).count() == len(homes) * 3 * BATCH
    assert broken_invariants() == {}


def hubs_of_all_parts() -> list[Speaker]:
    """Return hubs of as many homes, equally many of each bridge's part."""
    found: dict[Part, list[Speaker]] = {part: [] for part in PARTS}
    while short := [part for part in PARTS if len(found[part]) < HUBS // len(PARTS)]:
        one = over_http.speaker(ASKS_A_WEEK)
        for part in short:
            if part.has(one.hub.pairing.pk):
                let_in(one.hub.pairing, password=PASSWORD)
                found[part].append(one)
    return [one for some in found.values() for one in some]


def round_of(broker: brokers.Mosquitto, some: list[Speaker]) -> float:
    """Let as many hubs publish at once; return how many insights a second were taken in and matched."""
    with contextlib.ExitStack() as opened:
        devices = [opened.enter_context(brokers.Device(broker, str(one.hub.pairing.pk), PASSWORD)) for one in some]
        began = time.perf_counter()
        rate_of(lambda number: publish_all(devices[number], some[number]), items=len(some), hands=len(some))
        over_http.wait_until_matched()
        return len(some) * over_http.BATCHES_A_HOME * BATCH / (time.perf_counter() - began)


def publish_all(device: brokers.Device, one: Speaker) -> None:
    for number, body in enumerate(one.bodies):
        device.publish("events", framed(one.hub, body, message_id=f"{one.hub.key_id}-{number}"))
    device.wait_for(lambda: len(device.answers) == len(one.bodies), SECONDS)
    assert {answer["status"] for answer in device.answers} == {"taken"}
