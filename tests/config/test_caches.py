"""The shared counts of wrong passwords and used codes: of several who add one key, one did."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.caches import TableCache
from tests.threads import all_at_once


@pytest.fixture
def counts():
    return TableCache("django_cache", {})


@pytest.mark.django_db
def test_keeps_a_value_under_a_key_that_nobody_has(counts):
    assert counts.add("key", {"a": [1, None]}, timeout=60)

    assert not counts.add("key", "another", timeout=60)
    assert counts.get("key") == {"a": [1, None]}


@pytest.mark.django_db
def test_a_key_that_has_expired_is_nobodys(counts):
    counts.add("key", "old", timeout=-1)

    assert counts.get("key") is None
    assert counts.add("key", "new", timeout=None)
    assert counts.get("key") == "new"


@pytest.mark.django_db
def test_a_key_that_stands_costs_one_statement_and_no_error(counts):
    counts.add("key", True, timeout=60)

    with CaptureQueriesContext(connection) as spent:
        counts.add("key", True, timeout=60)

    assert len(spent) == 1


@pytest.mark.parametrize("timeout", [None, -1], ids=["nobody had it", "it has expired"])
def test_of_many_who_add_it_at_once_one_did(committed_db, counts, timeout):
    if timeout:
        counts.add("key", "old", timeout=timeout)

    told = all_at_once(lambda number: counts.add("key", number, timeout=60), hands=6)

    assert sorted(told) == [False] * 5 + [True]
    assert counts.get("key") == told.index(True)
