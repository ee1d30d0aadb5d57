"""One capability alone, streams, spans of energy, bridges and surroundings: our own bodies, and what they mean."""

import json

import pytest

from marketplace.appliances.dialects import DIALECTS
from tests.marketplace.appliances.dialects.outcomes import AT, COOLER, FREEZER, NOTHING, NOW, SECONDS, outcomes, read

# The hour before, as Matter counts: from the beginning of 2000.
BEGAN, ENDED = SECONDS - 4200 - 946_684_800, SECONDS - 3600 - 946_684_800
OPEN = "Refrigeration.Common.EnumType.Door.States.Open"


def warm(value):
    return ("climate.temperature", value)


def humid(value):
    return ("climate.humidity", value)


def cold(value, zone):
    return ("fridge.temperature", value, zone)


def opened(*zone):
    return ("fridge.door_openings", 1, *zone)


def fault(code):
    return ("device.fault", code)


def told(value, unit=None):
    return {"value": value, "timestamp": AT, **({"unit": unit} if unit else {})}


SMARTTHINGS = {
    "one capability alone": ({"carbonDioxide": told(780, "ppm")}, [("air.co2", 780)]),
    "one filter alone": ({"dustFilterUsage": told(37), "dustFilterStatus": told("normal")}, [("filter.remaining", 63)]),
    "warmth of nobody knows what": ({"temperature": told(38, "F")}, ["unit_disputed"]),
    "no warmth at all": ({"temperature": {"value": None}, "temperatureRange": {"value": None}}, NOTHING),
    "a door of nobody knows what": ({"contact": told("open")}, NOTHING),
    "a wish alone": ({"coolingSetpoint": told(4, "C")}, ["wrong_shape"]),
    "the components by themselves": (
        {"main": {}, "freezer": {"temperatureMeasurement": {"temperature": told(-18, "C")}}},
        [cold(-18, FREEZER)],
    ),
    "a bare number": ({"carbonDioxide": 780}, ["wrong_shape"]),
    "a compartment alone": (
        {
            "temperatureMeasurement": {"temperature": told(-18, "C")},
            "contactSensor": {"contact": told("closed")},
            "thermostatCoolingSetpoint": {"coolingSetpoint": told(-18, "C")},
        },
        ["unknown_zone"],
    ),
}
LOCKED = {"runState": {"currentState": "ERROR"}, "error": "DOOR_LOCK_ERROR"}
THINQ = {
    "a washer's door": (LOCKED, [fault("thinq:DOOR_LOCK_ERROR")]),
    "an error to come": ({"error": "MINJI_ERROR"}, ["unknown_word"]),
    "no error": ({"error": "NO_ERROR"}, NOTHING),
    "a fridge's door": ({"push": {"pushCode": "DOOR_IS_OPEN", "deviceType": "DEVICE_REFRIGERATOR"}}, [opened()]),
    "an oven's door": ({"push": {"pushCode": "DOOR_IS_OPEN", "deviceType": "DEVICE_OVEN"}}, NOTHING),
}


def node(*types, **attributes):
    """A Matter node of one endpoint; `x513_0` is attribute 0 of cluster 513."""
    found = {f"1/{name[1:].replace('_', '/')}": value for name, value in attributes.items()}
    return {"node_id": 7, "attributes": {"1/29/0": [{"0": number, "1": 1} for number in types], **found}}


def described(value):
    return {"node_id": 1, "endpoint": 1, "attribute_id": 0, "attribute_name": "Minji", "value": value}


def span(energy, start=BEGAN, end=ENDED):
    return {"0": energy, "1": start, "2": end}


def bridged(**more):
    """A bridge with a fridge that has a part, and a sensor in a room."""
    kinds = {1: 14, 3: 112, 4: 113, 6: 770}
    types = {f"{endpoint}/29/0": [{"0": number, "1": 1}] for endpoint, number in kinds.items()}
    return {"node_id": 7, "attributes": {**types, "3/29/3": [4], "4/1026/0": 350, "6/1026/0": 2300, **more}}


