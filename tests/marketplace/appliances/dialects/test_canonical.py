"""Our own format: exactly the fields it names, and nothing that could carry a picture or a place."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.appliances import wire
from marketplace.appliances.dialects import Reading, Rejection, canonical
from tests.marketplace.appliances.test_wire import Request

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
BATCH = (Path(__file__).parents[3] / "fixtures/appliances/cloudevents_batch.json").read_bytes()


def parse(body):
    return canonical.parse(body if isinstance(body, bytes) else json.dumps(body).encode(), {}, received_at=NOW)


def event(*, data=None, without=(), **envelope):
    sensor = {"type": "sensor", "name": "purifier.dust", "version": "1.2"}
    content = {"kind": "air.pm25", "value": 5, "unit": "ug/m3", "method": sensor, **(data or {})}
    made = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:device:7f3c",
        "type": f"insight.{content['kind']}.v1",
        "time": "2026-11-20T09:40:00Z",
        "data": content,
        **envelope,
    }
    return {name: value for name, value in made.items() if name not in without}


def only(body):
    (result,) = parse(body)
    return result


def code(body):
    result = only(body)
    assert isinstance(result, Rejection), result
    return result.code


def test_reads_a_batch_event_by_event():
    dust, pest, absence = parse(BATCH)

    assert (dust.kind, dust.value, dust.unit, dust.window_s) == ("air.pm25", Decimal(5), "ug/m3", 60)
    assert (dust.event_id, dust.source) == ("e-1", "urn:device:7f3c")
    assert dust.observed_at == datetime(2026, 11, 20, 9, 40, 0, 755_000, tzinfo=UTC)
    assert (dust.raw.value, dust.raw.unit) == ("5", "μg/m^3")
    assert (pest.kind, pest.value, pest.confidence) == ("pest.sighting", "cockroach", Decimal("0.87"))
    assert (pest.method.type, pest.method.name, pest.method.sha256) == ("model", "floor-eye", SHA256)
    assert absence.value is True
    assert absence.interval.start == datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("noted", "kept"),
    [
        ({"value": "0.004", "unit": "mg/m3"}, ("0.004", "mg/m3")),
        ({"value": 4, "unit": "ug/m3"}, ("4", "ug/m3")),
        ({"value": "Minji bedroom", "unit": "mg/m3"}, ("5", "ug/m3")),
        ({"value": True}, ("5", "ug/m3")),
    ],
)
def test_keeps_a_raw_value_that_is_a_number_and_no_words(noted, kept):
    raw = only(event(data={"raw": noted})).raw

    assert (raw.value, raw.unit) == kept


@pytest.mark.parametrize("data", [{"kind": "device.fault", "value": "lg:E3", "unit": ""}, {"unit": ""}, {"unit": None}])
def test_an_empty_unit_is_none(data):
    assert only(event(data=data)).unit == ""


def test_json_may_say_its_charset():
    for said in ("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON", None):
        assert only(event(datacontenttype=said)).kind == "air.pm25"
    assert code(event(datacontenttype="application/xml")) == "missing_field"


def test_reads_a_single_event():
    assert only(event()).kind == "air.pm25"


def test_one_bad_event_never_spoils_the_batch():
    results = parse([event(), 5, event(id=None), event(id="e-4")])

    assert [getattr(result, "code", "read") for result in results] == ["read", "wrong_shape", "missing_field", "read"]
    assert [result.index for result in results] == [0, 1, 2, 3]


def test_keeps_no_name_of_a_sensor():
    named = event(data={"method": {"type": "sensor", "name": "Minji room", "version": "Minji 1"}})

    (reading,) = parse(named)

    assert (reading.method.name, reading.method.version) == ("canonical", "canonical@1")


def test_a_sensor_need_not_say_of_which_version_it_is():
    (reading,) = parse(event(data={"method": {"type": "sensor", "name": "purifier.dust"}}))

    assert (reading.method.name, reading.method.version) == ("canonical", "canonical@1")


@pytest.mark.parametrize(
    "made",
    [
        event(without=["specversion"]),
        event(specversion="0.3"),
        event(specversion=1.0),
        event(without=["id"]),
        event(id=""),
        event(id="with blank"),
        event(id="x" * 129),
        event(id=5),
        event(without=["type"]),
        event(type="air.pm25"),
        event(type="insight.air.pm25.v2"),
        event(sequence=412),
        event(datacontenttype="text/plain"),
        event(without=["data"]),
        event(data={"method": None}),
        event(data={"method": {"type": "guess", "name": "x", "version": "1"}}),
        event(data={"method": {"type": "sensor", "version": "1"}}),
        event(data={"method": {"type": "sensor", "name": "안방", "version": "1"}}),
        event(data={"value": None}),
        event(data={"zone": "엄마 냉장고"}),
    ],
)
def test_names_the_field_that_is_missing_or_wrong(made):
    result = only(made)

    assert result.code == "missing_field"
    assert result.field is not None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (event(subject="living room"), "unregistered_field"),
        (event(dataschema="x"), "unregistered_field"),
        (event(data={"friendly_name": "안방"}), "unregistered_field"),
        (event(data={"raw": {"value": "5", "unit": "", "ssid": "home"}}), "unregistered_field"),
        (event(data={"method": {"type": "sensor", "name": "x", "version": "1", "mac": "x"}}), "unregistered_field"),
        (event(data={"interval": {"start": "2026-11-20T01:00:00Z", "lat": 37.5}}), "unregistered_field"),
        (event(dataref="x"), "raw_media"),
        (event(data_base64="QUJD"), "raw_media"),
        (event(source="https://home.example/1"), "raw_media"),
        (event(data={"value": "data:image/png;base64,AAAA"}), "raw_media"),
        (event(data={"value": "http://10.0.0.2/snap.jpg"}), "raw_media"),
        (event(data={"raw": {"value": "A" * 200, "unit": ""}}), "raw_media"),
        (event(data={"A" * 210: 1}), "raw_media"),
        (event(data={"raw": {"value": "a b " * 65, "unit": ""}}), "string_too_long"),
        (event(data={"k k" * 90: 1}), "string_too_long"),
        (event(data={"quality": [f"word_{number}" for number in range(900)]}), "event_too_large"),
        (event(source="sensor.bedroom"), "wrong_source"),
        (event(source=None), "wrong_source"),
        (event(source="urn:device:"), "wrong_source"),
        (event(type="insight.air.pm10.v1"), "type_mismatch"),
        (event(data={"kind": "camera.frame"}), "unknown_kind"),
        (event(data={"unit": "furlong"}), "unknown_unit"),
        (event(data={"raw": {"value": "5", "unit": "안방"}}), "unknown_unit"),
        (event(data={"value": "안방"}), "wrong_value"),
        (event(data={"value": [5]}), "wrong_value"),
        (event(data={"value": {"x": 5}}), "wrong_value"),
        (event(data={"confidence": "0.9"}), "wrong_value"),
        (event(data={"confidence": True}), "wrong_value"),
        (event(data={"quality": "ok"}), "wrong_value"),
        (event(data={"quality": ["우리 집"]}), "wrong_value"),
        (event(data={"kind": "vacuum.obstacle", "value": "human"}), "person_refused"),
        (event(data={"kind": "vacuum.obstacle", "value": "Person"}), "person_refused"),
        (event(time="22016-05-30T21:50:30Z"), "wrong_time"),
        (event(time=1732096800), "wrong_time"),
        (event(recordedtime="soon"), "wrong_time"),
        (event(data={"interval": {"start": "2026-11-20T01:00:00Z"}}), "wrong_interval"),
        (event(data={"interval": {"start": "2026-11-20T01:00:00", "end": "2026-11-20T02:00:00"}}), "wrong_interval"),
        (event(data={"interval": "PT1H"}), "wrong_interval"),
        (event(data={"window_s": 0}), "wrong_interval"),
        (event(data={"window_s": True}), "wrong_interval"),
        (event(data={"window_s": 10**9}), "wrong_interval"),
        (event(data={"method": {"type": "model", "id": "eye", "version": "1"}}), "model_required"),
        (event(data={"method": {"type": "model", "id": "eye", "version": "1", "sha256": "AB"}}), "model_required"),
        (event(data={"method": {"type": "model", "version": "1", "sha256": SHA256}}), "model_required"),
    ],
)
def test_names_why_an_event_is_refused(made, expected):
    assert code(made) == expected


@pytest.mark.parametrize("hide", [str.upper, "".join, lambda text: "".join(f"\\u{ord(one):04x}" for one in text)])
def test_finds_media_however_it_is_written(hide):
    body = json.dumps(event(data={"raw": {"value": "MARK", "unit": ""}})).replace("MARK", hide("data:image/png,"))

    assert code(body.encode()) == "raw_media"


@pytest.mark.parametrize("field", ["data", "source", "id", "type", "time"])
@pytest.mark.parametrize("junk", [None, 5, True, [], {}, [[]], "", "x"])
def test_answers_junk_in_every_field_with_a_result(field, junk):
    assert isinstance(only({**event(), field: junk}), Reading | Rejection)


@pytest.mark.parametrize("missing", [None, "", "2026-11-20T09:40:00"])
def test_leaves_a_missing_or_zoneless_time_to_the_server(missing):
    assert only(event(time=missing)).observed_at is None


def event_of(size):
    """An event of so many bytes, written without blanks."""
    made = event(id="", data={"quality": ["w" * 64] * 117})
    return made | {"id": "e" * (size - len(json.dumps(made, separators=(",", ":"))))}


def test_takes_an_event_of_up_to_eight_kibibytes():
    assert isinstance(only(event_of(8 * 1024)), Reading)
    assert code(event_of(8 * 1024 + 1)) == "event_too_large"


def test_a_batch_of_five_hundred_of_them_is_no_larger_than_a_body_may_be():
    body = json.dumps([event_of(8 * 1024)] * 500).encode()

    assert len(wire.read_bounded(Request(body))) == len(body)


def test_refuses_a_batch_of_more_than_five_hundred():
    assert len(parse([event()] * 500)) == 500
    with pytest.raises(wire.TooManyItems):
        parse([event()] * 501)


def test_never_says_a_value_of_the_payload():
    for made in (event(data={"minji_room": 1}), event(data={"value": "minji_room!"}), event(source="minji_room")):
        assert "minji_room" not in only(made).detail


TEXTS = ("x://y", "HTTPS://Y", "data:image/x", "DATA:x/", "www.x", "x.WWW.y", "a" * 200, "a" * 257, "x", "5", "")
PLACES = (
    "id",
    "source",
    "type",
    "sequence",
    "datacontenttype",
    "value",
    "unit",
    "zone",
    "raw",
    "quality",
    "name",
    "key",
)


@pytest.mark.parametrize("place", PLACES)
def test_the_glance_misses_nothing_that_a_closer_look_refuses(place):
    for text in TEXTS:
        of_data = {"value": text, "unit": text, "zone": text, "raw": {"value": text, "unit": text}, "quality": [text]}
        of_data["name"] = {"type": "sensor", "name": text, "version": "1"}
        said = {"name": "method"}.get(place, place)
        made = (
            event(data={said: of_data[place]})
            if place in of_data
            else event(**{text if place == "key" else place: text})
        )

        plainly, hidden = json.dumps(made), json.dumps(made).replace("/", "\\/").replace(":/", "\\u003a/")
        for body in (plainly, hidden):
            assert only(body.encode()) == canonical._read(0, json.loads(body), is_plain=False)
