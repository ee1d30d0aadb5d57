"""Whatever arrives, a dialect answers with results or one UnreadableBody, and keeps nothing it did not ask for.

Bodies in the grammar of each dialect, and what they cost, are in tests/fuzz.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.parties.errors import UnreadableBody
from marketplace.appliances.dialects import DIALECTS, Reading, Rejection
from marketplace.appliances.wire import TooManyItems
from marketplace.insights.normalise import NormalReading, normalise

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "Minji's room 37.5665 AA:BB:CC"
KEYS = st.sampled_from(
    [
        "entity_id",
        "state",
        "attributes",
        "device_class",
        "unit_of_measurement",
        "last_updated",
        "last_changed",
        "new_state",
        "old_state",
        "data",
        "event",
        "event_type",
        "result",
        "sensordatavalues",
        "value_type",
        "value",
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "kind",
        "unit",
        "method",
        "interval",
        "raw",
        "confidence",
        "friendly_name",
        "ssid",
        "latitude",
        "current_temperature",
        "current_humidity",
        "temperature_unit",
        "last_reset",
    ]
)
WORDS = st.sampled_from(
    [
        "sensor.study_pm25",
        "climate.living",
        "vacuum.robby",
        "binary_sensor.fridge_door",
        "pm25",
        "energy",
        "door",
        "on",
        "off",
        "error",
        "62",
        "-1",
        "nan",
        "µg/m³",
        "°C",
        "Wh",
        "2026-11-20T09:40:00+00:00",
        "1970-01-01T00:00:00Z",
        "SDS_P1",
        "SDS_P2",
        "P1",
        "1.0",
        "urn:device:7f3c",
        "insight.air.pm25.v1",
        "air.pm25",
        "model",
        "sensor",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text()
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=8),
    max_leaves=12,
)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def run(dialect, body):
    """Parse and normalise; a UnreadableBody is one named answer for the whole."""
    results = []
    with suppress(UnreadableBody):
        results = DIALECTS[dialect](body, {"X-Sensor": "esp8266-1"}, received_at=NOW)
    for result in results:
        assert isinstance(result, Reading | Rejection)
        if isinstance(result, Reading):
            assert isinstance(normalise(result, received_at=NOW), NormalReading | Rejection)
    return results


def sealed(normal):
    return json.loads(normal.payload(assurance="signed"))


def texts(node):
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in (str(key), *texts(value))]
    if isinstance(node, list | tuple):
        return [text for value in node for text in texts(value)]
    return [str(node)]


@pytest.mark.parametrize("dialect", DIALECTS)
@FEW
@given(body=st.binary(max_size=300))
def test_answers_arbitrary_bytes(dialect, body):
    run(dialect, body)


@pytest.mark.parametrize("dialect", DIALECTS)
@FEW
@given(document=DOCUMENTS)
def test_answers_arbitrary_json(dialect, document):
    run(dialect, json.dumps(document).encode())


STATES = st.fixed_dictionaries(
    {
        "entity_id": WORDS,
        "state": WORDS | st.just(SECRET),
        "attributes": st.dictionaries(KEYS | st.just(SECRET), WORDS | st.just(SECRET), max_size=8).map(
            lambda found: {"device_class": "pm25", "unit_of_measurement": "µg/m³", **found}
        ),
    },
    optional={
        "last_updated": WORDS | st.just(SECRET),
        "last_changed": WORDS | st.just(SECRET),
        "old_state": st.dictionaries(KEYS, WORDS | st.just(SECRET)),
        "context": st.just({"user_id": SECRET}),
        SECRET: st.just(SECRET),
    },
)


def keeps_the_secret(results):
    for result in results:
        kept = asdict(result)
        kept.pop("source", None)
        assert not [text for text in texts(kept) if SECRET in text]
        if isinstance(result, Reading):
            normal = normalise(result, received_at=NOW)
            if isinstance(normal, NormalReading):
                assert not [text for text in texts(sealed(normal)) if SECRET in text or result.source in text]


@FEW
@given(states=st.lists(STATES, max_size=3))
def test_no_name_planted_in_a_state_survives(states):
    keeps_the_secret(run("homeassistant", json.dumps(states).encode()))


@FEW
@given(
    entries=st.lists(
        st.dictionaries(st.sampled_from(["value_type", "value", "name"]), WORDS | st.just(SECRET)), max_size=4
    ),
    extra=st.dictionaries(KEYS, st.just(SECRET), max_size=3),
)
def test_no_name_planted_in_a_push_survives(entries, extra):
    push = {**extra, "esp8266id": "1", "software_version": SECRET, "sensordatavalues": entries}

    keeps_the_secret(run("airrohr", json.dumps(push).encode()))


EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:device:7f3c",
    "type": "insight.air.pm25.v1",
    "data": {
        "kind": "air.pm25",
        "value": 5,
        "unit": "ug/m3",
        "method": {"type": "sensor", "name": "dust", "version": "1"},
        "raw": {"value": "5", "unit": "ug/m3"},
    },
}
PLACES = [(), ("data",), ("data", "method"), ("data", "raw")]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(place) or "event")
@pytest.mark.parametrize("as_key", [True, False], ids=["as a key", "as a value"])
def test_no_name_planted_in_an_event_survives(place, as_key):
    for key in [SECRET] if as_key else [*EVENT, *EVENT["data"], "name", "version", "zone", "scheme", "quality"]:
        planted = json.loads(json.dumps(EVENT))
        node = planted
        for step in place:
            node = node[step]
        node[key] = SECRET

        keeps_the_secret(run("canonical", json.dumps(planted).encode()))


def test_a_few_items_cannot_bring_more_values_than_a_batch():
    attribute = {"dustLevel": {"value": 5, "unit": "ug/m3"}}
    status = {"components": {f"c{number}": {"dustSensor": attribute} for number in range(5_001)}}

    with pytest.raises(TooManyItems):
        DIALECTS["smartthings"](json.dumps(status).encode(), {}, received_at=NOW)


MANY = {f"k{number}": "x" for number in range(10_000)}
HOSTILE = {
    "one huge state": {"entity_id": "sensor.a", "state": "1" * 100_000, "attributes": MANY},
    "one huge event": {**EVENT, "data": {**EVENT["data"], **MANY}},
    "one huge push": {"sensordatavalues": [{"value_type": "SDS_P1", "value": "9" * 100_000, **MANY}]},
    "one huge thing of every dialect": {
        "components": {"main": {"dustSensor": MANY}},
        "attributes": MANY,
        "shadow": {"parameters": MANY},
        "dps": MANY,
        "device0": [{"href": "/sensors/vs/0", "rep": MANY}],
        "entities": [{"type": "obstacle", "metaData": {"label": "Cable " * 5_000 + "(84%)"}}],
    },
    "many small things": [{"a": [["x"] * 20] * 20}] * 500,
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_answers_what_is_huge(dialect, document):
    run(dialect, json.dumps(document).encode())
