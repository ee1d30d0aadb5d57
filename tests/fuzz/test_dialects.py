"""Every dialect keeps its promises to any body in its own grammar, and its work grows with the body and no faster.

`make fuzz SECONDS=600` goes on from here for as long as one likes, led by what the code was seen to do.
"""

import json
import time
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.appliances.dialects import DIALECTS
from tests.fuzz.grammar import CANARY, CANARY_WORDS, FORMS, SHAPES, at, bodies, places_of, planted
from tests.fuzz.promises import effort, keep, kept_of

FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
#: Texts that make a careless pattern go back and forth.
LONG = ["9", "a", " ", "-", "(", "1.", "é", "\\", "0000-00-"]
SHORT, FOUR_TIMES = 20_000, 80_000


@pytest.mark.parametrize("dialect", DIALECTS)
@FEW
@given(choice=st.data())
def test_keeps_every_promise_to_a_body_in_its_own_grammar(dialect, choice):
    keep(dialect, bodies(dialect, lambda below: choice.draw(st.integers(0, below - 1))))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kept", ["as a value", "as a key", "as a neighbour"])
def test_a_canary_comes_out_of_no_place_of_any_form(dialect, kept):
    for form in FORMS[dialect]:
        for path in places_of(form):
            place = at(form, path)
            nest = {
                "as a value": CANARY,
                "as a key": {CANARY: place},
                "as a neighbour": {**place, CANARY: CANARY} if isinstance(place, dict) else [place, CANARY],
            }
            keep(dialect, json.dumps(planted(form, path, nest[kept])).encode())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_keeps_every_promise_to_each_form_as_it_stands(dialect):
    for form in FORMS[dialect]:
        keep(dialect, json.dumps(form).encode())


def test_the_shapes_are_good_enough_to_be_kept():
    """A grammar nobody accepts anything of would prove nothing."""
    silent = [
        dialect
        for dialect, shapes in SHAPES.items()
        if not any(list(kept_of(one)) for shape in shapes for one in keep(dialect, json.dumps(shape).encode()))
    ]

    assert silent == []


def test_a_word_that_came_through_would_be_noticed(monkeypatch):
    monkeypatch.setattr("tests.fuzz.promises.CANARY_WORDS", (*CANARY_WORDS, "air.pm25"))

    with pytest.raises(AssertionError, match="dropped word"):
        keep("awair", json.dumps(SHAPES["awair"][0]).encode())


def test_a_kind_that_nobody_promised_would_be_noticed(monkeypatch):
    monkeypatch.setitem(DIALECTS, "awair", replace(DIALECTS["awair"], kinds=frozenset({"air.co2"})))

    with pytest.raises(AssertionError, match="does not promise"):
        keep("awair", json.dumps(SHAPES["awair"][0]).encode())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_reading_twice_as_much_costs_twice_as_much(dialect):
    grown = [(repeated, shape) for shape in SHAPES[dialect]] + [(widened, form) for form in FORMS[dialect]]
    for grow, form in grown:
        small, large = (effort(dialect, grow(form, size)) for size in (40, 160))

        assert large <= 5 * small, (grow.__name__, form, small, large)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_long_text_costs_no_more_than_its_length(dialect):
    for shape in SHAPES[dialect]:
        paths = [path for path in places_of(shape) if isinstance(at(shape, path), str)]
        for path in Random(dialect).sample(paths, min(4, len(paths))):
            for text in LONG:
                assert_linear(
                    dialect, lambda size, shape=shape, path=path, text=text: planted(shape, path, text * size)
                )


def assert_linear(dialect, make):
    short, long = (json.dumps(make(size)).encode() for size in (SHORT, FOUR_TIMES))
    # Most take no time worth measuring; what does is measured against itself, a quarter as long.
    if seconds_for(dialect, long, tries=1) > 0.05:
        assert seconds_for(dialect, long, tries=5) <= 10 * seconds_for(dialect, short, tries=5) + 0.05


def seconds_for(dialect, body, *, tries):
    def once():
        begun = time.process_time()
        keep(dialect, body)
        return time.process_time() - begun

    return min(once() for _ in range(tries))


def repeated(shape, times):
    items = shape if isinstance(shape, list) else [shape]
    return json.dumps([items[number % len(items)] for number in range(times)]).encode()


def widened(shape, keys):
    """Return the shape with so many keys more that nobody knows, wherever there are keys."""
    more = {f"k{number}": number for number in range(keys)}

    def wide(node):
        if isinstance(node, dict):
            return {**{key: wide(value) for key, value in node.items()}, **more}
        return [wide(value) for value in node] if isinstance(node, list) else node

    return json.dumps(wide(shape)).encode()
