"""Topics of a broker: one entity in many of them, and a payload that is one bare word."""

import json
from datetime import UTC, datetime

import pytest

from tests.marketplace.appliances.dialects.outcomes import outcome, outcomes, read

STREAM = [
    {"topic": "home/sensor/study_pm25/device_class", "payload": '"pm25"'},
    {"topic": "home/sensor/study_pm25/unit_of_measurement", "payload": '"µg/m³"'},
    {"topic": "home/sensor/study_pm25/friendly_name", "payload": '"Minji\'s room"'},
    {"topic": "home/sensor/study_pm25/state", "payload": '"62"'},
    {"topic": "home/sensor/study_pm25/last_updated", "payload": '"2026-11-20T11:40:00+00:00"'},
    {"topic": "home/sensor/hall_co2/device_class", "payload": '"carbon_dioxide"'},
    {"topic": "home/sensor/hall_co2/unit_of_measurement", "payload": '"ppm"'},
    {"topic": "home/sensor/hall_co2/state", "payload": '"unavailable"'},
    {"topic": "home/light/bed/state", "payload": '"on"'},
    {"topic": "home/sensor/mute/device_class", "payload": '"pm25"'},
    {"topic": "short", "payload": "1"},
]


@pytest.mark.parametrize(
    "body",
    [json.dumps(STREAM).encode(), "\n".join(map(json.dumps, STREAM)).encode()],
    ids=["listed", "one a line"],
)
def test_puts_the_topics_of_statestream_together_again(body):
    found = read("homeassistant", body)

    assert [outcome(one) for one in found] == [
        ("air.pm25", 62),
        "no_data",
        "not_an_insight",
        "wrong_shape",
        "wrong_shape",
    ]
    assert found[0].observed_at == datetime(2026, 11, 20, 11, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "topic", "expected"),
    [
        (b"12.3", "study/sensor/pm25/state", ("air.pm25", 12.3)),
        (b"nan", "study/sensor/pm25/state", "no_data"),
        (b"NaN\n", "study/sensor/pm25/state", "no_data"),
        (b"online", "study/sensor/pm25/state", "no_data"),
        (b"12,3", "study/sensor/pm25/state", "not_a_number"),
        (b"12.3", "", "not_an_insight"),
        (b"on", "study/switch/pm25/state", "not_an_insight"),
    ],
)
def test_takes_a_bare_scalar_with_its_topic_in_a_header(body, topic, expected):
    assert outcomes("esphome", body, {"X-Mqtt-Topic": topic}) == [expected]
