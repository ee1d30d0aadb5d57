"""The twin's history stands in one table for each month: made ahead, dropped whole, by functions of the owner alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from marketplace.insights import twin
from marketplace.insights.models import SealedObject, TwinBook, TwinPage, TwinState
from marketplace.insights.twin.pages import month_of
from tests import factories
from tests.marketplace.insights.test_twin import NOON, reading, tell

pytestmark = pytest.mark.django_db


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'insights_twinpage'::regclass"
        )
        return {name.removeprefix("insights_twinpage_") for (name,) in cursor.fetchall()}


def name_of(month):
    return f"{month:%Y%m}"


def test_a_month_is_made_once():
    month = date(2031, 2, 11)

    assert [twin.make_month(month), twin.make_month(month)] == [True, False]
    assert "203102" in tables()


def test_the_clock_makes_the_coming_month_ahead():
    at = datetime(2031, 5, 25, tzinfo=UTC)

    twin.keep_months(at=at)

    assert {"203105", "203106"} <= tables()


def test_what_nobody_made_ahead_is_made_when_it_is_needed():
    home, at = factories.household(), datetime(2031, 8, 1, 0, 5, tzinfo=UTC)
    assert not tables() & {"203107", "203108"}

    tell(
        home, reading(1, observed_at=at), reading(2, observed_at=at - timedelta(minutes=10)), at=at
    )  # fmt: skip

    assert {"203107", "203108"} <= tables()


@pytest.mark.parametrize(("days", "is_kept"), [(settings.TWIN_KEEP_DAYS, True), (settings.TWIN_KEEP_DAYS + 32, False)])
def test_a_month_past_the_horizon_goes_with_its_keys_states_and_table(days, is_kept):
    home = factories.household()
    tell(home, reading(40))
    at = NOON + timedelta(days=days)
    # A table of before is over by the real clock too; one that ends in the future cannot be dropped by any argument.
    old = month_of(timezone.now() - timedelta(days=800))
    twin.make_month(old)

    twin.keep_months(at=at)

    assert TwinBook.objects.exists() == TwinState.objects.exists() == TwinPage.objects.exists() == is_kept
    assert SealedObject.objects.filter(purpose=SealedObject.Purpose.TWIN).exists() == is_kept
    assert name_of(old) not in tables()
    assert name_of(month_of(timezone.now())) in tables()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE insights_twinpage",
        "TRUNCATE insights_twinpage",
        "CREATE TABLE insights_twinpage_209901 PARTITION OF insights_twinpage DEFAULT",
        "ALTER TABLE insights_twinpage DROP CONSTRAINT insights_twinpage_book_id_fkey",
        "SELECT * FROM insights_twinpage_{month}",
    ],
)
def test_the_runtime_role_has_no_way_around_it(statement):
    with connection.cursor() as cursor, pytest.raises(ProgrammingError), transaction.atomic():
        cursor.execute(statement.format(month=name_of(month_of(timezone.now()))))