MATTER = {
    "a thermostat": (node(769, x513_0=2830, x513_18=2000), [warm(28.3)]),
    "a thermostat that knows nothing": (node(769, x513_0=-32768), ["no_data"]),
    "a thermostat beside a sensor": (node(769, 770, x513_0=2200, x1026_0=2150), [warm(21.5)]),
    "an air conditioner": (node(114, x513_0=2600), [warm(26)]),
    "a boiler's thermostat": (node(1295, 769, x513_0=5500), NOTHING),
    "a thermostat of nobody knows what": (node(x513_0=2150), NOTHING),
    "a battery's own warmth": (node(24, x1026_0=3100), NOTHING),
    "a span": (node(1296, x145_3=span(12_500)), [("appliance.energy", 0.0125)]),
    "a span by names": (
        node(x145_3={"energy": 4_200_000, "startTimestamp": BEGAN, "endTimestamp": ENDED}),
        [("appliance.energy", 4.2)],
    ),
    "a span since it was switched on": (node(x145_3={"0": 12_500, "3": 1000, "4": 61_000}), ["missing_interval"]),
    "a span that is reversed": (node(x145_3=span(900, ENDED, BEGAN)), ["wrong_interval"]),
    "a span beyond the calendar": (node(x145_3=span(900, 10**30, 10**30)), ["missing_interval"]),
    "a counter": (node(x145_1={"0": 8_123_000_000}), ["missing_interval"]),
    "what was given back": (node(x145_2={"0": 900}, x145_4=span(900)), NOTHING),
    "an attribute asked for": ({"message_id": "3", "result": {"1/1066/0": 7.0}}, [("air.pm25", 7)]),
    "the first controllers": (
        {"attributes": {"1/29/0": described([{"type": 112}]), "1/1026/0": described(400)}},
        [("fridge.temperature", 4)],
    ),
    "an attribute that changed, as they told it": (
        {"event": "attribute_updated", "data": {**described(2150), "cluster_id": 1026}},
        [warm(21.5)],
    ),
    "out of reach": ({**node(770, x1026_0=2150), "available": False}, ["no_data"]),
    "out of reach with nothing to say": ({**node(256, x6_0=True), "available": False}, NOTHING),
    "a bridge by its type": (bridged(), [("fridge.temperature", 3.5), warm(23)]),
    "a bridge that lost a sensor": (bridged(**{"6/57/17": False}), [("fridge.temperature", 3.5), "no_data"]),
}


def parameters(**values):
    return {"shadow": {"parameters": {name: {"parNewVal": value} for name, value in values.items()}}}


HAIER = {
    "around a fridge": (
        parameters(tempZ1="4", tempEnv="25", humidityEnv="48"),
        [warm(25), humid(48), cold(4, COOLER)],
    ),
    "no sensor around it": (parameters(tempSelZ1="4", tempEnv="0", humidityEnv="0"), ["no_data", "no_data"]),
    "a wine cellar": (parameters(temp="13", tempZ2="7", humidityZ1="60", humidityZ2="55", tempEnv="24"), [warm(24)]),
    "a wine cellar that says less": (parameters(temp="13", tempZ2="7"), NOTHING),
    "values handed on": ({"parameters": {"tempZ2": {"value": "-18"}}}, [cold(-18, FREEZER)]),
    "neither word": ({"parameters": {"tempZ2": {"lastUpdate": AT}}}, ["no_data"]),
}


def item(value=OPEN):
    return {"key": "Refrigeration.Common.Status.Door.Freezer", "value": value, "timestamp": SECONDS}


