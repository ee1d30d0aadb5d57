"""What holds of every rule: its kinds are registered, and parts, order and repetitions change nothing."""

import json
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.core import perceive
from marketplace.insights.perception.rules import RULES, drawn_from, registered
from marketplace.insights.perception.seen import Rule
from marketplace.insights.perception.thresholds import Threshold
from marketplace.insights.words import Text
from tests.marketplace.insights.perception.readings import BEGIN, keys, quick, readings, seen

# --- the registry -------------------------------------------------------------------------------------------------


def test_every_rule_names_registered_kinds_and_two_languages():
    for rule in RULES.values():
        assert KINDS[rule.concludes].is_judged
        assert rule.concludes not in rule.reads
        assert rule.label.ko != rule.label.en
        assert drawn_from(rule.concludes) >= set(rule.reads)


def test_every_kind_that_only_maru_concludes_has_its_rule():
    assert {kind.code for kind in KINDS.values() if kind.by_rule} <= {rule.concludes for rule in RULES.values()}


@pytest.mark.parametrize("names", [{"reads": ("air.nothing",)}, {"concludes": "air.nothing"}, {"reads": ()}])
def test_a_rule_about_an_unregistered_kind_is_refused(names):
    told = {"reads": ("air.pm25",), "concludes": "air.bad_pm25", **names}
    rule = Threshold(
        name="made_up", version=1, label=Text("가", "a"), said=Text("나", "b"), above=2, below=1, minutes=5, **told
    )

    with pytest.raises(ValueError, match="not registered"):
        registered([rule])


def test_two_rules_never_share_a_name():
    with pytest.raises(ValueError, match="two rules"):
        registered([RULES["bad_pm25"], RULES["bad_pm25"]])


# --- the fold -----------------------------------------------------------------------------------------------------


@quick
@given(readings(), st.data())
def test_any_split_into_batches_comes_to_the_same(given_readings, data):
    whole = perceive({}, given_readings)
    memories, events, rest = {}, [], given_readings
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        # What is remembered goes through JSON between two batches, as it does in the vault.
        memories, found = perceive(_stored(memories), rest[:size])
        events, rest = events + found, rest[size:]

    assert keys(events) == keys(whole[1])
    assert events == whole[1]
    assert _stored(memories) == _stored(whole[0])


@quick
@given(readings(), st.data())
def test_late_repeated_and_shuffled_readings_never_tell_anything_twice(given_readings, data):
    again = data.draw(st.permutations(given_readings + given_readings))
    memories, first = perceive({}, given_readings)
    _, second = perceive(memories, given_readings)
    _, mixed = perceive({}, again)

    assert len(set(keys(first))) == len(first)
    assert not set(keys(first)) & set(keys(second))
    assert len(set(keys(mixed))) == len(mixed)


@quick
@given(readings())
def test_the_same_reading_twice_in_a_row_changes_nothing(given_readings):
    doubled = [one for reading in given_readings for one in (reading, reading)]

    assert perceive({}, doubled) == perceive({}, given_readings)


@quick
@given(readings(), st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_appliances_are_heard(given_readings, dice):
    """Each appliance's own readings stay in order; whose come first is left to chance."""
    apart = {name: [one for one in given_readings if one.appliance == name] for name in ("a", "b", "sensor")}
    mixed = []
    while any(apart.values()):
        mixed.append(apart[dice.choice([name for name, left in apart.items() if left])].pop(0))

    assert sorted(map(str, perceive({}, mixed)[1])) == sorted(map(str, perceive({}, given_readings)[1]))


@quick
@given(readings(most=60))
def test_what_is_concluded_fits_its_kind_and_says_why(given_readings):
    for event in perceive({}, given_readings)[1]:
        kind = KINDS[event.kind]
        assert 0 <= event.confidence <= 1
        assert (event.interval is not None) == (kind.span == "interval")
        assert event.value in kind.words if kind.words else kind.low <= event.value <= kind.high
        assert event.zone in {"", *kind.zones}
        assert event.explained.ko != event.explained.en
        assert "{" not in event.explained.ko + event.explained.en
        assert event.interval is None or event.interval[0] <= event.interval[1] <= event.at


def test_what_is_remembered_stays_small_however_much_comes():
    begin = BEGIN
    many = [seen("air.co2", 1500 - n % 700, begin + timedelta(seconds=5 * n)) for n in range(5000)]
    many += [seen("food.item", list(KINDS["food.item"].words)[n % 20], begin + timedelta(hours=n)) for n in range(900)]

    memories, _ = perceive({}, many)

    assert len(json.dumps([[*key, memory] for key, memory in memories.items()])) < 5000


def _stored(memories):
    return {key: json.loads(json.dumps(memory)) for key, memory in memories.items()}


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_page_says_every_number_of_a_rule(rule):
    page = (Path(__file__).parents[4] / "docs" / "perception.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{rule.name}` {rule.version} |")]

    numbers = {one.name for one in fields(rule)} - {one.name for one in fields(Rule)} - {"zone"}
    assert all(f"{name} {getattr(rule, name)}" in row for name in numbers)
    assert all(f"`{kind}`" in row for kind in (*rule.reads, rule.concludes))
