"""The cast of a data request: a buyer with tokens, somebody of that buyer, and somebody of another."""

import pytest

from tests import factories


@pytest.fixture
def buyer(db):
    return factories.tokens_for(factories.organisation())


@pytest.fixture
def staff(buyer):
    return factories.staff(of=buyer)


@pytest.fixture
def stranger(db):
    return factories.staff(of=factories.organisation())


@pytest.fixture
def admin(db):
    return factories.admin()
