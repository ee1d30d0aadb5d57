"""Answering in the inbox: what was shown is what is released, with htmx and without, by whoever may decide."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.models import Membership
from consent.records.models import Answer, Ask, Consent
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations
from marketplace.delivery.models import Release
from marketplace.insights import vault
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.brokerage.inbox import HTMX, answer, cards_on, digests_on, sha_on

pytestmark = pytest.mark.django_db


# --- answering ----------------------------------------------------------------------------------------------------


def test_approving_releases_exactly_what_the_page_showed(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    shown = factories.shown(ask, by=mother).preview.body

    sent = answer(browser, ask, "approve")

    assert (sent.status_code, sent.url) == (303, f"/inbox#ask-{ask.pk}")
    release = Release.objects.select_related("sealed__data_key").get(consent__ask=ask)
    assert vault.open_sealed(release.sealed) == shown
    assert "허락했어요. 읽을 때마다 기록에 남겨 둘게요." in browser.get("/inbox").text


def test_approving_a_choice_releases_that_choice(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    card = browser.get(f"/inbox/{ask.pk}", {"precision": "day"}).text

    browser.post(f"/inbox/{ask.pk}/answer", {"answer": "approve", "precision": "day", **digests_on(card)})

    assert Consent.objects.get().payload_digest == sha_on(card)
    ask.offer.refresh_from_db()
    assert ask.offer.chosen_rung == "day"


def test_with_htmx_the_card_and_the_numbers_come_back(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    sent = answer(browser, ask, "approve", htmx=True)

    assert sent.status_code == 200
    assert sent.text.lstrip().startswith(f'<li id="ask-{ask.pk}" class="ask-card" data-state="decided"')
    assert 'id="inbox-head" hx-swap-oob="true"' in sent.text
    assert "<html" not in sent.text


def test_denying_keeps_everything_at_home(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    answer(browser, ask, "deny")

    assert Ask.objects.get().state == Ask.State.DENIED
    assert not Release.objects.exists()
    assert "그대로 집에 둘게요" in browser.get("/inbox").text


def test_what_is_put_aside_waits_in_one_line_and_opens_again(mother, browser):
    ask = factories.ask(of=mother.membership.household)

    answer(browser, ask, "defer")

    assert "preview_sha256" not in browser.get("/inbox").text
    assert "preview_sha256" in browser.get(f"/inbox/{ask.pk}").text


@pytest.mark.parametrize(("headers", "status"), [({}, 409), (HTMX, 200)], ids=["plain", "htmx"])
def test_a_changed_preview_brings_the_card_back_with_the_fresh_values(mother, browser, headers, status):
    ask = factories.ask(of=mother.membership.household)

    stale = {"answer": "approve", "preview_sha256": "0" * 64}
    sent = browser.post(f"/inbox/{ask.pk}/answer", stale, headers=headers)

    assert sent.status_code == status
    assert re.search(r'role="alert"><p>보시는 사이에 내용이 바뀌었어요', sent.text)
    assert sha_on(sent.text) == factories.shown(ask, by=mother).preview.sha256
    assert not Consent.objects.exists()


def test_a_second_answer_hears_that_it_is_answered(mother, browser):
    ask = factories.ask(of=mother.membership.household)
    sha = factories.shown(ask, by=mother).preview.sha256
    operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())

    late = {"answer": "approve", "preview_sha256": sha}
    sent = browser.post(f"/inbox/{ask.pk}/answer", late, headers=HTMX)

    assert "이미 답한 질문이거나 거둔 질문이에요." in sent.text
    assert 'data-state="denied"' in sent.text


def test_an_ask_past_its_date_offers_no_answer_though_no_clock_ran(mother, browser):
    ask = factories.ask(of=mother.membership.household, at=timezone.now() - timedelta(hours=49))

    page = browser.get("/inbox").text

    assert "기한이 지나 거절로 남겼어요. 나간 값은 없어요." in page
    assert 'class="choice"' not in page
    assert Ask.objects.get(pk=ask.pk).state == Ask.State.PENDING


@pytest.mark.parametrize("change", ["edited", "edited_and_opened", "suspended", "never_share"])
def test_an_ask_that_no_longer_stands_is_not_put_to_anybody(mother, browser, change):
    ask = factories.ask(of=mother.membership.household)
    sha = factories.shown(ask, by=mother).preview.sha256
    if change.startswith("edited"):
        factories.edited(ask.offer.request, retention_days=7)
        if change == "edited_and_opened":
            ask.offer.request.__class__.objects.update(state="open")
    elif change == "suspended":
        type(ask.recipient).objects.update(suspended_at=timezone.now())
    else:
        Appliance.objects.update(never_share=True)

    page = browser.get("/inbox").text
    sent = browser.post(f"/inbox/{ask.pk}/answer", {"answer": "approve", "preview_sha256": sha}, headers=HTMX)

    assert cards_on(page) == []
    assert 'role="alert"' in sent.text
    assert not Consent.objects.exists()


# --- who ----------------------------------------------------------------------------------------------------------


def test_a_teen_sees_what_is_asked_of_the_home_but_does_not_decide(mother):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    ask = factories.ask(of=mother.membership.household)
    browser = signed_in(teen)

    page = browser.get("/inbox").text
    sha = factories.shown(ask, by=mother).preview.sha256
    sent = browser.post(f"/inbox/{ask.pk}/answer", {"answer": "approve", "preview_sha256": sha})

    assert "이 질문은 어른이 정해요." in page
    assert "나만의 것으로 둔 가전에 온 질문은 직접 정하면 돼요." in page
    assert "정하시면 돼요" not in page
    assert 'class="choice"' not in page
    assert sent.status_code == 403
    assert not Answer.objects.exists()


def test_a_teen_decides_on_an_appliance_of_their_own_and_nobody_else_sees_it(mother, browser):
    home = mother.membership.household
    teen = factories.member(of=home, role=Membership.Role.TEEN)
    factories.insight(of=home, source="urn:teen")
    operations.match_insights(at=timezone.now())
    Appliance.objects.update(private_to=teen.membership)
    ask = factories.ask(of=home, source="urn:teen", value=70)

    sent = answer(signed_in(teen), ask, "approve")

    assert sent.status_code == 303
    assert Consent.objects.get(ask=ask).decided_by == teen
    assert browser.get(f"/inbox/{ask.pk}").status_code == 404


def test_a_second_adult_is_shown_the_very_choice_the_first_said_yes_to(mother, browser):
    home = mother.membership.household
    father = factories.member(of=home, name="도윤")
    request = factories.open_request(
        kinds=["presence.absence"], above=None, purpose="energy_saving", optional_fields=[]
    )
    factories.absence(of=home, until=timezone.now() - timedelta(hours=30))
    operations.match_insights(at=timezone.now())
    ask = Ask.objects.get(recipient=request.organisation)
    factories.approve(ask, by=father, precision="day")

    page = browser.get("/inbox").text
    waiting = signed_in(father).get("/inbox").text
    sent = answer(browser, ask, "approve", precision="day")

    assert sha_on(page) == Answer.objects.get(member=father).preview_sha256
    assert "도윤 님은" in page
    assert "1명이 허락했어요" in page
    assert "윤하늘 님의 답을 기다려요. 모두 허락해야 전해요." in waiting
    assert 'class="choice"' not in waiting
    assert sent.status_code == 303
    assert Consent.objects.filter(verdict="given").count() == 1
