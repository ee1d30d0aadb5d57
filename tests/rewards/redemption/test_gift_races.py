"""Gifts from many hands at once: what there is, what a home may give, and each fact once."""

import pytest
from django.utils import timezone

from rewards.ledger.invariants import broken_invariants
from rewards.redemption.errors import GiftReturned, GiftTooLarge, NotEnoughTokens
from rewards.redemption.models import Gift
from tests import factories
from tests.rewards.redemption.test_gifts import code_of, give, give_back, tokens
from tests.threads import all_at_once


def wealthy(count, tokens):
    return [factories.member(of=factories.tokens_in_wallet(factories.household(), tokens)) for _ in range(count)]


def test_twenty_gifts_of_one_balance_give_what_there_is(committed_db):
    giver, taker = wealthy(1, 250)[0], wealthy(1, 1)[0]
    right = code_of(taker)

    answers = all_at_once(lambda number: give(by=giver, to=right))

    assert sum(isinstance(answer, Gift) for answer in answers) == 2
    assert sum(isinstance(answer, NotEnoughTokens) for answer in answers) == 18
    assert (tokens(giver), tokens(taker)) == (50, 201)
    assert broken_invariants() == {}


@pytest.mark.parametrize("measure", ["GIFT_DAY_TOKENS", "GIFT_MONTH_TOKENS"])
def test_two_adults_of_a_home_at_once_stay_within_its_day_and_its_month(committed_db, settings, measure):
    """One measure for the home, whichever of its adults gives, and to whichever home."""
    setattr(settings, measure, 350)
    (giver,), takers, at = wealthy(1, 5_000), wealthy(2, 1), timezone.now()
    adults = [giver, factories.member(of=giver.membership.household)]
    numbers = [code_of(taker) for taker in takers]

    answers = all_at_once(lambda number: give(by=adults[number % 2], to=numbers[number // 2 % 2], at=at))

    assert sum(isinstance(answer, Gift) for answer in answers) == 3
    assert sum(isinstance(answer, GiftTooLarge) for answer in answers) == 17
    assert (tokens(giver), sum(map(tokens, takers))) == (4_700, 302)
    assert broken_invariants() == {}


def test_a_return_at_once_with_more_gifts_makes_no_room_in_the_day(committed_db, settings):
    """What came back counts too: else two homes pass on without end."""
    settings.GIFT_DAY_TOKENS = 200
    (giver,), (taker,), at = wealthy(1, 1_000), wealthy(1, 1), timezone.now()
    first, right = give(by=giver, to=taker, at=at), code_of(taker)

    answers = all_at_once(
        lambda number: give(by=giver, to=right, at=at) if number % 2 else give_back(first, by=taker), hands=12
    )

    assert sum(isinstance(answer, Gift) for answer in answers) == 2
    assert Gift.objects.filter(returned_at=None).count() == 1
    assert (tokens(giver), tokens(taker)) == (900, 101)


def test_twenty_taps_with_one_key_give_once(committed_db):
    giver, taker = wealthy(2, 1_000)
    right = code_of(taker)

    answers = all_at_once(lambda number: give(by=giver, to=right, idempotency_key="tap"))

    assert {answer.pk for answer in answers} == {Gift.objects.get().pk}


def test_a_gift_is_returned_once_however_many_press(committed_db):
    giver, taker = wealthy(2, 1_000)
    gift = give(by=giver, to=taker)

    answers = all_at_once(lambda number: give_back(gift, by=taker), hands=8)

    assert sum(isinstance(answer, GiftReturned) for answer in answers) == 7
    assert (tokens(giver), tokens(taker)) == (1_000, 1_000)


def test_homes_that_give_to_each_other_never_wait_in_a_circle(committed_db):
    one, other = wealthy(2, 1_000)
    codes = [code_of(one), code_of(other)]

    answers = all_at_once(
        lambda number: give(by=(one, other)[number % 2], to=codes[1 - number % 2], tokens=10), hands=16
    )

    assert all(isinstance(answer, Gift) for answer in answers)
    assert (tokens(one), tokens(other)) == (1_000, 1_000)
    assert broken_invariants() == {}