HOMECONNECT = {
    "data as text": ({"event": "STATUS", "data": json.dumps({"haId": "B", "items": [item()]})}, [opened(FREEZER)]),
    "diagnostics": (
        {"data": {"status": {"Refrigeration.Common.Status.Door.Freezer": {"value": OPEN}, "BSH.Common.Root.X": True}}},
        [opened(FREEZER)],
    ),
    "text that is none": ({"event": "KEEP-ALIVE", "data": "Minji"}, ["wrong_shape"]),
}
TABLES = {
    "smartthings": SMARTTHINGS,
    "thinq": THINQ,
    "matter": MATTER,
    "haier": HAIER,
    "homeconnect": HOMECONNECT,
}
CASES = [
    pytest.param(dialect, document, expected, id=f"{dialect}: {name}")
    for dialect, table in TABLES.items()
    for name, (document, expected) in table.items()
]


@pytest.mark.parametrize(("dialect", "document", "expected"), CASES)
def test_means_what_it_says(dialect, document, expected):
    assert outcomes(dialect, document) == expected


@pytest.mark.parametrize(
    ("dialect", "event"),
    [
        ("smartthings", {"deviceEvent": {"capability": "fineDustSensor", "attribute": "fineDustLevel", "value": 9}}),
        ("homeconnect", {"haId": "B", "items": [item()]}),
    ],
)
def test_reads_a_stream_of_events_as_the_events_in_it(dialect, event):
    told_so = f"event: STATUS\ndata: {json.dumps(event)}\nid: 민지\n\n"
    stream = f"event: KEEP-ALIVE\ndata: welcome\n\n{told_so}{told_so}".encode()

    assert outcomes(dialect, stream) == outcomes(dialect, [event, event])
    assert "text/event-stream" in DIALECTS[dialect].content_types


def oven(state, mode):
    said = {"/mode/vs/0": {"supportedModes": ["MicroWave", "Convection"], "modes": [mode]}}
    said["/operational/state/vs/0"] = {"state": state, "operationTime": "00:01:30"}
    return {href: {f"x.com.samsung.da.{name}": value for name, value in rep.items()} for href, rep in said.items()}


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        ("Run", "MicroWaveGrill", [("microwave.cook", 90)]),
        ("Run", "Convection", NOTHING),
        ("Pause", "MicroWave", NOTHING),
    ],
)
def test_counts_only_the_waves_of_an_oven_that_also_bakes(state, mode, expected):
    assert outcomes("smartthings-ocf", oven(state, mode)) == expected


def test_counts_nothing_where_a_counter_says_minus_one():
    meter = {"href": "/energy/consumption/vs/0", "rep": {"x.com.samsung.da.cumulativePower": "-1"}}

    assert outcomes("smartthings-ocf", [meter]) == ["no_data"]


def test_lets_each_thing_behind_a_bridge_speak_for_itself():
    assert [one.source for one in read("matter", bridged())] == ["7-3", "7-6"]
    assert [one.source for one in read("matter", node(770, x1026_0=2150))] == ["7"]


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        ("matter", node(45, x113_0=100, x113_1=1, x114_0=100, x114_1=1)),
        ("haier", parameters(doorStatusZ1="1", door2StatusZ1="1")),
    ],
)
def test_tells_what_two_parts_say_alike_as_one_event_and_not_as_a_conflict(dialect, document):
    first, second = read(dialect, document)

    assert (first.event_key, first.content_digest) == (second.event_key, second.content_digest)


def test_knows_whose_door_an_event_in_a_stream_tells_of():
    enveloped = {"event": "STATUS", "data": {"haId": "BOSCH-1", "items": [item()]}}

    assert [one.source for one in read("homeconnect", enveloped)] == ["BOSCH-1"]


def test_says_the_span_of_energy_that_matter_counts_from_2000():
    (drawn,) = read("matter", node(1296, x145_3=span(900)))

    assert drawn.interval.end == drawn.observed_at
    assert int((NOW - drawn.interval.end).total_seconds()) == 3600 + int(NOW.timestamp()) - SECONDS
