"""Statements of every address, with one row of everything behind it and with twenty; asserted in tests/architecture."""

import logging

import pytest
from django.test import Client

from tests.architecture.test_urls import RolledBack
from tests.query_counts import MORE, calls, cost_of, grow
from tests.world import make_world


@pytest.fixture(autouse=True)
def quiet():
    """The table stands alone: refusals and OPTIONS would be logged in between."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_statements_of_every_address(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), RolledBack():
        world = make_world()
        Client().get("/readyz")
        few = {call: cost_of(world, *call, size=1) for call in calls()}
        grow(world)
        many = {call: cost_of(world, *call, size=1 + MORE) for call in calls()}

    print(f"\nstatements of every address: one row, {1 + MORE} rows (savepoints counted)")
    for method, route in sorted(few, key=lambda call: -many[call].count):
        one, twenty = few[method, route], many[method, route]
        more = "" if one.count == twenty.count else f"  +{twenty.count - one.count}"
        print(f"  {one.count:4} {twenty.count:4}  {one.status}  {method:<6} /{route}{more}")
    assert [call for call in few if few[call].count != many[call].count] == []
