"""Our own bodies in the shape of each format, and what each of them comes to by its documentation, in order."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from marketplace.appliances.dialects import DIALECTS, Rejection
from marketplace.insights.normalise import normalise

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parents[3] / "fixtures/appliances"
COOLER, FREEZER = "cooler", "freezer"

EXPECTED = {
    "thinq": [
        (0, "air.pm1", 11),
        (0, "air.pm25", 38),
        (0, "air.pm10", 52),
        (0, "unknown_scheme"),
        (0, "filter.remaining", 75),
        (1, "fridge.door_openings", 1),
        (2, "device.fault", "thinq:BRUSH_ERROR"),
        (3, "not_an_insight"),
        (4, "fridge.door_openings", 1, FREEZER),
        (5, "no_data"),
        (5, "air.pm25", 7),
        (5, "no_data"),
        (5, "climate.temperature", 25),
    ],
    "smartthings": [
        (0, "air.pm10", 31),
        (0, "too_old"),
        (0, "unit_disputed"),
        (0, "appliance.energy", 0.4),
        (0, "filter.remaining", 48),
        (0, "fridge.door_openings", 1, COOLER),
        (0, "fridge.temperature", 5, COOLER),
        (0, "unknown_zone"),
        (1, "microwave.cook", 150),
        (1, "filter.remaining", 40),
    ],
    "smartthings-ocf": [
        (0, "air.pm10", 31),
        (0, "no_data"),
        (0, "air.co2", 812),
        (0, "fridge.temperature", -17.78, FREEZER),
        (0, "fridge.door_openings", 1, COOLER),
        (0, "no_data"),
        (0, "missing_interval"),
        (0, "filter.remaining", 69),
        (0, "device.fault", "smartthings_ocf:ErrorCode_2E"),
        (1, "microwave.cook", 210),
    ],
    "zigbee2mqtt": [
        (0, "air.pm25", 12),
        (0, "air.voc_index", 140),
        (0, "climate.temperature", 22.4),
        (0, "climate.humidity", 48),
        (1, "no_data"),
        (1, "unknown_scheme"),
        (1, "device.fault", "zigbee2mqtt:replace_filter"),
        (2, "air.co2", 350),
        (2, "unit_disputed"),
        (2, "unit_disputed"),
        (3, "no_data"),
        (4, "appliance.power", 41.5),
        (4, "missing_interval"),
    ],
    "tasmota": [
        (0, "air.pm1", 8),
        (0, "air.pm25", 14),
        (0, "air.pm10", 17),
        (0, "air.co2", 1204),
        (0, "climate.humidity", 47.5),
        (0, "climate.temperature", 22),
        (1, "appliance.power", 170),
        (1, "missing_interval"),
        (2, "no_data"),
        (2, "missing_unit"),
        (2, "unknown_scheme"),
        (3, "not_an_insight"),
    ],
    "esphome": [
        (0, "not_an_insight"),
        (1, "air.pm25", 12.3),
        (2, "no_data"),
        (3, "climate.temperature", 22),
        (4, "missing_unit"),
        (5, "not_an_insight"),
        (6, "no_data"),
        (7, "air.co2", 841),
    ],
    "airgradient": [
        (0, "air.pm1", 4),
        (0, "air.pm25", 9),
        (0, "air.pm10", 11),
        (0, "air.co2", 701),
        (0, "air.voc_index", 101),
        (0, "climate.temperature", 23.4),
        (0, "climate.humidity", 38),
        (1, "warming_up"),
        (1, "warming_up"),
        (2, "no_data"),
    ],
    "awair": [
        (0, "climate.temperature", 21.83),
        (0, "climate.humidity", 41.4),
        (0, "air.co2", 640),
        (0, "air.tvoc_ratio", 366),
        (0, "air.pm25", 12.9),
        (1, "air.pm25", 3),
    ],
    "valetudo": [
        (0, "vacuum.obstacle", "cable"),
        (0, "person_refused"),
        (0, "unknown_word"),
        (1, "raw_media"),
        (2, "device.fault", "valetudo:navigation"),
        (3, "raw_media"),
        (4, "filter.remaining", 59),
        (5, "unknown_unit"),
    ],
    "roborock": [
        (0, "filter.remaining", 75),
        (1, "device.fault", "roborock:5"),
        (2, "device.fault", "roborock:12"),
        (3, "not_an_insight"),
    ],
    "matter": [
        (0, "air.pm25", 21),
        (0, "air.co2", 912),
        (0, "air.hcho", 20),
        (0, "air.tvoc_ratio", 300),
        (0, "unknown_scheme"),
        (0, "climate.temperature", 21.55),
        (0, "climate.humidity", 44.2),
        (1, "fridge.temperature", 4.5),
        (1, "fridge.door_openings", 1),
        (2, "microwave.cook", 120),
        (3, "filter.remaining", 30),
        (3, "filter.remaining", 70),
        (4, "device.fault", "matter:65"),
        (5, "not_an_insight"),
    ],
    "homeconnect": [
        (0, "fridge.door_openings", 1, FREEZER),
        (0, "device.fault", "homeconnect:TemperatureAlarmFreezer"),
        (1, "microwave.cook", 90),
        (2, "not_an_insight"),
    ],
    "haier": [
        (0, "air.pm25", 0),
        (0, "climate.humidity", 59),
        (0, "unit_disputed"),
        (0, "climate.temperature", 24),
        (1, "no_data"),
        (1, "no_data"),
        (1, "missing_unit"),
        (1, "device.fault", "haier:0E"),
        (2, "fridge.temperature", 5, COOLER),
        (2, "no_data"),
        (2, "fridge.door_openings", 1, FREEZER),
    ],
    "blueair": [
        (0, "air.pm25", 17),
        (0, "missing_unit"),
        (0, "wrong_time"),
        (0, "filter.remaining", 88),
    ],
    "senml": [
        (0, "climate.temperature", 23.1),
        (1, "climate.humidity", 44),
        (2, "air.pm25", 12.5),
        (3, "not_an_insight"),
        (4, "not_an_insight"),
        (5, "raw_media"),
        (6, "unknown_unit"),
        (7, "climate.humidity", 41),
    ],
    "miot": [
        (0, "air.pm25", 35),
        (0, "climate.humidity", 62),
        (0, "climate.temperature", 18.6),
        (0, "filter.remaining", 80),
        (1, "filter.remaining", 66),
        (1, "device.fault", "miot:21"),
        (2, "not_an_insight"),
    ],
}


def body_of(dialect):
    return json.loads((FIXTURES / f"{dialect.replace('-', '_')}.json").read_bytes())


def read(dialect, document, headers=None, at=NOW):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    parsed = DIALECTS[dialect](body, headers or {}, received_at=at)
    return [one if isinstance(one, Rejection) else normalise(one, received_at=at) for one in parsed]


def outcome(found):
    if isinstance(found, Rejection):
        return found.index, found.code
    return (found.index, found.kind, found.value, *([found.zone] if found.zone else []))


@pytest.mark.parametrize("dialect", EXPECTED)
def test_comes_to_what_the_papers_say(dialect):
    assert [outcome(found) for found in read(dialect, body_of(dialect))] == EXPECTED[dialect]


@pytest.mark.parametrize(
    ("dialect", "index", "appliance_type", "source"),
    [
        ("thinq", 0, "air_purifier", "lg-1"),
        ("thinq", 1, "refrigerator", "lg-2"),
        ("thinq", 2, "robot_vacuum", "lg-3"),
        ("thinq", 5, "air_conditioner", "lg-4"),
        ("smartthings", 0, "refrigerator", "st-1"),
        ("smartthings", 1, "microwave", "st-2"),
        ("smartthings-ocf", 0, "refrigerator", None),
        ("smartthings-ocf", 1, "microwave", None),
        ("zigbee2mqtt", 1, "air_purifier", "zigbee2mqtt/purifier"),
        ("tasmota", 0, "air_sensor", "tele/study/SENSOR"),
        ("esphome", 1, "air_sensor", "study"),
        ("airgradient", 0, "air_sensor", "84fce612aaaa"),
        ("awair", 0, "air_sensor", None),
        ("valetudo", 2, "robot_vacuum", "valetudo/robby"),
        ("roborock", 2, "robot_vacuum", "r-1"),
        ("matter", 0, "air_sensor", "7"),
        ("matter", 1, "refrigerator", "8"),
        ("matter", 2, "microwave", "9"),
        ("homeconnect", 0, "refrigerator", "BOSCH-1"),
        ("haier", 0, "air_purifier", "aa-bb-cc-dd-ee-ff"),
        ("haier", 1, "air_conditioner", None),
        ("haier", 2, "refrigerator", None),
        ("blueair", 0, "air_purifier", "b-1"),
        ("senml", 0, "air_sensor", "urn:dev:ow:10e2073a0108"),
        ("miot", 0, "air_purifier", None),
        ("miot", 1, "robot_vacuum", None),
    ],
)
def test_knows_who_spoke(dialect, index, appliance_type, source):
    body = json.dumps(body_of(dialect)).encode()
    parsed = DIALECTS[dialect](body, {}, received_at=NOW)

    (found, *_more) = [one for one in parsed if one.index == index and not isinstance(one, Rejection)]
    assert (found.appliance_type, found.source) == (appliance_type, source)


@pytest.mark.parametrize("dialect", ["thinq", "awair", "haier", "miot", "roborock", "matter", "blueair"])
def test_a_header_names_the_device_where_the_body_does_not(dialect):
    document = json.loads(json.dumps(body_of(dialect)).replace('"deviceId"', '"x"').replace('"id"', '"x"'))
    document = json.loads(json.dumps(document).replace('"duid"', '"x"').replace('"node_id"', '"x"'))
    document = json.loads(json.dumps(document).replace('"macAddress"', '"x"'))
    parsed = DIALECTS[dialect](json.dumps(document).encode(), {"x-device": "kitchen-1"}, received_at=NOW)

    assert {one.source for one in parsed if not isinstance(one, Rejection)} <= {"kitchen-1", "11"}


@pytest.mark.parametrize(
    ("dialect", "index", "observed_at", "quality"),
    [
        ("thinq", 0, NOW, "server"),
        ("smartthings", 0, datetime(2026, 11, 20, 11, tzinfo=UTC), "source"),
        ("smartthings-ocf", 0, NOW, "server"),
        ("zigbee2mqtt", 0, datetime(2026, 11, 20, 11, 40, tzinfo=UTC), "source"),
        ("tasmota", 0, NOW, "server"),
        ("tasmota", 1, NOW, "server"),
        ("awair", 0, datetime(2026, 11, 20, 11, 15, tzinfo=UTC), "source"),
        ("roborock", 0, datetime(2026, 11, 20, 10, 20, tzinfo=UTC), "source"),
        ("homeconnect", 0, datetime(2026, 11, 20, 10, 20, tzinfo=UTC), "source"),
        ("haier", 0, NOW, "server"),
        ("blueair", 0, datetime(2026, 11, 20, 10, 20, tzinfo=UTC), "source"),
        ("senml", 1, datetime(2026, 11, 20, 10, 19, 30, tzinfo=UTC), "source"),
        ("senml", 7, datetime(2026, 11, 20, 11, 59, tzinfo=UTC), "source"),
    ],
)
def test_trusts_a_time_only_with_its_zone(dialect, index, observed_at, quality):
    (found, *_more) = [
        one for one in read(dialect, body_of(dialect)) if one.index == index and not isinstance(one, Rejection)
    ]

    assert (found.observed_at, found.time_quality) == (observed_at, quality)


def test_keeps_how_sure_a_vacuum_is_and_how_strong_an_oven():
    assert read("valetudo", body_of("valetudo"))[0].confidence == 0.84
    assert read("smartthings-ocf", body_of("smartthings-ocf"))[-1].power_w == 700
    assert [one.power_w for one in read("matter", body_of("matter")) if outcome(one)[1] == "microwave.cook"] == [700]
    assert [one.power_w for one in read("homeconnect", body_of("homeconnect")) if outcome(one)[0] == 1] == [600]


def test_an_obstacle_seen_again_in_the_next_map_is_the_same_event():
    first, again = (read("valetudo", body_of("valetudo"), at=at)[0] for at in (NOW, NOW.replace(hour=13)))

    assert (first.event_key, first.content_digest) == (again.event_key, again.content_digest)


def test_two_filters_with_the_same_left_do_not_contradict_each_other():
    used = {"x.com.samsung.da.filterUsage": "100"}
    water, air = read(
        "smartthings-ocf",
        [{"href": f"/filter/{name}/vs/0", "rep": used} for name in ("waterfilter", "airdustfilter")],
    )

    assert (water.event_key, water.content_digest) == (air.event_key, air.content_digest)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([{"did": "aqi", "siid": 3, "piid": 4, "code": 0, "value": 35}], ("air.pm25", 35)),
        ([{"did": "aqi", "siid": 3, "piid": 4, "code": -4001}], ("no_data",)),
        ({"id": 1, "result": [{"did": "filter_life_level", "code": 0, "value": 66}]}, ("filter.remaining", 66)),
        ({"device_fault": 2.5}, ("wrong_value",)),
    ],
)
def test_reads_what_a_miot_device_answers(document, expected):
    assert [outcome(found)[1:] for found in read("miot", document)] == [expected]


@pytest.mark.parametrize("dialect", EXPECTED)
@pytest.mark.parametrize("document", [None, 5, "x", True, [], {}, [None], [[]], [5], {"x": {}}])
def test_answers_other_shapes_by_name(dialect, document):
    found = read(dialect, document)

    assert found or document == []
    assert all(isinstance(one, Rejection) and one.code in {"wrong_shape", "not_an_insight", "no_data"} for one in found)
