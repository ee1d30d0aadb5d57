"""The family whose pages these are."""

import pytest

from tests import factories


@pytest.fixture
def mother():
    return factories.member(name="지우")


@pytest.fixture
def home(mother):
    return mother.membership.household


@pytest.fixture
def teen(home):
    return factories.member(of=home, role="teen", name="하늘")
