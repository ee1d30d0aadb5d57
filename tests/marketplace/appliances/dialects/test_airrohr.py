"""Sensor.Community's airRohr: text numbers, lying names, no time."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.appliances import wire
from marketplace.appliances.dialects import Reading, Rejection, airrohr

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PUSH = (Path(__file__).parents[3] / "fixtures/appliances/airrohr_push.json").read_bytes()


def parse(body, headers=None):
    return airrohr.parse(body if isinstance(body, bytes) else json.dumps(body).encode(), headers or {}, received_at=NOW)


def push(*values, **more):
    entries = [{"value_type": value_type, "value": value} for value_type, value in values]
    return {"sensordatavalues": entries, **more}


def outcome(result):
    return result.code if isinstance(result, Rejection) else (result.kind, result.value, result.unit)


def test_reads_one_push_value_by_value():
    results = parse(PUSH)

    assert [outcome(result) for result in results] == [
        ("air.pm10", Decimal("12.40"), "ug/m3"),
        ("air.pm25", Decimal("7.15"), "ug/m3"),
        ("climate.temperature", Decimal("21.33"), "Cel"),
        "no_data",
        "not_an_insight",
        "not_an_insight",
    ]
    assert [result.index for result in results] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("value_type", "kind"),
    [
        ("P0", "air.pm1"),
        ("P1", "air.pm10"),
        ("P2", "air.pm25"),
        ("PMS_P0", "air.pm1"),
        ("PMS_P1", "air.pm10"),
        ("SPS30_P2", "air.pm25"),
        ("SCD30_co2_ppm", "air.co2"),
        ("humidity", "climate.humidity"),
        ("HTU21D_temperature", "climate.temperature"),
    ],
)
def test_knows_which_size_of_dust_a_name_means(value_type, kind):
    (reading,) = parse(push((value_type, "400")))

    assert reading.kind == kind


@pytest.mark.parametrize("value_type", ["SPS30_P4", "GPS_lat", "GPS_lon", "samples", "min_micro", "SDS_P3", "sds_p1"])
def test_takes_nothing_that_is_not_listed(value_type):
    assert outcome(parse(push((value_type, "37.5")))[0]) == "not_an_insight"


@pytest.mark.parametrize(
    ("value", "code"),
    [("-", "no_data"), (None, "no_data"), ("5,38", "not_a_number"), ("1e1", "not_a_number"), (True, "not_a_number")],
)
def test_reads_numbers_strictly(value, code):
    assert outcome(parse(push(("SDS_P1", value)))[0]) == code


@pytest.mark.parametrize(
    ("headers", "fields", "source"),
    [
        ({"X-Sensor": "esp8266-99"}, {"esp8266id": "7"}, "esp8266-99"),
        ({"x-sensor": "esp32-A0B1"}, {}, "esp32-A0B1"),
        ({}, {"esp8266id": "7"}, "esp8266-7"),
        ({}, {"esp32id": 12}, "esp32-12"),
        ({}, {}, None),
        ({"X-Sensor": "AA:BB:CC:DD:EE:FF"}, {"esp8266id": "a b"}, None),
        ({"X-Sensor": "esp8266-" + "1" * 99}, {"esp8266id": {"x": 1}}, None),
    ],
)
def test_names_the_chip_that_spoke_if_it_says_so(headers, fields, source):
    (reading,) = parse(push(("SDS_P1", "5"), **fields), headers)

    assert reading.source == source


def test_leaves_the_time_to_the_server():
    (reading,) = parse(push(("SDS_P1", "5"), timestamp="2026-11-20T09:40:00Z"))

    assert isinstance(reading, Reading)
    assert reading.observed_at is None
    assert reading.time_quality == "server"
    assert reading.event_id is None


def test_refuses_the_second_of_two_equal_names():
    results = parse(push(("SDS_P1", "5"), ("SDS_P1", "6")))

    assert [outcome(result) for result in results] == [("air.pm10", Decimal(5), "ug/m3"), "doubled_value"]


@pytest.mark.parametrize("body", [[], {}, {"sensordatavalues": {}}, {"sensordatavalues": None}, "x", 5, None])
def test_refuses_other_shapes_as_one(body):
    assert parse(body) == [Rejection(0, "wrong_shape")]


@pytest.mark.parametrize("entry", [None, [], "SDS_P1", {}, {"value_type": 5}, {"value_type": ["SDS_P1"]}])
def test_one_bad_entry_never_spoils_the_others(entry):
    results = parse({"sensordatavalues": [entry, {"value_type": "SDS_P2", "value": "4.98"}]})

    assert [outcome(result) for result in results] == ["wrong_shape", ("air.pm25", Decimal("4.98"), "ug/m3")]


def test_refuses_a_push_of_more_values_than_a_batch_may_hold():
    with pytest.raises(wire.TooManyItems):
        parse(push(*[("samples", "1")] * 501))
