"""The family that most tests of this room are about."""

import pytest

from tests import factories
from tests.browsers import signed_in


@pytest.fixture
def home():
    return factories.household(name="하늘이네")


@pytest.fixture
def mother(home):
    return factories.member(of=home, name="윤하늘", email="haneul@example.com")


@pytest.fixture
def father(home):
    return factories.member(of=home, name="윤바다", email="bada@example.com")


@pytest.fixture
def teen(home):
    return factories.member(of=home, role="teen", name="윤별", email="byeol@example.com")


@pytest.fixture
def browser(mother):
    return signed_in(mother)
