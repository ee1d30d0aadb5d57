"""How many homes could be asked, told so roughly that no home shows through, and not too often."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.appliances.models import Appliance
from marketplace.demand import operations, queries
from marketplace.demand.errors import ReachUsedUp
from marketplace.demand.queries import Reach, homes_within_reach
from marketplace.insights.models import Insight
from tests import factories


def home_that_noticed(kind="air.pm25", *, never_share=False, times=1, **fields):
    home, now = factories.household(**fields), timezone.now()
    appliance = Appliance.objects.create(
        household=home, identity=f"{home.pk}", type="air_sensor", never_share=never_share, joined_at=now
    )
    for number in range(times):
        Insight.objects.create(
            appliance=appliance,
            household=home,
            kind=kind,
            event_hash=str(number),
            content_hash="",
            received_at=now,
        )
    return home


def estimate(request, *, at=None):
    return operations.estimate_reach(
        request_id=request.pk, actor_organisation=request.organisation, actor="test", at=at or timezone.now()
    )


def test_counts_each_home_once_and_only_those_that_could_be_asked(db):
    request = factories.draft_request()
    home_that_noticed(times=3)
    home_that_noticed("air.co2")
    home_that_noticed(never_share=True)
    home_that_noticed(area=factories.area(code="KR-HB"))
    factories.household()

    assert homes_within_reach(request.current) == 1


def test_a_city_holds_its_districts(db):
    request = factories.draft_request(area=factories.area(code="KR-HB"))
    home_that_noticed()
    home_that_noticed(area=factories.area(code="KR-HB"))

    assert homes_within_reach(request.current) == 2


@pytest.mark.parametrize(
    ("homes", "told"), [(0, "fewer than 10"), (9, "fewer than 10"), (10, "10-20"), (39, "30-40"), (40, "40-50")]
)
def test_rounds_down_to_tens_and_says_nothing_below_ten(db, monkeypatch, homes, told):
    monkeypatch.setattr(queries, "homes_within_reach", lambda version: homes)

    assert estimate(factories.draft_request()).households == told


def test_one_home_more_or_less_rarely_shows(db):
    assert Reach(low=39 // 10 * 10, left_today=1) == Reach(low=31 // 10 * 10, left_today=1)


def test_the_same_question_gets_the_same_answer(db):
    request = factories.draft_request()

    assert estimate(request).households == estimate(request).households


def test_answers_twenty_times_a_day_over_all_its_requests(buyer):
    requests = [factories.draft_request(of=buyer) for _ in range(2)]

    left = [estimate(requests[number % 2]).left_today for number in range(20)]

    assert left == list(range(19, -1, -1))
    with pytest.raises(ReachUsedUp):
        estimate(requests[0])


def test_starts_anew_at_midnight_in_seoul_and_for_every_buyer(buyer):
    request = factories.draft_request(of=buyer)
    evening = datetime(2026, 11, 22, 23, 59, tzinfo=ZoneInfo("Asia/Seoul"))
    for _ in range(20):
        estimate(request, at=evening)

    assert estimate(request, at=evening + timedelta(minutes=1)).left_today == 19
    assert estimate(factories.draft_request(), at=evening).left_today == 19


def test_the_api_answers_429_after_the_last(buyer):
    request = factories.draft_request(of=buyer)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {factories.buyer_key(of=buyer)}")
    path = f"/api/v1/data-requests/{request.pk}/reach"

    answers = [client.get(path) for _ in range(21)]

    assert answers[0].json() == {"households": "fewer than 10", "left_today": 19}
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
