"""Which insights meet a data request's condition. What is unknown does not."""

from decimal import Decimal

import pytest

from marketplace.appliances.models import Assurance
from marketplace.demand.conditions import is_met
from marketplace.demand.models import RequestVersion


def version(**fields):
    return RequestVersion(**{"kinds": ["air.pm25"], **fields})


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        ({}, 3, True),
        ({"above": 35}, 36, True),
        ({"above": 35}, 35, False),
        ({"above": 35}, 35.0001, True),
        ({"above": 35}, Decimal("35.1"), True),
        ({"below": 10}, 9, True),
        ({"below": 10}, 10, False),
        ({"above": 10, "below": 20}, 15, True),
        ({"above": 10, "below": 20}, 20, False),
        ({"above": 10, "below": 20}, 10, False),
        ({"above": -1}, 0, True),
        ({"above": 0}, 0, False),
        ({"above": 0}, float("nan"), False),
        ({}, float("nan"), False),
        ({"above": 0}, float("inf"), False),
        ({"above": 0}, True, False),
        ({}, True, True),
        ({}, None, False),
        ({"above": 0}, "9", False),
        ({"words": ["1"]}, 1, False),
    ],
)
def test_numbers_meet_a_threshold_beyond_it(fields, value, expected):
    assert is_met(version(**fields), kind="air.pm25", value=value) is expected


@pytest.mark.parametrize(
    ("words", "value", "expected"),
    [
        ([], "ant", True),
        (["ant"], "ant", True),
        (["ant", "fly"], "fly", True),
        (["ant"], "fly", False),
        (["ant"], "", False),
    ],
)
def test_words_meet_the_words_that_were_asked_for(words, value, expected):
    assert is_met(version(kinds=["pest.sighting"], words=words), kind="pest.sighting", value=value) is expected


@pytest.mark.parametrize(
    ("least", "good_enough"),
    [
        ("any", {"", "hub_bearer", "hub_signed", "bearer", "signed"}),
        ("hub_signed", {"hub_signed", "bearer", "signed"}),
        ("bearer", {"bearer", "signed"}),
        ("signed", {"signed"}),
        ("something", set()),
    ],
)
def test_a_way_meets_what_a_buyer_wants_to_be_sure_of(least, good_enough):
    ways = ["", *Assurance.values]

    met = {way for way in ways if is_met(version(least_assurance=least), kind="air.pm25", value=3, assurance=way)}

    assert met == good_enough


def test_another_kind_never_meets_it():
    assert not is_met(version(), kind="air.co2", value=900)
