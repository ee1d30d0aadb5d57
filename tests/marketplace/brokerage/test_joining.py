"""What is joined as written looks each row up by its index, whatever PostgreSQL believes of the tables."""

import re

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.brokerage import taken
from marketplace.brokerage.joining import joined_as_written
from tests import factories

pytestmark = pytest.mark.django_db
#: What reads a table whole, to compare its rows with those of another.
WHOLE = re.compile(r"Seq Scan|Hash Join|Merge Join|Materialize")


def plan_of_taking() -> str:
    statement, parameters = taken._taking(500)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", [timezone.now() if one == taken._AT else one for one in parameters])
        return "\n".join(line for (line,) in cursor.fetchall())


def test_what_matching_takes_is_looked_up_row_by_row_whatever_is_believed():
    factories.household()
    for believed in ("", "ANALYZE", "SET LOCAL cpu_tuple_cost = 0"):
        with connection.cursor() as cursor:
            cursor.execute(believed or "SELECT 1")
        assert WHOLE.search(plan_of_taking())
        with joined_as_written():
            plan = plan_of_taking()
        assert not WHOLE.search(plan), plan
        assert plan.count("Index") >= 5


def test_what_comes_after_is_planned_as_before():
    def switches():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name ~ '^enable_|collapse' ORDER BY name")
            return cursor.fetchall()

    before = switches()
    with joined_as_written():
        assert switches() != before
    assert switches() == before
