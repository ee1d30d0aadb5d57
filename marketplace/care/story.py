"""The demo's story, played through the real doors: the hub speaks, the mother decides, the school reads."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from consent.parties.canonical import utc_text
from marketplace.care.browser import Browser

Told = Callable[[str], None]
PATIENCE_SECONDS = 30.0
#: What each of them is and what the family calls it, in the order in which they speak; one has nothing to say today.
THINGS = (
    ("air_purifier", "거실 공기청정기", "Saebyeok AP-200"),
    ("air_purifier", "안방 공기청정기", "Saebyeok AP-90"),
    ("air_sensor", "거실 CO₂ 측정기", "Hanbit CO₂ One"),
    ("air_sensor", "부엌 습도", "Hanbit Humid 2"),
    ("air_sensor", "부엌 온도", "Hanbit Thermo 2"),
    ("air_sensor", "베란다 먼지 측정기", "airRohr"),
    ("robot_vacuum", "또리", "Saebyeok RV-7"),
    ("refrigerator", "부엌 냉장고", "Saebyeok FR-800"),
)
CLOUDEVENTS = "application/cloudevents-batch+json"


class StoryStuck(Exception):
    """Something the story waits for did not happen."""


def play(*, base_url: str, logins: dict[str, Any], tell: Told) -> None:
    """Play the deal once: sense, ask, decide, settle, release.

    Raises:
        Refused: a door did not open that should have.
        StoryStuck: nobody was asked in time.
    """
    now = datetime.now(UTC)
    hub = Browser(base_url, key=logins["hub"]["api_key"])
    mother = Browser(base_url)
    mother.sign_in(logins["household"]["email"], logins["household"]["password"])
    tell("the hub sends what the appliances noticed; she says what each of them is")
    _let_them_speak(hub, mother, now)

    asks = _wait_for(lambda: _enough(mother.get("/api/v1/asks?state=pending")["data"]))
    tell(f"{len(asks)} asks wait in the inbox; she approves one and denies one")
    dust = next(ask for ask in asks if ask["kind"] == "air.pm25")
    detail = mother.get(f"/api/v1/asks/{dust['id']}")
    mother.post(f"/api/v1/asks/{dust['id']}/approve", {"preview_sha256": detail["preview_sha256"]})
    other = next(ask for ask in asks if ask["kind"] == "air.co2")
    mother.post(f"/api/v1/asks/{other['id']}/deny", {})

    school = Browser(base_url, key=logins["buyer"]["api_key"])
    tell("the school reads the one record")
    records = [record for request in _own_requests(school) for record in school.get(_records(request))["data"]]
    if [record["payload_digest"] for record in records] != [detail["preview_sha256"]]:
        raise StoryStuck("the school did not read exactly what was shown")


def _let_them_speak(hub: Browser, mother: Browser, now: datetime) -> None:
    """Send one thing's message after the other: what is new on her page afterwards is what spoke."""
    in_the_hall, *others = [("/api/v1/ingest/homeassistant", [state]) for state in home_assistant_states(now)]
    said: list[tuple[str, Any]] = [in_the_hall, ("/api/v1/ingest/thinq", thinq_status()), *others]
    said += [("/api/v1/ingest/airrohr", airrohr_body())]
    said += [("/api/v1/insights", [event]) for event in edge_events(now)]
    known = _appliances_of(mother)
    for (path, message), what in zip(said, THINGS, strict=True):
        hub.post(path, message, content_type="application/json" if "ingest" in path else CLOUDEVENTS)
        there = _appliances_of(mother)
        for one in there - known:
            mother.submit(f"/appliances/{one}", dict(zip(("type", "name", "model"), what, strict=True)))
        known = there


def _appliances_of(mother: Browser) -> set[str]:
    return set(re.findall(r'id="appliance-([0-9a-f-]{36})"', mother.request("GET", "/appliances").decode()))


def _own_requests(school: Browser) -> list[str]:
    return [request["id"] for request in school.get("/api/v1/data-requests")["data"]]


def _records(request_id: str) -> str:
    return f"/api/v1/data-requests/{request_id}/records"


def _enough(asks: list[Any]) -> list[Any]:
    kinds = {ask["kind"] for ask in asks}
    return asks if {"air.pm25", "air.co2", "pest.sighting"} <= kinds else []


def _wait_for(look: Callable[[], list[Any]]) -> list[Any]:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.3)
    raise StoryStuck("no asks came in time")


def home_assistant_states(now: datetime) -> list[dict[str, Any]]:
    """State objects of one home as Home Assistant would send them."""
    return list(_states(now))


def _states(now: datetime) -> Iterator[dict[str, Any]]:
    yield _state("sensor.living_room_purifier_pm25", "62", "pm25", "µg/m³", now - timedelta(minutes=12))
    yield _state("sensor.living_room_co2", "1627", "carbon_dioxide", "ppm", now - timedelta(minutes=5))
    yield _state("sensor.kitchen_humidity", "54", "humidity", "%", now - timedelta(minutes=4))
    yield _state("sensor.kitchen_temperature", "unavailable", "temperature", "°C", now - timedelta(minutes=3))


def _state(entity_id: str, state: str, device_class: str, unit: str, changed: datetime) -> dict[str, Any]:
    attributes = {"device_class": device_class, "unit_of_measurement": unit, "friendly_name": entity_id}
    stamp = changed.isoformat()
    return {
        "entity_id": entity_id,
        "state": state,
        "attributes": attributes,
        "last_changed": stamp,
        "last_updated": stamp,
    }


def thinq_status() -> dict[str, Any]:
    """A bedroom's purifier as LG's cloud reports it: the air is not good, and the filter is nearly worn."""
    report = {
        "airPurifierJobMode": {"currentJobMode": "AUTO"},
        "airQualitySensor": {"PM2": 48, "PM10": 61},
        "filterInfo": {"filterRemainPercent": 4},
    }
    return {"event": {"deviceId": "bedroom-purifier", "deviceType": "DEVICE_AIR_PURIFIER", "report": report}}


def airrohr_body() -> dict[str, Any]:
    """A balcony sensor's push: every number is a string, and there is no time."""
    values = {"SDS_P1": "21.40", "SDS_P2": "13.05", "BME280_temperature": "8.90", "signal": "-67"}
    return {
        "esp8266id": "1048576",
        "software_version": "NRZ-2024-135",
        "sensordatavalues": [{"value_type": name, "value": value} for name, value in values.items()],
    }


def edge_events(now: datetime) -> list[dict[str, Any]]:
    """What models at the edge concluded: a cockroach on the kitchen floor, milk in the fridge."""
    vacuum, fridge = f"urn:device:{uuid4()}", f"urn:device:{uuid4()}"
    model = {"type": "model", "id": "floor-eye", "version": "3.1", "sha256": "ab" * 32}
    return [
        _event(vacuum, "pest.sighting", now - timedelta(hours=3), value="cockroach", confidence=0.87, method=model),
        _event(fridge, "food.item", now - timedelta(hours=1), value="milk", confidence=0.93, method=model),
    ]


def _event(source: str, kind: str, at: datetime, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": source,
        "type": f"insight.{kind}.v1",
        "time": utc_text(at, to="milliseconds"),
        "datacontenttype": "application/json",
        "data": {"kind": kind, **data},
    }
