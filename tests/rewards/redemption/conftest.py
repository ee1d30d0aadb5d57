"""The cast of this room: a home with 1,000 tokens, a service firm, and those who have no business with either."""

import pytest

from consent.parties.models import Household, Membership, Organisation, User
from rewards.redemption.models import Reward
from tests import factories


@pytest.fixture
def home(db) -> Household:
    return factories.tokens_in_wallet(factories.household(name="지우네"), 1_000)


@pytest.fixture
def mother(home) -> User:
    return factories.member(of=home, name="지우")


@pytest.fixture
def teen(home) -> User:
    return factories.member(of=home, role=Membership.Role.TEEN)


@pytest.fixture
def child(home) -> User:
    return factories.member(of=home, role=Membership.Role.CHILD)


@pytest.fixture
def neighbour(db) -> User:
    return factories.member(of=factories.tokens_in_wallet(factories.household(), 1_000))


@pytest.fixture
def firm(db) -> Organisation:
    return factories.organisation(kind=Organisation.Kind.PROVIDER, name_ko="한빛서비스", name_en="Hanbit Service")


@pytest.fixture
def worker(firm) -> User:
    return factories.staff(of=firm)


@pytest.fixture
def other_worker(db) -> User:
    return factories.staff(of=factories.organisation(kind=Organisation.Kind.PROVIDER))


@pytest.fixture
def filter_reward(firm) -> Reward:
    return factories.reward(of=firm, tokens=600, stock=3)
