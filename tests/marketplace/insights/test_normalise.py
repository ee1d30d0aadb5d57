"""From a reading to one kind, one unit, one time, or to the name of what does not fit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from consent.parties.canonical import canonical_bytes
from consent.parties.strict_json import loads
from marketplace.appliances.dialects import Interval, Method, Raw, Reading, Rejection
from marketplace.insights.kinds import KINDS
from marketplace.insights.normalise import flag_physics, normalise

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = NOW - timedelta(hours=2)
MODEL = Method(type="model", name="floor-eye", version="3.1", sha256="0" * 64)
ABSENT = Interval(NOW - timedelta(hours=8), NOW - timedelta(hours=2))


def reading(kind="air.pm25", value="62", unit="ug/m3", **more):
    given = Decimal(value) if isinstance(value, str) and kind not in WORDS else value
    defaults = {"method": Method(type="sensor", name="dust", version="1"), "raw": Raw("62", "ug/m3"), "source": "s"}
    return Reading(**{"index": 4, "kind": kind, "value": given, "unit": unit, "observed_at": AT, **defaults, **more})


WORDS = {"vacuum.obstacle", "pest.sighting", "food.item", "device.fault"}


def edge(kind, value, unit="", **more):
    return reading(kind, value, unit, **{"method": MODEL, "confidence": Decimal("0.87"), **more})


def normal(one, at=NOW):
    result = normalise(one, received_at=at)
    assert not isinstance(result, Rejection), result
    return result


def code(one):
    result = normalise(one, received_at=NOW)
    assert isinstance(result, Rejection), result
    assert result.index == one.index
    return result.code


@pytest.mark.parametrize(
    ("one", "value", "unit"),
    [
        (reading(), 62, "ug/m3"),
        (reading(value="5.38", unit="µg/m³"), 5.38, "ug/m3"),
        (reading("air.tvoc_mass", "0.018", "mg/m³"), 18, "ug/m3"),
        (reading("climate.temperature", "68.0", "°F"), 20, "Cel"),
        (reading("climate.temperature", "-0.0", "°C"), 0, "Cel"),
        (reading("climate.temperature", "37", "°F"), 2.78, "Cel"),
        (reading("fridge.temperature", "-18.5", "°C", zone="freezer"), -18.5, "Cel"),
        (reading("appliance.energy", "420", "Wh", window_s=3600), 0.42, "kW.h"),
        (reading("air.aqi", "120", "{aqi}", scheme="us_epa"), 120, "{aqi}"),
        (reading("device.fault", "homeassistant:vacuum_error", ""), "homeassistant:vacuum_error", ""),
        (edge("pest.sighting", "cockroach"), "cockroach", ""),
        (reading("device.fault", "v" * 20 + ":" + "X" * 43, ""), "v" * 20 + ":" + "X" * 43, ""),
        (edge("presence.absence", True, interval=ABSENT), True, ""),
        (edge("presence.absence", True, interval=Interval(NOW - timedelta(31), NOW)), True, ""),
        (edge("presence.absence", True, interval=Interval(AT - timedelta(30), NOW - timedelta(7))), True, ""),
        (edge("presence.cooled_while_away", "190", "min", interval=ABSENT), 3.17, "h"),
    ],
)
def test_brings_a_value_to_its_kinds_unit(one, value, unit):
    result = normal(one)

    assert (result.value, result.unit) == (value, unit)
    assert type(result.value) is type(value)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (reading("camera.frame"), "unknown_kind"),
        *((edge(kind.code, "62", "ug/m3"), "unknown_kind") for kind in KINDS.values() if kind.by_rule),
        (reading(unit="ppb"), "unknown_unit"),
        (reading(unit="furlong"), "unknown_unit"),
        (reading(unit=" "), "missing_unit"),
        (reading(value="-1"), "no_data"),
        (reading(value="65535"), "no_data"),
        (reading("air.co2", "0", "ppm"), "no_data"),
        (reading("fridge.temperature", "-40", "°C"), "no_data"),
        (reading("fridge.temperature", "233.15", "K"), "no_data"),
        (reading("appliance.power", "-500", "W"), "no_data"),
        (reading(value="1000.01"), "out_of_range"),
        (reading(value="-2"), "out_of_range"),
        (reading("air.co2", "249", "ppm"), "out_of_range"),
        (reading("climate.humidity", "131", "%"), "out_of_range"),
        (reading("climate.temperature", "1e300", "K"), "out_of_range"),
        (reading("air.aqi", "120", "{aqi}"), "unknown_scheme"),
        (reading("air.aqi", "3", "{aqi}", scheme="samsung_1_4"), "unknown_scheme"),
        (reading(scheme="us_epa"), "unknown_scheme"),
        (reading(zone="freezer"), "unknown_zone"),
        (reading("fridge.temperature", "3", "°C", zone="bedroom"), "unknown_zone"),
        (reading(value=True), "wrong_value"),
        (reading("air.pm25", None, "ug/m3"), "wrong_value"),
        (edge("pest.sighting", True), "wrong_value"),
        (edge("pest.sighting", "unicorn"), "unknown_word"),
        (reading("device.fault", "stuck in Minji's room", ""), "unknown_word"),
        (reading("device.fault", "v" * 20 + ":" + "X" * 44, ""), "unknown_word"),
        (reading("device.fault", "v" * 21 + ":X", ""), "unknown_word"),
        (edge("presence.absence", False, interval=ABSENT), "wrong_value"),
        (edge("presence.absence", True), "missing_interval"),
        (reading("appliance.energy", "1", "kWh"), "missing_interval"),
        (edge("presence.absence", True, interval=Interval(AT, AT - timedelta(1))), "wrong_interval"),
        (edge("presence.absence", True, interval=Interval(AT - timedelta(32), AT)), "wrong_interval"),
        (edge("presence.absence", True, interval=Interval(AT, NOW + timedelta(seconds=61))), "wrong_interval"),
        (edge("presence.absence", True, interval=Interval(AT - timedelta(30), NOW - timedelta(7, 1))), "too_old"),
        (edge("pest.sighting", "cockroach", confidence=None), "confidence_required"),
        (reading("vacuum.obstacle", "cable", ""), "confidence_required"),
        (edge("pest.sighting", "cockroach", confidence=Decimal("1.01")), "out_of_range"),
        (edge("pest.sighting", "cockroach", confidence=Decimal("-0.01")), "out_of_range"),
        (edge("pest.sighting", "cockroach", method=replace(MODEL, sha256=None)), "model_required"),
        (edge("food.item", "milk", method=replace(MODEL, type="sensor")), "model_required"),
        (reading("microwave.cook", "90", "s", power_w=Decimal(2001)), "out_of_range"),
        (reading("microwave.cook", "90", "s", power_w=Decimal(-1)), "out_of_range"),
        (reading(power_w=Decimal(700)), "out_of_range"),
        (reading(observed_at=NOW + timedelta(seconds=61)), "time_in_future"),
        (reading(observed_at=NOW - timedelta(days=7, seconds=1)), "too_old"),
        (reading(observed_at=datetime(2016, 5, 30, tzinfo=UTC)), "too_old"),
        (reading(observed_at=datetime(9999, 5, 30, tzinfo=UTC)), "time_in_future"),
    ],
)
def test_names_what_does_not_fit(one, expected):
    assert code(one) == expected


@pytest.mark.parametrize("observed_at", [NOW + timedelta(seconds=60), NOW - timedelta(days=7), AT])
def test_takes_the_senders_time_inside_the_window(observed_at):
    result = normal(reading(observed_at=observed_at))

    assert (result.observed_at, result.time_quality) == (observed_at, "source")


@pytest.mark.parametrize(
    "observed_at", [None, datetime(1970, 1, 1, 0, 0, 27, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)]
)
def test_puts_the_servers_time_where_the_clock_was_never_set(observed_at):
    result = normal(reading(observed_at=observed_at))

    assert (result.observed_at, result.time_quality) == (NOW, "server")


def test_dates_an_absence_by_its_end():
    result = normal(edge("presence.absence", True, interval=ABSENT, observed_at=None))

    assert (result.observed_at, result.time_quality) == (ABSENT.end, "source")


def test_flags_the_dust_that_cannot_be():
    pm1, pm25, pm10 = (
        normal(reading(kind, value)) for kind, value in (("air.pm1", "12"), ("air.pm25", "24"), ("air.pm10", "7"))
    )
    elsewhere = normal(reading("air.pm10", "7", source="other"))
    warm = normal(reading("climate.temperature", "21", "°C"))

    flagged = flag_physics([pm1, pm25, pm10, elsewhere, warm])

    assert [one.flags for one in flagged] == [("dust_sizes_disagree",)] * 3 + [(), ()]
    assert flag_physics([pm1, pm25]) == [pm1, pm25]


def test_a_repeated_id_is_the_same_event():
    first = normal(reading(event_id="e-1"))
    changed = normal(reading(event_id="e-1", value="63"))

    assert first.event_key == changed.event_key
    assert first.content_digest != changed.content_digest


def test_the_senders_id_is_not_kept():
    result = normal(reading(event_id="minji-room-1"))

    assert "minji" not in repr(replace(result, raw=Raw("", "")))
    assert len(result.event_key) == 64


@pytest.mark.parametrize(
    "other",
    [
        reading(value="63"),
        reading(observed_at=AT + timedelta(milliseconds=1)),
        reading("air.pm10"),
        reading(event_id="e-1"),
    ],
)
def test_without_an_id_another_fact_is_another_event(other):
    assert normal(reading()).event_key != normal(other).event_key


def test_without_an_id_another_zone_is_another_event():
    in_the_cooler, in_the_freezer = (
        normal(reading("fridge.temperature", "3", "°C", zone=zone)) for zone in ("cooler", "freezer")
    )

    assert in_the_cooler.event_key != in_the_freezer.event_key


@pytest.mark.parametrize("other", [reading(unit="µg/m³"), reading(value="62.000"), reading(index=9)])
def test_without_an_id_the_same_fact_is_the_same_event_however_it_is_written(other):
    assert normal(reading()).event_key == normal(other).event_key
    assert normal(reading()).content_digest == normal(other).content_digest


def test_a_retry_without_a_time_says_the_same():
    once = normal(reading(event_id="e-1", observed_at=None))
    again = normal(reading(event_id="e-1", observed_at=None), at=NOW + timedelta(seconds=3))

    assert (once.event_key, once.content_digest) == (again.event_key, again.content_digest)


def test_seals_everything_but_who_spoke():
    one = edge("pest.sighting", "cockroach", source="sensor.minji_room", event_id="minji-1", interval=ABSENT)

    payload = normal(one).payload(assurance="hub_signed")

    assert b"minji" not in payload
    assert loads(payload) == {
        "assurance": "hub_signed",
        "kind": "pest.sighting",
        "value": "cockroach",
        "unit": "",
        "observed_at": "2026-11-20T10:00:00.000Z",
        "time_quality": "source",
        "confidence": 0.87,
        "interval": {"start": "2026-11-20T04:00:00.000Z", "end": "2026-11-20T10:00:00.000Z"},
        "method": {"type": "model", "name": "floor-eye", "version": "3.1", "sha256": "0" * 64},
        "flags": [],
        "raw": {"value": "62", "unit": "ug/m3"},
    }


@pytest.mark.parametrize(
    "made",
    [
        reading(),
        reading(observed_at=None, zone=None, value="12.5"),
        edge("pest.sighting", "cockroach", interval=ABSENT),
        edge("presence.absence", True, interval=ABSENT),
        reading(kind="microwave.cook", value="90", unit="s", power_w=Decimal(700), window_s=90),
        reading(kind="air.aqi", value="62", unit="{aqi}", scheme="us_epa"),
        reading(kind="fridge.temperature", value="4.5", unit="Cel", zone="cooler"),
        reading(kind="device.fault", value="lg:E-3.1", unit=""),
    ],
    ids=lambda made: made.kind,
)
def test_writes_what_was_said_as_the_standard_does(made):
    found = normal(made)

    payload = found.payload(assurance="hub_signed")
    assert found.said == canonical_bytes(loads(found.said))
    assert loads(payload).items() >= loads(found.said).items()
    assert loads(payload)["value"] == found.value


def test_escapes_what_the_sender_wrote():
    found = normal(reading(raw=Raw('6"2\\\n', "㎍")))

    assert loads(found.payload(assurance="hub_signed"))["raw"] == {"value": '6"2\\\n', "unit": "㎍"}


def test_registered_words_hold_nothing_to_escape():
    for kind in KINDS.values():
        flags = [flag.name for flag in kind.flags]
        for word in [kind.code, kind.unit, *kind.words, *kind.zones, *kind.schemes, *flags]:
            assert canonical_bytes(word) == f'"{word}"'.encode()


def test_seals_the_servers_time_where_the_sender_gave_none():
    payload = loads(normal(reading(observed_at=None)).payload(assurance="hub_bearer"))

    assert (payload["observed_at"], payload["time_quality"]) == ("2026-11-20T12:00:00.000Z", "server")


@pytest.mark.parametrize(
    ("value", "said"),
    [("0.125", 0.12), ("0.135", 0.14), ("62.000", 62), ("1e1", 10), ("12.345678901234567890123", 12.35)],
)
def test_rounds_half_to_even_as_fractions_do(value, said):
    found = normal(reading(value=value)).value

    assert found == said
    assert found == float(round(Fraction(value), 2))
    assert type(found) is type(said)


def test_keeps_a_confidence_as_the_page_shows_it():
    assert normal(edge("pest.sighting", "cockroach", confidence=Decimal("0.8734"))).confidence == 0.87
