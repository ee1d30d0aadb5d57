"""The price a buyer pays, and who gets which part of it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.demand.models import RequestVersion
from marketplace.demand.pricing import price_of, price_of_version

TOKENS = st.integers(1, 2**40)
SHARES = st.integers(0, 10_000)


@given(TOKENS, SHARES, SHARES)
def test_the_parts_add_up_to_the_total_and_the_household_gets_its_tokens_whole(tokens, maker, maru):
    price = price_of(tokens, manufacturer_bp=maker, platform_bp=maru)

    assert price.tokens == tokens
    assert price.tokens + price.manufacturer + price.platform == price.total >= tokens


@given(TOKENS, SHARES)
def test_a_share_is_rounded_up_to_the_next_whole_token(tokens, share):
    price = price_of(tokens, manufacturer_bp=share, platform_bp=share)

    exact = Fraction(tokens * share, 10_000)
    assert price.manufacturer == price.platform
    assert exact <= price.manufacturer < exact + 1


@given(TOKENS, SHARES, SHARES)
def test_more_tokens_never_cost_less(tokens, maker, maru):
    less = price_of(tokens, manufacturer_bp=maker, platform_bp=maru)
    more = price_of(tokens + 1, manufacturer_bp=maker, platform_bp=maru)

    assert more.total > less.total


def test_the_page_of_the_buyer_says_what_is_charged():
    price = price_of(120, manufacturer_bp=1000, platform_bp=1000)

    assert (price.manufacturer, price.platform, price.total) == (12, 12, 144)


@pytest.mark.parametrize("tokens", [0, -1, True, 1.0, "1", None])
def test_refuses_what_is_no_price(tokens):
    with pytest.raises(ValueError, match="at least one"):
        price_of(tokens, manufacturer_bp=0, platform_bp=0)


@pytest.mark.parametrize("share", [-1, 10_001])
def test_refuses_a_share_beyond_the_whole(share):
    with pytest.raises(ValueError, match="basis points"):
        price_of(10, manufacturer_bp=share, platform_bp=0)


def test_a_version_costs_what_its_finest_rung_costs():
    rungs = [{"rung": "exact", "tokens": 100}, {"rung": "day", "tokens": 40}]
    version = RequestVersion(rungs=rungs, manufacturer_bp=1000, platform_bp=500)

    assert price_of_version(version).total == 115
    assert price_of_version(version, rung="day").total == 46


def test_a_version_has_no_price_for_a_rung_it_does_not_offer():
    version = RequestVersion(rungs=[{"rung": "exact", "tokens": 1}], manufacturer_bp=0, platform_bp=0)

    with pytest.raises(KeyError):
        price_of_version(version, rung="hour")
