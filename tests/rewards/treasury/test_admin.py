"""The admins' desk: one proposes, another agrees, and everybody else stays outside."""

import pytest
from django.urls import reverse

from rewards.ledger.queries import balance_of
from rewards.treasury.models import Issuance
from rewards.treasury.queries import purse_of
from tests import factories
from tests.browsers import signed_in

State = Issuance.State
LIMIT = 500_000


def desk(person):
    return signed_in(person, second_factor=True)


def propose(browser, school, **fields):
    said = {"organisation": school.pk, "invoice_number": "2026-7", "amount_krw": 9_000_000, "tokens": LIMIT + 1}
    return browser.post(reverse("admin:treasury_issuance_propose"), {**said, **fields})


def decide(browser, issuance, decision, reason=""):
    address = reverse("admin:treasury_issuance_decide", args=[issuance.pk])
    return browser.post(address, {"decision": decision, "reason": reason}, follow=True)


def test_one_admin_proposes_and_another_agrees(school, hana, duri):
    answer = propose(desk(hana), school)
    issuance = Issuance.objects.get()
    assert answer.status_code == 302
    assert issuance.state == State.PROPOSED

    mine = decide(desk(hana), issuance, "approve")
    assert "다른 관리자가 정해요" in mine.content.decode()
    others = decide(desk(duri), issuance, "approve", reason="입금 확인")

    page = others.content.decode()
    assert "기록했어요." in page
    assert "입금 확인" in page
    assert balance_of(purse_of(school)).posted == LIMIT + 1


def test_the_page_offers_each_what_is_theirs(school, hana, duri):
    propose(desk(hana), school)
    address = reverse("admin:treasury_issuance_change", args=[Issuance.objects.get().pk])

    mine, others = (desk(person).get(address).content.decode() for person in (hana, duri))

    assert ('value="withdraw"' in mine, 'value="approve"' in mine) == (True, False)
    assert ('value="withdraw"' in others, 'value="approve"' in others) == (False, True)


def test_a_refusal_needs_its_reason_and_stays_in_the_list(school, hana, duri):
    propose(desk(hana), school)
    issuance = Issuance.objects.get()

    without = decide(desk(duri), issuance, "refuse")
    decide(desk(duri), issuance, "refuse", reason="금액이 달라요.")

    assert "까닭을 한 줄 적어 주세요" in without.content.decode()
    listed = desk(hana).get(reverse("admin:treasury_issuance_changelist")).content.decode()
    assert "2026-7" in listed
    assert "발행하지 않았어요" in listed


def test_a_used_invoice_is_refused_on_the_form(school, hana):
    propose(desk(hana), school)

    answer = propose(desk(hana), school, tokens=5)

    assert answer.status_code == 422
    assert "이미 발행했거나 발행을 기다려요" in answer.content.decode()
    assert Issuance.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"tokens": "x"}, {"invoice_number": ""}, {"organisation": "x"}])
def test_a_form_that_cannot_be_is_told_where(school, hana, wrong):
    assert propose(desk(hana), school, **wrong).status_code == 422
    assert not Issuance.objects.exists()


def test_nobody_adds_changes_or_deletes_a_row_by_hand(school, hana):
    propose(desk(hana), school)
    issuance = Issuance.objects.get()

    browser = desk(hana)
    for page, args in (("add", []), ("delete", [issuance.pk])):
        assert browser.get(reverse(f"admin:treasury_issuance_{page}", args=args)).status_code == 403
    address = reverse("admin:treasury_issuance_change", args=[issuance.pk])
    assert browser.post(address, {"tokens": 9}).status_code == 403
    assert Issuance.objects.get().tokens == LIMIT + 1


@pytest.mark.parametrize("who", ["member", "buyer", "auditor", "anonymous"])
def test_others_stay_outside(school, hana, who):
    propose(desk(hana), school)
    issuance = Issuance.objects.get()
    people = {"member": factories.member, "buyer": lambda: factories.staff(of=school), "auditor": factories.auditor}
    browser = desk(people[who]()) if who in people else desk(factories.member())
    if who == "anonymous":
        browser.logout()

    answers = [
        propose(browser, school, invoice_number="x"),
        browser.post(reverse("admin:treasury_issuance_decide", args=[issuance.pk]), {"decision": "approve"}),
    ]

    assert {answer.status_code for answer in answers} <= {302, 403, 404}
    assert Issuance.objects.get().state == State.PROPOSED


def test_staff_without_an_admin_seat_proposes_nothing(school):
    somebody = factories.user(is_staff=True, is_superuser=True)

    answer = propose(desk(somebody), school)

    assert answer.status_code == 422
    assert not Issuance.objects.exists()


def test_auditors_read_every_issuance(school, hana, duri):
    propose(desk(hana), school)
    decide(desk(duri), Issuance.objects.get(), "refuse", reason="금액이 달라요.")
    browser = desk(factories.auditor())

    everything = browser.get("/audit/issuances").content.decode()
    issued = browser.get("/audit/issuances?state=issued").content.decode()

    assert "2026-7" in everything
    assert "금액이 달라요." in everything
    assert "아직 이런 발행이 없어요." in issued
    assert desk(hana).get("/audit/issuances").status_code == 404
