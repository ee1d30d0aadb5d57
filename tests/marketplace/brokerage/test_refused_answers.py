"""Each wrong way to answer has a refusal of its own, and leaves nothing behind but one line of the audit trail."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent.parties.models import AuditEntry
from consent.records.errors import NoticeChanged
from consent.records.models import Ask, Consent
from marketplace.brokerage import operations
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

#: Everything an answer could write to.
WRITTEN = (
    "records_answer", "records_consent", "records_consentend", "records_receipt", "delivery_release",
    "insights_sealedobject", "insights_datakey", "ledger_transfer", "delivery_outboxmessage",
)  # fmt: skip


@pytest.fixture
def ask(home, mother):
    return factories.ask(of=home)


@pytest.fixture
def body(ask, mother):
    shown = factories.shown(ask, by=mother)
    return {"preview_sha256": shown.preview.sha256, "notice_sha256": shown.notice.sha256}


def counts():
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in WRITTEN))
        return dict(cursor.fetchall())


def post(client, path, body, **headers):
    return client.post(path, body, content_type="application/json", headers=headers)


def twice(home, mother, ask, body):
    factories.approve(ask, by=mother)
    return signed_in(mother), body


def late(home, mother, ask, body):
    with factories.as_owner():
        Ask.objects.filter(pk=ask.pk).update(
            asked_at=timezone.now() - timedelta(days=3), expires_at=timezone.now() - timedelta(seconds=1)
        )
    return signed_in(mother), body


def for_another_home(home, mother, ask, body):
    return signed_in(factories.member()), body


def with_another_hash(home, mother, ask, body):
    return signed_in(mother), body | {"preview_sha256": "0" * 64}


def to_another_text(home, mother, ask, body):
    return signed_in(mother), body | {"notice_sha256": "0" * 64}


def with_added_fields(home, mother, ask, body):
    return signed_in(mother), body | {"for_all_later_events": True}


def without_a_hash(home, mother, ask, body):
    return signed_in(mother), {}


def as_a_child(home, mother, ask, body):
    return signed_in(factories.member(of=home, role="child")), body


def as_a_teen(home, mother, ask, body):
    return signed_in(factories.member(of=home, role="teen")), body


def with_the_home_s_key(home, mother, ask, body):
    return factories.hub_key(of=home), body


def with_the_buyer_s_key(home, mother, ask, body):
    return factories.buyer_key(of=ask.recipient), body


def on_changed_terms(home, mother, ask, body):
    factories.edited(ask.offer.request, retention_days=7)
    return signed_in(mother), body


REFUSALS: dict[Any, tuple[int, str, str]] = {
    twice: (409, "ask_not_pending", "ask_not_pending"),
    late: (409, "ask_expired", "ask_expired"),
    for_another_home: (404, "not_found", "not_found"),
    with_another_hash: (409, "preview_changed", "preview_changed"),
    to_another_text: (409, "notice_changed", "notice_changed"),
    with_added_fields: (400, "invalid", "invalid"),
    without_a_hash: (400, "invalid", "invalid"),
    as_a_child: (404, "not_found", "not_found"),
    as_a_teen: (403, "not_yours_to_decide", "not_yours_to_decide"),
    with_the_home_s_key: (403, "not_permitted", "not_permitted"),
    with_the_buyer_s_key: (403, "not_permitted", "not_permitted"),
    on_changed_terms: (409, "offer_changed", "offer_changed"),
}


@pytest.mark.parametrize("wrong", REFUSALS, ids=lambda wrong: wrong.__name__)
def test_is_refused_by_name_and_writes_one_line_of_the_trail(home, mother, ask, body, wrong):
    status, code, outcome = REFUSALS[wrong]
    way, sent = wrong(home, mother, ask, body)
    client, headers = (Client(), {"authorization": f"Bearer {way}"}) if isinstance(way, str) else (way, {})
    before, lines = counts(), AuditEntry.objects.count()

    answer = post(client, f"/api/v1/asks/{ask.pk}/approve", sent, **headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert counts() == before
    line = AuditEntry.objects.latest("pk")
    assert AuditEntry.objects.count() == lines + 1
    assert (line.action, line.subject, line.outcome, line.reason) == ("ask.approve", f"ask:{ask.pk}", outcome, "")


def test_an_added_field_is_named_and_its_value_is_not_repeated(mother, ask, body):
    answer = post(signed_in(mother), f"/api/v1/asks/{ask.pk}/approve", body | {"always": "canary"})

    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/always"]
    assert "canary" not in answer.text


def test_whoever_is_nobody_leaves_no_line(ask, body):
    lines = AuditEntry.objects.count()

    answer = post(Client(), f"/api/v1/asks/{ask.pk}/approve", body)

    assert answer.status_code == 401
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("act", ["deny", "defer"])
def test_another_home_s_no_and_later_leave_a_line_too(ask, act):
    answer = post(signed_in(factories.member()), f"/api/v1/asks/{ask.pk}/{act}", {})

    assert answer.status_code == 404
    assert AuditEntry.objects.latest("pk").action == f"ask.{act}"


def test_a_second_withdrawal_leaves_a_line(mother, ask):
    consent = factories.approve(ask, by=mother).consent
    operations.withdraw_consent(consent_id=consent.pk, actor=mother, at=timezone.now())

    answer = post(signed_in(mother), f"/api/v1/consents/{consent.pk}/withdraw", {})

    line = AuditEntry.objects.latest("pk")
    assert (answer.status_code, line.outcome, line.subject) == (409, "already_ended", f"consent:{consent.pk}")


@pytest.mark.parametrize("wrong", [for_another_home, with_another_hash, to_another_text, late])
def test_the_page_leaves_the_same_line(home, mother, ask, body, wrong):
    browser, sent = wrong(home, mother, ask, body)
    before, lines = counts(), AuditEntry.objects.count()

    page = browser.post(f"/inbox/{ask.pk}/answer", sent | {"answer": "approve"})

    assert page.status_code == REFUSALS[wrong][0]
    assert counts() == before
    assert AuditEntry.objects.count() == lines + 1
    assert AuditEntry.objects.latest("pk").outcome == REFUSALS[wrong][2]


def test_the_page_takes_no_yes_that_says_nothing_of_the_text(mother, ask, body):
    browser = signed_in(mother)
    del body["notice_sha256"]

    page = browser.post(f"/inbox/{ask.pk}/answer", body | {"answer": "approve"})

    assert page.status_code == 409
    assert "보시는 사이에 알림이 바뀌었어요. 지금 글을 읽고 정해 주세요." in page.text
    assert not Consent.objects.exists()


def test_a_text_that_moved_while_it_was_read_is_shown_again_before_anybody_agrees_to_it(mother, ask, body):
    type(ask.recipient).objects.filter(pk=ask.recipient_id).update(address="새집길 1")
    browser = signed_in(mother)

    page = browser.post(f"/inbox/{ask.pk}/answer", body | {"answer": "approve"})

    assert page.status_code == 409
    assert "새집길 1" in page.text
    assert not Consent.objects.exists()


@pytest.mark.parametrize("version", [1, 2])
def test_only_the_first_version_s_text_moves_at_midnight(mother, ask, version):
    with factories.as_owner():
        Ask.objects.filter(pk=ask.pk).update(notice_version=version)
    shown = factories.shown(ask, by=mother, at=ask.asked_at)

    def approve_a_day_later():
        return operations.approve_ask(
            ask_id=ask.pk, actor=mother, locale="ko", at=ask.asked_at + timedelta(days=1),
            preview_sha256=shown.preview.sha256, notice_sha256=shown.notice.sha256,
        )  # fmt: skip

    if version == 1:
        with pytest.raises(NoticeChanged):
            approve_a_day_later()
    else:
        assert approve_a_day_later().consent.notice_sha256 == shown.notice.sha256


def test_the_language_that_was_read_is_the_one_that_is_kept(mother, ask):
    read = factories.shown(ask, by=mother).notice

    consent = operations.approve_ask(
        ask_id=ask.pk, actor=mother, locale="en", at=timezone.now(), notice_sha256=read.sha256,
        preview_sha256=factories.shown(ask, by=mother).preview.sha256,
    ).consent  # fmt: skip

    assert (consent.notice_locale, consent.notice_sha256) == ("ko", read.sha256)


def test_a_no_is_taken_whatever_became_of_the_text(mother, ask):
    consent = operations.deny_ask(
        ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now(), notice_sha256="0" * 64, precision="day"
    )

    assert consent.verdict == "refused"
