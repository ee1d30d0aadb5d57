"""Payloads recorded from real devices; they belong to their owners, stay outside, and are read where they are."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from consent.parties.errors import UnreadableBody
from marketplace.appliances.dialects import DIALECTS, Reading, Rejection
from marketplace.insights.normalise import normalise
from tests.marketplace.appliances.dialects.test_golden import ROWS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAYLOADS = Path(settings.BASE_DIR).parent / "shared" / "payloads"
FILES = sorted(path for path in PAYLOADS.glob("*/*") if path.is_file())

pytestmark = pytest.mark.skipif(not FILES, reason=f"The recorded payloads are not beside the checkout ({PAYLOADS}).")

# Written by hand from the makers' documentation: what each file must come to under the dialect it was recorded in.
GOLDEN = {
    ("homeassistant", "homeassistant-docs/rest_state_single.json"): ["not_an_insight"],
    ("homeassistant", "malformed-wild/esphome_nan_json.txt"): ["number_not_finite"],
    ("homeassistant", "malformed-wild/ha_availability_on_value_topic.txt"): ["not_json"],
    ("homeassistant", "malformed-wild/node_red_naive_timestamp.txt"): ["wrong_shape"],
    ("homeassistant", "homeassistant-core/lg_thinq_oven_status.json"): ["wrong_shape", "wrong_shape"],
    ("homeassistant", "homeassistant-core/home_connect_status.json"): ["wrong_shape"],
    ("airrohr", "malformed-wild/esphome_nan_json.txt"): ["number_not_finite"],
    ("airrohr", "homeassistant-docs/rest_state_single.json"): ["wrong_shape"],
    ("airrohr", "sensor-community/luftdaten_example_data.json"): [
        ("air.pm10", 5.38, "ug/m3"),
        ("air.pm25", 4.98, "ug/m3"),
        *["not_an_insight"] * 4,
    ],
}


# Sources without a dialect of their own, handed in as if they were events of an edge model: a table of another world is
# no JSON, links and pictures are named before anything else, and what is left lacks the envelope or brings too much.
NOBODYS = {
    "airvisual-pro/node_by_id.json": "unregistered_field",
    "airvisual-pro/node_history.csv": "not_json",
    "airvisual-pro/node_measurements.json": "unregistered_field",
    "cloudevents/cloudevents.schema.json": "raw_media",
    "datasets/rdatasets_datasets_airquality.csv": "not_json",
    "datasets/rdatasets_openintro_pm25_2011_durham.csv": "not_json",
    "homeassistant-core/tuya_co2bj_air_detector.json": "unregistered_field",
    "homeassistant-core/tuya_sd_robot_vacuum.json": "unregistered_field",
    "lg-thinq2/airconditioner_device.json": "raw_media",
    "lg-thinq2/dishwasher_device.json": "missing_field",
    "lg-thinq2/washer_dryer_device.json": "unregistered_field",
    "smart-data-models/AirQualityMonitoring_example-normalized.jsonld": "raw_media",
    "smart-data-models/AirQualityMonitoring_example.json": "raw_media",
    "smart-data-models/AirQualityObserved_example-normalized.jsonld": "raw_media",
    "smart-data-models/AirQualityObserved_example.json": "raw_media",
    "smart-data-models/AirQualityObserved_schema.json": "raw_media",
    "smart-data-models/DeviceMeasurement_example.json": "unregistered_field",
    "smart-data-models/Device_example.json": "raw_media",
    "smart-data-models/IndoorEnvironmentObserved_example-normalized.jsonld": "raw_media",
    "smart-data-models/IndoorEnvironmentObserved_example.json": "unregistered_field",
    "smart-data-models/MosquitoDensity_example-normalized.jsonld": "raw_media",
    "smart-data-models/MosquitoDensity_example.json": "raw_media",
    "smart-data-models/PrivacyObject_example.json": "raw_media",
    "smart-data-models/SmartMeteringObservation_example.json": "raw_media",
    "switchbot/webhook_changeReport.jsonl": "not_json",
    "switchbot/webhook_malformed_as_documented.txt": "not_json",
}


def outcomes(dialect, body):
    try:
        parsed = DIALECTS[dialect](body, {}, received_at=NOW)
    except UnreadableBody as refused:
        return [refused.code]
    normal = [one if isinstance(one, Rejection) else normalise(one, received_at=NOW) for one in parsed]
    return [one.code if isinstance(one, Rejection) else (one.kind, one.value, one.unit) for one in normal]


@pytest.mark.parametrize(("dialect", "name"), GOLDEN, ids=lambda found: found)
def test_comes_to_what_the_papers_say(dialect, name):
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder.")

    assert outcomes(dialect, path.read_bytes()) == GOLDEN[dialect, name]


@pytest.mark.parametrize("name", NOBODYS)
def test_a_source_that_no_dialect_speaks_for_is_refused_by_name(name):
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder.")

    assert outcomes("canonical", path.read_bytes()) == [NOBODYS[name]]


def test_every_file_of_the_folder_has_its_row():
    told = {name for _dialect, name in [*ROWS, *GOLDEN]} | set(NOBODYS) | {"blueair/protect_7470i_sensors.json"}

    assert {f"{path.parent.name}/{path.name}" for path in FILES} - told == set()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_ends_in_readings_or_named_rejections(dialect):
    silent = [path.name for path in FILES if not outcomes(dialect, path.read_bytes())]

    assert silent == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_line_of_a_log_ends_so_too(dialect):
    for path in FILES:
        if path.suffix != ".json":
            for line in path.read_bytes().splitlines()[:50]:
                outcomes(dialect, line)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_keeps_no_dropped_key_of_any_recording(dialect):
    dropped = ("ssid", "mac", "latitude", "longitude", "friendly_name", "Master bedroom", "Home Office", ".jpg")

    for path in FILES:
        try:
            parsed = dialect(path.read_bytes(), {}, received_at=NOW)
        except UnreadableBody:
            continue
        # The source is for the HMAC that finds the appliance, and stored nowhere.
        kept = "".join(repr(replace(one, source=None) if isinstance(one, Reading) else one) for one in parsed)
        assert not [word for word in dropped if word in kept]
