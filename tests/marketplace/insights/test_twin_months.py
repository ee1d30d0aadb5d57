"""The twin's history stands in one table for each month: made ahead, dropped whole, by functions of the owner alone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.conf import settings
from django.db import DataError, ProgrammingError, connection, transaction
from django.utils import timezone

from marketplace.insights import twin
from marketplace.insights.models import SealedObject, TwinBook, TwinPage, TwinState
from marketplace.insights.twin.pages import month_of
from tests import factories
from tests.marketplace.insights.test_twin import NOON, reading, tell

pytestmark = pytest.mark.django_db
#: Some days into a month that nobody made a table for, long past.
LONG_AGO = month_of(timezone.now() - timedelta(days=900)) + timedelta(days=10)


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
    assert [twin.make_month(LONG_AGO), twin.make_month(LONG_AGO)] == [True, False]
    assert name_of(LONG_AGO) in tables()


@pytest.mark.parametrize("days", [-366 * 6, 70, 366, 366 * 70])
def test_no_month_is_made_that_lies_far_away(days):
    """The runtime role may run the function: whoever has it could leave tables behind that nothing ever drops."""
    far = timezone.now().date() + timedelta(days=days)

    with pytest.raises(DataError, match="No page of a twin"), transaction.atomic():
        twin.make_month(far)

    assert name_of(far) not in tables()


def test_the_clock_makes_the_coming_month_ahead():
    at = datetime.combine(LONG_AGO.replace(day=25), time.min, tzinfo=UTC)

    twin.keep_months(at=at)

    assert {name_of(LONG_AGO), name_of(LONG_AGO + timedelta(days=31))} <= tables()


def test_what_nobody_made_ahead_is_made_when_it_is_needed():
    home, at = factories.household(), datetime.combine(LONG_AGO.replace(day=1), time(0, 5), tzinfo=UTC)
    months = {name_of(at), name_of(at - timedelta(days=1))}
    assert not tables() & months

    tell(
        home, reading(1, observed_at=at), reading(2, observed_at=at - timedelta(minutes=10)), at=at
    )  # fmt: skip

    assert months <= tables()


@pytest.mark.parametrize(("days", "is_kept"), [(settings.TWIN_KEEP_DAYS, True), (settings.TWIN_KEEP_DAYS + 32, False)])
def test_a_month_past_the_horizon_goes_with_its_keys_states_and_table(days, is_kept):
    home = factories.household()
    then = NOON - timedelta(days=days)
    tell(home, reading(40, observed_at=then), at=then)
    # A table of before is over by the real clock too; one that ends in the future cannot be dropped by any argument.
    old = month_of(timezone.now() - timedelta(days=800))
    twin.make_month(old)

    twin.keep_months(at=NOON)

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
