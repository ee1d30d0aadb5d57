"""The cast of this room: a buyer that paid, and two admins who look at each other's hands."""

import pytest

from consent.parties.models import Organisation, User
from tests import factories


@pytest.fixture
def school(db) -> Organisation:
    return factories.organisation(name_ko="해오름초등학교", name_en="Haeoreum Elementary School")


@pytest.fixture
def hana(db) -> User:
    return factories.admin()


@pytest.fixture
def duri(db) -> User:
    return factories.admin()
