"""The line a home draws beforehand, who read what, and everything to take along."""

import json
import re

import pytest
from django.conf import settings
from django.utils import timezone

from consent.parties.models import Membership
from consent.records.models import Ask, Preference, StandingNo
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.delivery import door
from marketplace.insights.models import Conclusion, Evidence
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

LINE = {"asks_per_week": "15", "min_tokens": "40", "never": ["food", "presence"]}


@pytest.fixture
def mother():
    return factories.member(name="지우", email="jiwoo@example.com")


@pytest.fixture
def browser(mother):
    return signed_in(mother)


def read(deal):
    reader = door.Reader(organisation=deal.release.organisation, name="key", path="api")
    door.read_page(request=deal.release.request, reader=reader, cursor=None, limit=10, at=timezone.now())


def take(browser):
    return json.loads(b"".join(browser.get("/privacy/export").streaming_content))


def test_keeps_the_line_as_it_was_drawn_and_shows_it_again(mother, browser):
    sent = browser.post("/privacy", LINE)

    line = Preference.objects.get(household=mother.membership.household)
    assert sent.status_code == 303
    assert (line.paused, line.asks_per_week, line.min_tokens) == (False, 15, 40)
    assert set(StandingNo.objects.values_list("topic", flat=True)) == {"food", "presence"}
    page = browser.get("/privacy").text
    assert re.search(r'value="food" checked', page)
    assert re.search(r'value="15" checked', page)


def test_pausing_stops_every_ask(mother, browser):
    browser.post("/privacy", {**LINE, "paused": "on"})
    factories.insight(of=mother.membership.household)
    factories.open_request()

    brokerage.match_insights(at=timezone.now())

    assert not Ask.objects.exists()
    assert "지금은 모든 질문을 쉬고 있어요." in browser.get("/inbox").text


@pytest.mark.parametrize(
    "wrong", [{"asks_per_week": "-1"}, {"asks_per_week": "9999"}, {"min_tokens": "many"}, {"never": "all"}]
)
def test_a_line_that_cannot_be_drawn_changes_nothing_and_says_what_to_mend(mother, browser, wrong):
    sent = browser.post("/privacy", {**LINE, **wrong})

    assert sent.status_code == 422
    assert 'role="alert"' in sent.text
    assert Preference.objects.get(household=mother.membership.household).asks_per_week == 50
    assert not StandingNo.objects.exists()


def test_a_no_to_an_organisation_is_kept_until_it_is_taken_back(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    said = {"organisation": str(ask.recipient_id)}

    browser.post("/privacy/organisations", {**said, "never": "on"})
    kept = StandingNo.objects.filter(organisation=ask.recipient).count()
    browser.post("/privacy/organisations", said)

    assert kept == 1
    assert not StandingNo.objects.exists()


def test_there_is_no_always_yes_to_choose(browser):
    page = browser.get("/privacy").text

    assert "‘언제나 허락’은 마루에 없어요" in page
    assert "approve" not in page


def test_a_teen_reads_the_line_but_does_not_move_it(mother):
    teen = signed_in(factories.member(of=mother.membership.household, role=Membership.Role.TEEN))

    page = teen.get("/privacy").text

    assert "이 선은 어른이 정해요." in page
    assert "정한 대로 지키기" not in page
    assert teen.post("/privacy", LINE).status_code == 403
    assert Preference.objects.get(household=mother.membership.household).asks_per_week == 50


def test_lists_every_read_with_the_way_to_its_consent(mother, browser):
    deal = factories.deal(by=mother)
    read(deal)
    read(deal)

    page = browser.get("/privacy").text

    assert page.count(f'href="/history/{deal.consent.pk}"') == 2
    assert "이번 달 2번." in page


def test_everything_can_be_taken_along_as_one_file(mother, browser):
    deal = factories.deal(by=mother)
    read(deal)

    sent = browser.get("/privacy/export")
    everything = take(browser)

    assert sent.headers["Content-Disposition"].startswith('attachment; filename="maru-')
    assert everything["person"]["email"] == "jiwoo@example.com"
    assert everything["insights"][0]["noticed"]["value"] == 62
    assert everything["consents"][0]["receipts"][0]["signature"]
    assert [line["tokens"] for line in everything["wallet"]] == [120]
    assert len(everything["reads"]) == 1


def test_what_is_taken_along_holds_nothing_of_another_members_own(mother, browser):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    appliance = factories.insight(of=mother.membership.household).appliance
    type(appliance).objects.update(private_to=teen.membership)

    assert take(browser)["insights"] == []
    assert len(take(signed_in(teen))["insights"]) == 1


def test_what_is_taken_along_holds_nothing_that_another_members_own_helped_to_conclude(mother, browser):
    home = mother.membership.household
    teen = factories.member(of=home, role=Membership.Role.TEEN)
    drawn, sensor = factories.insight(of=home), factories.insight(of=home, source="urn:device:door").appliance
    told = Conclusion.objects.create(insight=drawn, rule="cooled_while_away", version=1, at=drawn.received_at)
    Evidence.objects.create(conclusion=told, appliance=sensor, kind="presence.absence")
    assert len(take(browser)["insights"]) == 2

    Appliance.objects.filter(pk=sensor.pk).update(private_to=teen.membership)

    assert take(browser)["insights"] == []
    assert len(take(signed_in(teen))["insights"]) == 2


def test_what_is_taken_along_is_only_of_ones_own_home(mother):
    factories.deal(by=mother)

    text = json.dumps(take(signed_in(factories.member())))

    assert "jiwoo@example.com" not in text
    assert json.loads(text)["consents"] == []


def test_an_organisation_that_never_asked_is_not_there_to_refuse(browser):
    never_asked = factories.organisation()

    assert (
        browser.post("/privacy/organisations", {"organisation": str(never_asked.pk), "never": "on"}).status_code == 404
    )


def test_speaks_english_without_a_korean_word_of_its_own(mother, browser):
    read(factories.deal(by=mother))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get("/privacy").text

    assert "The line your home draws" in page
    assert set(re.findall(r"[가-힣]+", page)) == {"한국어", "집"}


def test_a_stranger_signs_in_first_and_a_buyer_has_no_such_room(client):
    assert client.get("/privacy").status_code == 302
    assert signed_in(factories.staff()).get("/privacy").status_code == 403
    assert signed_in(factories.staff()).get("/privacy/export").status_code == 403


@pytest.mark.parametrize("reads", [1, 8])
def test_costs_the_same_number_of_statements_however_often_it_was_read(
    mother, browser, reads, django_assert_num_queries
):
    deal = factories.deal(by=mother)
    for _ in range(reads):
        read(deal)
    browser.get("/privacy")

    with django_assert_num_queries(11):
        browser.get("/privacy")
