"""Many requests of one home write into the same hour of the twin, and nothing of it is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.insights import operations, twin
from tests import factories
from tests.marketplace.insights.test_twin import ids, reading
from tests.threads import all_at_once

HANDS, EACH = 4, 10


@pytest.mark.usefixtures("committed_db")
def test_requests_that_begin_a_month_in_the_same_moment_lose_nothing(django_db_blocker):
    """All find neither book nor table of that month, and each brings values of one hour of the same appliances."""
    # Nobody made a table for this month.
    at = (datetime.now(UTC) - timedelta(days=900)).replace(day=1, hour=0, minute=50)

    def act(hand):
        minutes = range(hand, HANDS * EACH, HANDS)
        items = [reading(n, observed_at=at - timedelta(minutes=n), source=source) for n in minutes for source in "ab"]
        return operations.record_insights(household=home, items=items, dialect="canonical", at=at)

    with django_db_blocker.unblock():
        home = factories.household()
        answers = all_at_once(act, hands=HANDS)
        assert not [answer for answer in answers if isinstance(answer, Exception)]
        day = {"since": at - timedelta(days=1), "until": at + timedelta(days=1)}
        hours = twin.summaries_of_each(appliance_ids=ids(home), **day)
        points = twin.recent(appliance_ids=ids(home), **day)

    assert [sum(one.count for one in streams["air.pm25", ""]) for streams in hours.values()] == [HANDS * EACH] * 2
    assert len(points) == 2 * HANDS * EACH
