"""Who is asked about what: only what meets a request, what the home allows, and what the buyer can pay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.records import operations as records
from consent.records.models import Ask, Preference
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations
from marketplace.demand import operations as demand
from marketplace.insights import vault
from marketplace.insights.models import SealedObject, Waiting
from rewards.ledger.queries import balance_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    home = factories.household()
    factories.member(of=home)
    return home


def draw(home, **line):
    said = {"paused": False, "asks_per_week": 5, "min_tokens": 0, "never_topics": set(), **line}
    records.draw_line(household=home, at=timezone.now(), **said)


def match(at=None):
    operations.match_insights(at=at or timezone.now())
    return Ask.objects.count()


def test_holds_the_whole_price_before_anybody_is_asked(home):
    request = factories.open_request()
    factories.insight(of=home)

    assert match() == 1
    assert balance_of(request.escrow).held == 144


def test_asks_nobody_when_the_budget_does_not_cover_the_price(home):
    request = factories.open_request(tokens=200)
    for number in range(3):
        factories.insight(of=home, source=f"urn:device:{number}")

    assert match() == 1
    assert balance_of(request.escrow).available == 56


@pytest.mark.parametrize(
    "insight",
    [
        {"value": 35},
        {"kind": "air.pm10"},
        {"kind": "air.co2", "value": 1600, "unit": "[ppm]"},
    ],
)
def test_asks_nothing_about_what_does_not_meet_the_request(home, insight):
    factories.open_request()
    factories.insight(of=home, **insight)

    assert match() == 0


def test_looks_at_every_insight_once(home):
    factories.insight(of=home, value=10)
    match()

    factories.open_request()

    assert match() == 0
    assert not Waiting.objects.exists()


def test_one_statement_tells_that_there_is_nothing_to_look_at(home, django_assert_num_queries):
    now = timezone.now()
    factories.absence(of=home, until=now - timedelta(hours=20))

    with django_assert_num_queries(1):
        assert operations.match_insights(at=now) == 0


def test_asks_nobody_in_another_area(home):
    factories.open_request(area=factories.area(code="KR-OTHER"))
    factories.insight(of=home)

    assert match() == 0


def test_a_request_for_the_city_reaches_its_districts(home):
    factories.open_request(area=factories.area(code="KR-HB"))
    factories.insight(of=home)

    assert match() == 1


@pytest.mark.parametrize(
    "line",
    [
        {"paused": True},
        {"asks_per_week": 0},
        {"min_tokens": 121},
        {"never_topics": {"air"}},
    ],
)
@pytest.mark.parametrize("drawn", ["before it came", "after it came"])
def test_a_home_is_not_asked_beyond_the_line_it_drew(home, line, drawn):
    factories.open_request()
    if drawn == "after it came":
        factories.insight(of=home)
    draw(home, **line)
    if drawn == "before it came":
        factories.insight(of=home)

    assert match() == 0
    assert not Waiting.objects.exists()


def test_a_home_without_preferences_is_not_asked_at_all(home):
    factories.open_request()
    factories.insight(of=home)
    Preference.objects.filter(household=home).delete()

    assert match() == 0


def test_a_home_is_not_asked_for_an_organisation_it_never_wants(home):
    request = factories.open_request()
    records.never_again(household=home, organisation=request.organisation, at=timezone.now())
    factories.insight(of=home)

    assert match() == 0


def test_nothing_is_asked_about_an_appliance_that_never_shares(home):
    factories.open_request()
    factories.insight(of=home)
    Appliance.objects.update(never_share=True)

    assert match() == 0


def test_the_week_s_number_of_asks_is_never_passed(home):
    Preference.objects.filter(household=home).update(asks_per_week=2)
    factories.open_request()
    for number in range(5):
        factories.insight(of=home, source=f"urn:device:{number}")

    assert match() == 2


def test_a_buyer_that_cannot_pay_uses_up_nobodys_week(home):
    Preference.objects.filter(household=home).update(asks_per_week=1)
    spent = factories.open_request(tokens=144)
    other = factories.household()
    factories.member(of=other)
    factories.insight(of=other)
    assert match() == 1
    assert balance_of(spent.escrow).available == 0
    funded = factories.open_request()

    factories.insight(of=home)
    match()

    assert list(Ask.objects.filter(household=home).values_list("offer__request", flat=True)) == [funded.pk]


def test_nothing_is_asked_while_the_same_question_waits(home):
    factories.open_request()
    factories.insight(of=home)
    match()
    factories.insight(of=home, value=90)

    assert match() == 1


def test_the_gap_of_the_request_is_kept_also_after_an_answer(home):
    mother = factories.member(of=home)
    request = factories.open_request(min_gap_hours=24)
    factories.approve(factories.ask(of=home, request=request), by=mother)

    now = timezone.now()
    factories.insight(of=home, at=now + timedelta(hours=1), value=70)
    assert match(now + timedelta(hours=1)) == 1
    factories.insight(of=home, at=now + timedelta(hours=25), value=71)
    assert match(now + timedelta(hours=25)) == 2


def test_a_private_appliance_asks_its_owner_alone(home):
    teen = factories.member(of=home, role="teen")
    mother = home.memberships.adults().get().user
    factories.open_request()
    factories.insight(of=home)
    Appliance.objects.update(private_to=teen.membership)
    match()

    ask = Ask.objects.get()

    assert not Ask.objects.visible_to(mother).exists()
    assert factories.approve(ask, by=teen).release


def test_an_absence_is_not_asked_about_before_a_day_has_passed(home):
    now = timezone.now()
    factories.open_request(kinds=["presence.absence"], above=None, purpose="energy_saving")
    factories.absence(of=home, until=now - timedelta(hours=20))

    assert match(now) == 0
    assert match(now + timedelta(hours=5)) == 1


@pytest.mark.parametrize(("least", "asks"), [("any", 1), ("hub_signed", 0), ("signed", 0)])
def test_asks_only_about_what_came_as_sure_a_way_as_the_request_wants(home, least, asks):
    factories.open_request(least_assurance=least)
    factories.insight(of=home)

    assert match() == asks


def test_opens_nothing_that_nobody_may_ask_about(home, monkeypatch):
    factories.open_request()
    opened = []
    monkeypatch.setattr(vault, "load_sealed", lambda ids: opened.extend(ids) or {})
    factories.insight(of=home)
    assert (match(), len(opened)) == (0, 1)
    for line in ({"paused": True}, {"asks_per_week": 0}, {"never_topics": {"air"}}):
        draw(home)
        factories.insight(of=home)
        draw(home, **line)

        assert (match(), len(opened)) == (0, 1)


def test_opens_no_more_than_a_home_may_be_asked_about_where_that_fills_its_week(home, monkeypatch):
    full, open_ = home, factories.household(asks_per_week=2)
    Preference.objects.filter(household=full).update(asks_per_week=2)
    factories.open_request()
    opened, load = [], vault.load_sealed
    monkeypatch.setattr(vault, "load_sealed", lambda ids: opened.append(len(ids)) or load(ids))
    for number in range(5):
        factories.insight(of=full, source=f"urn:device:{number}")
        # Of the other home the first two are nothing that anybody wants.
        factories.insight(of=open_, source=f"urn:device:{number}", value=62 if number > 1 else 10)

    match()

    assert opened == [2 + 2, 3]
    assert full.asks.count() == open_.asks.count() == 2
    assert not Waiting.objects.exists()


def test_opens_nothing_more_while_everybody_who_wants_it_waits_for_an_answer(home, monkeypatch):
    factories.open_request()
    factories.insight(of=home)
    assert match() == 1
    monkeypatch.setattr(vault, "load_sealed", lambda ids: pytest.fail("opened"))
    factories.insight(of=home, value=90)

    assert match() == 1


@pytest.mark.parametrize("act", ["pause", "close"])
def test_asks_nothing_for_a_request_that_is_not_open(home, act):
    request = factories.open_request()
    step = {"pause": demand.pause_request, "close": demand.close_request}[act]
    step(request_id=request.pk, actor_organisation=request.organisation, actor="test", at=timezone.now())
    factories.insight(of=home)

    assert match() == 0


def test_a_fixed_number_of_statements_for_one_home_or_ten(home, django_assert_max_num_queries):
    factories.open_request()
    homes = [home, *(factories.household() for _ in range(9))]
    for each in homes:
        factories.insight(of=each, source="urn:device:0")
    match()
    for number in range(40):
        factories.insight(of=homes[number % 10], source=f"urn:device:{number + 1}")

    with django_assert_max_num_queries(23):
        match()


def test_an_insight_is_forgotten_after_its_last_ask_and_not_before(home):
    factories.open_request()
    factories.insight(of=home)
    match()
    later = timezone.now() + timedelta(days=31)

    assert operations.forget_insights(at=later) == 0
    records.expire_asks(at=later)
    assert operations.forget_insights(at=later) == 0
    assert operations.forget_insights(at=later + timedelta(days=31)) == 1
    assert not SealedObject.objects.filter(purpose="insight").exists()
