"""What is malformed in the wild, planted where it stands in every format: it is refused, and never misread.

Each body is one of our own fixtures with one value changed. Nothing may then be accepted that the body as it is does
not hold already: a word is no number, a sentinel no measurement, a strange unit none at all.
"""

import json
import re
from collections import Counter

import pytest

from marketplace.appliances.dialects import Rejection
from tests.fuzz.grammar import SHAPES, at, places_of, planted
from tests.marketplace.appliances.dialects.outcomes import outcomes, read

NO_NUMBERS = [
    "12,5",
    "1e1",
    "1_000",
    "0x10",
    " 5",
    "5 ",
    "١٢",
    "１２",
    "1.5.2",
    "--5",
    "5%",
    "1.234,5",
    ".5",
    "5.",
    "007",
]
NO_DATA = ["unavailable", "unknown", "None", "-", "OFF", "INIT", "INV", "FAIL", "INVALID", "nan", "NaN", "n/a", "--"]
DUST = ["µg/m³", "μg/m³", "μg/m^3", "ug/m3", "ugm3", "ug/m^3", "Âµg/mÂ³", "ug/m3 LC"]
STRANGE = ["furlong", "μg", "g/m3", "%", "", " ", "ppq", "°C/m3", "µg/m³ " * 20]
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def accepted(found):
    return Counter(one for one in found if isinstance(one, tuple))


def leaves(is_wanted):
    """Walk every value of every fixture that is one of those wanted, with what the fixture comes to as it is."""
    for dialect, shapes in SHAPES.items():
        for shape in shapes:
            whole = outcomes(dialect, shape)
            for path in places_of(shape):
                if is_wanted(dialect, shape, path, whole):
                    yield dialect, shape, path, whole


def is_a_number_that_is_read(dialect, shape, path, whole):
    """Say whether another number in its place is another reading of the same kind."""
    node = at(shape, path)
    if isinstance(node, bool) or not isinstance(node, int | float | str) or not _NUMBER.fullmatch(str(node)):
        return False
    other = type(node)(float(node) + 2) if not isinstance(node, str) else str(round(float(node) + 2, 3))
    then, now = accepted(whole), accepted(outcomes(dialect, planted(shape, path, other)))
    return [one[0] for one in then - now] == [one[0] for one in now - then] != []


def is_a_unit_of_dust(_dialect, shape, path, _whole):
    return at(shape, path) in DUST


def is_a_time(dialect, shape, path, _whole):
    """Say whether another moment in its place is another moment of a reading."""
    node = at(shape, path)
    if not isinstance(node, str) or not node.startswith("2026-11-20T"):
        return False
    return moments(dialect, shape) != moments(dialect, planted(shape, path, "2026-11-19T07:00:00Z"))


def moments(dialect, document):
    return [one.observed_at for one in read(dialect, document) if not isinstance(one, Rejection)]


NUMBERS, UNITS, TIMES = (list(leaves(of)) for of in (is_a_number_that_is_read, is_a_unit_of_dust, is_a_time))


def test_every_format_has_something_to_spoil():
    """A property of nothing proves nothing."""
    assert {dialect for dialect, *_place in NUMBERS} == set(SHAPES)
    assert {dialect for dialect, *_place in UNITS} >= {"canonical", "homeassistant", "smartthings", "senml"}
    assert {dialect for dialect, *_place in TIMES} >= {"canonical", "homeassistant", "smartthings", "awair"}


def spoilt(words, leaf_number):
    """Take turns, so that every word comes to every format and no test takes long."""
    return [words[(leaf_number + step) % len(words)] for step in range(4)]


def is_a_bare_payload(path, word):
    """A broker's payload is text by itself, and what is JSON in it is what JSON says it is."""
    try:
        return path[-1] == "payload" and json.loads(word) is not None
    except ValueError:
        return False


def test_what_is_no_number_never_becomes_one():
    for number, (dialect, shape, path, whole) in enumerate(NUMBERS):
        for word in spoilt(NO_NUMBERS, number):
            found = outcomes(dialect, planted(shape, path, word))

            assert is_a_bare_payload(path, word) or accepted(found) < accepted(whole), (
                dialect,
                path,
            )


def test_a_word_for_nothing_is_no_data():
    for number, (dialect, shape, path, whole) in enumerate(NUMBERS):
        for word in spoilt(NO_DATA, number):
            found = outcomes(dialect, planted(shape, path, word))

            assert accepted(found) < accepted(whole), (dialect, path, word)
            # A fault without its code is none, and of a time nobody told nothing is said.
            others = {"wrong_value", "missing_interval", "not_an_insight"}
            assert {"no_data", *others} & set(found), (dialect, path, word)


@pytest.mark.parametrize("sentinel", [-1, 65535])
def test_a_sentinel_is_no_dust_and_no_carbon_dioxide(sentinel):
    for dialect, shape, path, whole in NUMBERS:
        found = outcomes(dialect, planted(shape, path, type(at(shape, path))(sentinel)))
        lost = accepted(whole) - accepted(found)

        if any(kind in ("air.pm1", "air.pm25", "air.pm10", "air.co2") for kind, *_value in lost):
            assert accepted(found) < accepted(whole), (dialect, path)
            assert "no_data" in found, (dialect, path)


def test_a_unit_is_the_same_however_it_is_spelt():
    for dialect, shape, path, whole in UNITS:
        for spelling in DUST:
            assert outcomes(dialect, planted(shape, path, spelling)) == whole, (dialect, spelling)


def test_a_strange_unit_is_refused():
    for dialect, shape, path, whole in UNITS:
        for unit in STRANGE:
            found = outcomes(dialect, planted(shape, path, unit))

            # Beside the value it is refused; beside a raw value it changes nothing.
            assert accepted(found) <= accepted(whole), (dialect, unit)
            assert "raw" in path or {"unknown_unit", "missing_unit", "not_an_insight"} & set(found), (dialect, unit)


@pytest.mark.parametrize("unset", ["1970-01-01T00:00:27Z", "2000-01-01T00:00:00Z", "2026-11-20T09:00:00", None])
def test_a_clock_that_was_never_set_or_says_no_zone_leaves_the_time_to_the_server(unset):
    for dialect, shape, path, whole in TIMES:
        changed = planted(shape, path, unset)
        found = [one for one in read(dialect, changed) if not isinstance(one, Rejection)]

        assert accepted(outcomes(dialect, changed)) <= accepted(whole), (dialect, path)
        assert not any(one.observed_at.year < 2026 for one in found), (dialect, path)


@pytest.mark.parametrize(
    ("absurd", "code"),
    [
        ("22016-01-01T00:00:00+00:00", "wrong_time"),
        ("2026-02-30T00:00:00Z", "wrong_time"),
        ("202410", "wrong_time"),
        ("2026-11-21T12:00:00Z", "time_in_future"),
        ("2026-11-01T00:00:00Z", "too_old"),
    ],
)
def test_an_absurd_time_is_named(absurd, code):
    for dialect, shape, path, whole in TIMES:
        found = outcomes(dialect, planted(shape, path, absurd))

        assert accepted(found) <= accepted(whole), (dialect, path)
        # LG hardly ever says a zone, so that its time counts only where it can be read.
        of_a_span = {"wrong_interval", "missing_interval", "out_of_range"}
        assert {code, *of_a_span} & set(found) or dialect == "thinq", (dialect, path, found)
