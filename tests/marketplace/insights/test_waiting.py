"""What comes onto the work list of matching: what its home may be asked about, now or later."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from consent.records import operations as records
from consent.records.models import Preference
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import StreamFlag
from marketplace.brokerage import operations as brokerage
from marketplace.insights import notifications
from marketplace.insights.models import Insight, SealedObject, Waiting
from marketplace.insights.waiting import Entry, put_on_list
from tests import factories

pytestmark = pytest.mark.django_db
EMBARGO = timedelta(hours=24)


@pytest.fixture
def home():
    return factories.household(asks_per_week=1)


@pytest.fixture
def woken(monkeypatch):
    calls = []
    monkeypatch.setattr(notifications, "wake_matching_on_commit", lambda: calls.append(1))
    return calls


def draw(home, **line):
    said = {"paused": False, "asks_per_week": 5, "min_tokens": 0, "never_topics": set(), **line}
    records.draw_line(household=home, at=timezone.now(), **said)


def test_what_a_home_may_be_asked_about_comes_onto_the_list_and_wakes_matching(home, woken):
    insight = factories.insight(of=home)

    assert Waiting.objects.get().pk == insight.pk
    assert woken == [1]


@pytest.mark.parametrize("line", [{"paused": True}, {"asks_per_week": 0}, {"never_topics": {"air"}}])
def test_what_the_line_lets_nobody_ask_about_is_kept_and_not_listed(home, woken, line):
    draw(home, **line)

    factories.insight(of=home)

    assert Insight.objects.count() == SealedObject.objects.filter(purpose="insight").count() == 1
    assert not Waiting.objects.exists()
    assert woken == []


def test_a_home_asked_all_it_wants_in_a_week_lists_nothing_more_until_that_week_is_over(home):
    factories.ask(of=home)

    factories.insight(of=home, value=63)
    assert not Waiting.objects.exists()

    factories.insight(of=home, value=64, at=timezone.now() + timedelta(days=7, minutes=1))
    assert Waiting.objects.count() == 1


def test_a_home_without_a_line_lists_nothing(home):
    Preference.objects.all().delete()

    factories.insight(of=home)

    assert not Waiting.objects.exists()


def test_of_one_batch_only_what_the_line_shuts_stays_off_the_list(home):
    now = timezone.now()
    draw(home, never_topics={"presence"})
    shut, told, later = (
        Entry(uuid4(), kind, after)
        for kind, after in [("presence.absence", now), ("air.pm25", now), ("presence.absence", now + EMBARGO)]
    )

    put_on_list(household=home, entries=[shut, told, later], at=now)

    assert set(Waiting.objects.values_list("pk", flat=True)) == {told.insight_id, later.insight_id}


def test_what_waits_for_its_time_is_listed_whatever_the_line_says_now(home, woken):
    now = timezone.now()
    draw(home, paused=True)

    factories.absence(of=home, until=now - timedelta(hours=20))

    assert Waiting.objects.get().ask_after > now
    assert woken == []
    draw(home)
    factories.open_request(kinds=["presence.absence"], above=None, purpose="energy_saving")
    assert brokerage.match_insights(at=now + timedelta(hours=5)) == 1
    assert home.asks.count() == 1


def test_what_a_person_has_to_look_at_first_is_listed_whatever_the_line_says_now(home):
    stream = factories.insight(of=home).appliance_id, "air.pm25"
    appliances.raise_flags(streams={stream}, reason=StreamFlag.Reason.TOO_MANY, at=timezone.now())
    draw(home, paused=True)

    held = factories.insight(of=home, value=63)

    assert Waiting.objects.filter(pk=held.pk).exists()


def test_a_request_that_opens_later_asks_about_nothing_that_came_while_the_week_was_full(home):
    factories.ask(of=home)
    factories.insight(of=home, value=63, source="urn:device:b")
    draw(home, asks_per_week=5)
    factories.open_request(min_gap_hours=0)

    brokerage.match_insights(at=timezone.now())

    assert home.asks.count() == 1
