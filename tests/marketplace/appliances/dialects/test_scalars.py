"""Numbers, times and units as they stand in the wild."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from marketplace.appliances.dialects.scalars import is_no_data, read_number, read_time
from marketplace.appliances.dialects.unit_words import ucum


@pytest.mark.parametrize(
    ("written", "number"),
    [("5.38", "5.38"), ("-18", "-18"), ("+3", "3"), ("0", "0"), ("0.015", "0.015"), (5, "5"), (21.3, "21.3")],
)
def test_reads_a_plain_number_exactly(written, number):
    assert read_number(written) == Decimal(number)


@pytest.mark.parametrize(
    "written",
    [
        "12,5",
        "1e3",
        "1_000",
        " 5",
        "5 ",
        "5\n",
        "٥",
        "５",
        "0x10",
        "5.",
        ".5",
        "007",
        "-59 dBm",
        "nan",
        "Infinity",
        "9" * 40,
        "",
        True,
        None,
        [],
        {},
    ],
)
def test_never_guesses_at_a_number(written):
    assert read_number(written) is None


@pytest.mark.parametrize(
    "word", [None, "", "-", "unknown", "unavailable", "None", "NaN", "nan", "OFF", "INIT", "FAIL", "INV", "INVALID"]
)
def test_knows_the_words_for_nothing_measured(word):
    assert is_no_data(word)


@pytest.mark.parametrize("value", [0, "0", False, "on", "62"])
def test_takes_zero_for_a_value(value):
    assert not is_no_data(value)


@pytest.mark.parametrize(
    "written",
    ["2026-11-20T09:40:00Z", "2026-11-20T18:40:00+09:00", "2026-11-20t09:40:00.000z", "2026-11-20 09:40:00.000000Z"],
)
def test_reads_a_time_in_utc(written):
    assert read_time(written) == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


@pytest.mark.parametrize("written", [None, "", "2022-01-21T00:00:00", "2019-06-20T01:14:27.069000"])
def test_takes_a_zoneless_time_for_none(written):
    assert read_time(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "22016-05-30T21:50:30+00:00",
        "yesterday",
        "202410",
        1732096800,
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "2026-11-20T24:61:00Z",
        "2026-11-20T09:40:00Z\n",
    ],
)
def test_refuses_what_is_no_time(written):
    with pytest.raises(ValueError, match=r"."):
        read_time(written)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("\u00b5g/m\u00b3", "ug/m3"),
        ("\u03bcg/m\u00b3", "ug/m3"),
        ("μg/m^3", "ug/m3"),
        ("ug/m3", "ug/m3"),
        ("ugm3", "ug/m3"),
        ("ug/m3 LC", "ug/m3"),
        ("Âµg/mÂ³", "ug/m3"),
        ("mg/m³", "mg/m3"),
        ("℃", "Cel"),
        ("°C", "Cel"),
        ("ºC", "Cel"),
        ("℉", "[degF]"),
        ("％", "%"),
        ("kWh", "kW.h"),
        (" ppm ", "[ppm]"),
    ],
)
def test_folds_the_spellings_of_a_unit(written, code):
    assert ucum(written) == code


@pytest.mark.parametrize("written", ["", "UG/M3", "HomeWifi", "AA:BB:CC:DD:EE:FF", "µg", "w", "ppm" * 100, "1"])
def test_knows_no_other_units(written):
    assert ucum(written) is None
