"""One thank-you from two hands at once: each home once, no more than there is, no more than a day allows."""

import pytest
from django.utils import timezone

from rewards.ledger.invariants import broken_invariants
from rewards.ledger.queries import balance_of, wallet_address
from rewards.treasury import operations
from rewards.treasury.errors import BudgetTooSmall, ThanksOutOfBounds
from rewards.treasury.operations import Outcome
from rewards.treasury.queries import purse_of
from tests import factories
from tests.rewards.treasury.test_thanks import addresses, begin, homes
from tests.threads import all_at_once

HANDS, HOMES = 6, 10


@pytest.fixture
def maru(committed_db):
    return factories.tokens_for(factories.platform(), 1_000)


@pytest.fixture
def hana(committed_db):
    return factories.admin()


def given(listed) -> set[int]:
    return {balance_of(wallet_address(home)).posted for home in listed}


def test_one_batch_from_many_hands_reaches_every_home_once(maru, hana):
    listed, at = homes(HOMES), timezone.now()

    answers = all_at_once(
        lambda _: operations.thank_homes(thanks=begin(maru, hana, at=at), addresses=addresses(), size=3), hands=HANDS
    )

    assert sum((answer for answer in answers), Outcome()) == Outcome(thanked=HOMES, before=HOMES * (HANDS - 1))
    assert given(listed) == {5}
    assert balance_of(purse_of(maru)).posted == 1_000 - 5 * HOMES
    assert broken_invariants() == {}


def test_batches_at_once_give_no_more_than_there_is(maru, hana):
    listed = homes(HOMES)
    batches = [begin(maru, hana, batch=f"spring {number}", tokens=40) for number in range(HANDS)]

    answers = all_at_once(
        lambda number: operations.thank_homes(thanks=batches[number], addresses=addresses()), hands=HANDS
    )

    assert answers.count(Outcome(thanked=HOMES)) == 2
    assert sum(isinstance(answer, BudgetTooSmall) for answer in answers) == HANDS - 2
    assert (given(listed), balance_of(purse_of(maru)).posted) == ({80}, 200)


def test_batches_at_once_stay_within_the_day_of_a_home(maru, hana, settings):
    settings.THANKS_TOKENS = 25
    listed = homes(HOMES)
    batches = [begin(maru, hana, batch=f"spring {number}", tokens=10) for number in range(HANDS)]

    answers = all_at_once(
        lambda number: operations.thank_homes(thanks=batches[number], addresses=addresses()), hands=HANDS
    )

    assert answers.count(Outcome(thanked=HOMES)) == 2
    assert sum(isinstance(answer, ThanksOutOfBounds) for answer in answers) == HANDS - 2
    assert given(listed) == {20}
