"""The inbox as members meet it: with htmx, without JavaScript, in two languages, and only their own."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.utils import timezone

from consent.parties.models import Membership
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations
from marketplace.delivery.models import Release
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.brokerage.inbox import HTMX, answer, cards_on, sha_on

pytestmark = pytest.mark.django_db


# --- what is shown ------------------------------------------------------------------------------------------------


def test_shows_the_exact_value_the_buyer_the_purpose_the_days_and_the_tokens(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    page = browser.get("/inbox").text

    for word in (
        ask.recipient.name,
        "<b>62</b>&nbsp;µg/m³",
        "아침 교실 환기 시각 정하기",
        "30일",
        "120 토큰",
        "4,200가구",
    ):
        assert word in page


def test_every_value_of_the_hashed_document_stands_on_the_slip(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    document = factories.shown(ask, by=mother).preview.document

    page = browser.get("/inbox").text

    assert document["household"] in page
    assert set(document["data"]) == {"value", "unit", "observed_at", "area"}
    assert sha_on(page) == factories.shown(ask, by=mother).preview.sha256


def test_starts_with_every_optional_field_left_at_home(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    Appliance.objects.filter(insights__offers__ask=ask).update(model="새벽 숨 300")

    page = browser.get("/inbox").text

    box = re.search(r'<input type="checkbox" name="keep_fields"[^>]*>', page)[0]
    assert 'value="model"' in box
    assert "checked" not in box


def test_a_choice_brings_another_preview_and_its_own_tokens(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    Appliance.objects.filter(insights__offers__ask=ask).update(model="새벽 숨 300")
    expected = factories.shown(ask, by=mother, precision="day", drop_fields=[])

    card = browser.get(f"/inbox/{ask.pk}", {"precision": "day", "keep_fields": "model"}, headers=HTMX).text

    assert sha_on(card) == expected.preview.sha256
    assert card.lstrip().startswith(f'<li id="ask-{ask.pk}"')
    assert "50~100" in card
    assert "<dd>60 토큰</dd>" in card


def test_without_javascript_another_choice_is_previewed_by_a_button(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    sent = answer(browser, ask, "preview", precision="day", keep_fields=["model"])

    assert sent.status_code == 303
    assert parse_qs(urlsplit(sent.url).query) == {"precision": ["day"], "keep_fields": ["model"]}
    assert "미리보기 새로 고치기" in browser.get(sent.url).text


def test_a_choice_that_was_not_offered_says_so_and_shows_what_is(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    sent = answer(browser, ask, "approve", precision="hour")

    assert sent.status_code == 409
    assert 'role="alert"' in sent.text
    assert not Release.objects.exists()


def test_the_notice_stands_in_full_behind_one_fold(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    notice = factories.shown(ask, by=mother).notice

    page = browser.get("/inbox").text

    assert all(section.heading in page for section in notice.sections)
    assert "거절하거나 답하지 않으셔도 불이익이 없어요." in page


def test_approve_and_deny_are_one_component_and_nothing_is_chosen_beforehand(mother, browser):
    factories.ask(of=mother.membership.household)

    page = browser.get("/inbox").text

    approve, deny = re.findall(r'<button class="choice"[^>]*>', page)
    assert approve.replace("approve", "deny") == deny
    assert "autofocus" not in page


def test_speaks_english_without_a_korean_word_of_its_own(mother, browser):
    buyer = factories.tokens_for(factories.organisation(name_en="Haeoreum School", address="3 Learning Road"))
    factories.ask(of=mother.membership.household, request=factories.open_request(of=buyer))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get("/inbox").text

    assert "One thing to ask you" in page
    assert "would like one thing your air purifier noticed." in page
    assert set(re.findall(r"[가-힣]+", page)) == {"한국어", "하늘이네"}  # the switch, and the home's own name


def test_an_empty_inbox_says_that_nothing_has_to_be_done(browser):
    page = browser.get("/inbox").text

    assert "오늘은 여쭤볼 것이 없어요" in page
    assert 'class="room"' in page


def test_who_reads_along_is_not_told_that_they_are_asked(mother):
    home = mother.membership.household
    teen = signed_in(factories.member(of=home, role=Membership.Role.TEEN))
    titles = [re.search(r"<h1>(.*?)</h1>", teen.get("/inbox").text)[1]]
    request = factories.open_request()
    for number in range(2):
        factories.ask(of=home, request=request, source=f"urn:{number}")
        titles.append(re.search(r"<h1>(.*?)</h1>", teen.get("/inbox").text)[1])

    assert titles == ["오늘은 살펴볼 질문이 없어요", "살펴볼 질문이 한 가지 있어요", "살펴볼 질문이 2가지 있어요"]


# --- order and filters --------------------------------------------------------------------------------------------


def test_what_expires_first_comes_first_then_what_was_put_aside_then_what_was_answered(mother, browser):
    home, now = mother.membership.household, timezone.now()
    request = factories.open_request()
    asks = [
        factories.ask(of=home, request=request, source=f"urn:{hours}", at=now - timedelta(hours=hours))
        for hours in (1, 3, 2, 4)
    ]
    operations.defer_ask(ask_id=asks[3].pk, actor=mother, at=now)
    operations.deny_ask(ask_id=asks[0].pk, actor=mother, locale="ko", at=now)

    page = browser.get("/inbox").text

    assert cards_on(page) == [str(asks[place].pk) for place in (1, 2, 3, 0)]


def test_filters_combine_and_each_number_is_the_number_of_cards(mother, browser):
    home = mother.membership.household
    school, firm = factories.open_request(), factories.open_request(kinds=["air.co2"], above=1000.0)
    factories.ask(of=home, request=school, source="urn:1")
    factories.ask(of=home, request=school, source="urn:2", appliance_type="air_sensor")
    factories.ask(of=home, request=firm, source="urn:3", kind="air.co2", unit="[ppm]", value=1600)

    page = browser.get("/inbox", {"buyer": school.organisation_id, "appliance": "air_sensor"}).text

    assert len(cards_on(page)) == 1
    checked = 0
    for href, count in re.findall(r'<a href="(\?[^"]*)"[^>]*>[^<]+ <span>(\d+)</span>', page):
        assert len(cards_on(browser.get(f"/inbox{href.replace('&amp;', '&')}").text)) == int(count)
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("query", ["buyer=nobody", "state=x", "purpose=%27", "page=99", "appliance=ship&state=waiting"])
def test_a_filter_that_means_nothing_leaves_nothing_and_breaks_nothing(mother, browser, query):
    factories.ask(of=mother.membership.household)

    sent = browser.get(f"/inbox?{query}")

    assert sent.status_code == 200
    assert len(cards_on(sent.text)) == (1 if "page" in query else 0)


def test_more_than_a_page_is_reached_by_the_pager(mother, browser):
    request = factories.open_request()
    for number in range(21):
        factories.ask(of=mother.membership.household, request=request, source=f"urn:{number}")

    first, second = browser.get("/inbox").text, browser.get("/inbox?page=2").text

    assert len(cards_on(first)) == 20
    assert len({*cards_on(first), *cards_on(second)}) == 21


@pytest.mark.parametrize("asks", [1, 10])
def test_costs_the_same_number_of_statements_for_one_card_and_for_ten(mother, browser, asks, django_assert_num_queries):
    request = factories.open_request()
    for number in range(asks):
        factories.ask(of=mother.membership.household, request=request, source=f"urn:{number}")
    browser.get("/inbox")

    with django_assert_num_queries(INBOX_STATEMENTS):
        assert len(cards_on(browser.get("/inbox").text)) == asks


INBOX_STATEMENTS = 12


# --- who ----------------------------------------------------------------------------------------------------------


def test_another_home_finds_nothing(mother):
    ask = factories.ask(of=mother.membership.household)
    neighbour = signed_in(factories.member())

    assert cards_on(neighbour.get("/inbox").text) == []
    assert neighbour.get(f"/inbox/{ask.pk}").status_code == 404
    assert neighbour.post(f"/inbox/{ask.pk}/answer", {"answer": "deny"}).status_code == 404


def test_a_stranger_signs_in_first_and_a_buyer_has_no_inbox(client):
    assert client.get("/inbox").url == "/accounts/login/?next=/inbox"
    assert signed_in(factories.staff()).get("/inbox").status_code == 403


def test_a_page_with_values_is_never_kept_by_a_browser(mother, browser):
    factories.ask(of=mother.membership.household)

    assert "no-store" in browser.get("/inbox").headers["Cache-Control"]
