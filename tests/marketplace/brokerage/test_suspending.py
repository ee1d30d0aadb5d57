"""A buyer is stopped in one action: nothing is asked or read for it any more, and the money finds its way home."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import AuditEntry, Organisation
from consent.records.errors import AskNotPending
from consent.records.models import Ask, Consent, ConsentEnd, Receipt
from marketplace.brokerage import operations
from marketplace.brokerage.errors import DutiesOpen, NotSuspended
from marketplace.brokerage.proofs import counted_status
from marketplace.delivery import door
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Erasure, Release
from marketplace.demand import tasks as demand_tasks
from marketplace.demand.models import DataRequest
from marketplace.insights.models import SealedObject
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import GUARANTEE
from rewards.ledger.queries import balances_of
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_():
    return factories.open_request()


@pytest.fixture
def buyer(request_):
    return request_.organisation


@pytest.fixture
def admin():
    return factories.admin()


def stop(buyer, by, *, at=None, reason="확인이 오지 않음"):
    return operations.suspend_buyer(organisation_id=buyer.pk, actor=by, reason=reason, at=at or timezone.now())


def read(release, at=None):
    reader = door.Reader(release.organisation, "key:1", "record")
    return door.read_record(request=release.request, release_id=release.pk, reader=reader, at=at or timezone.now())


def late_duty(buyer, *, days):
    """A record that was read and taken back so long ago that its erasure is `days` past its deadline."""
    earlier = factories.request_to_read(of=buyer)
    DataRequest.objects.filter(pk=earlier.pk).update(state="closed", closed_at=timezone.now())
    release = factories.release(request=earlier)
    read(release)
    delivery.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())
    erasure = Erasure.objects.get(release=release)
    with factories.as_owner():
        Erasure.objects.filter(pk=erasure.pk).update(due_at=timezone.now() - timedelta(days=days))
    return erasure


def posted(address):
    return balances_of([address])[address].posted


def test_one_action_takes_back_the_asks_and_ends_the_data_requests(request_, buyer, admin):
    asks = [factories.ask(request=request_) for _ in range(2)]
    draft = factories.draft_request(of=buyer)

    done = stop(buyer, admin)

    assert done == operations.Suspension(asks=2, requests=1)
    assert {Ask.objects.get(pk=ask.pk).state for ask in asks} == {Ask.State.CANCELLED}
    assert DataRequest.objects.get(pk=request_.pk).state == DataRequest.State.CLOSED
    assert DataRequest.objects.get(pk=draft.pk).state == DataRequest.State.DRAFT
    noted = AuditEntry.objects.get(action="organisation.suspend")
    assert (noted.subject, noted.actor, noted.reason) == (f"organisation:{buyer.pk}", str(admin.pk), "확인이 오지 않음")


def test_the_money_comes_back_on_the_day_of_every_closing_and_not_before(request_, buyer, admin, monkeypatch):
    factories.ask(request=request_)
    before = posted(request_.account)
    at = timezone.now()
    stop(buyer, admin, at=at)
    due = DataRequest.objects.get(pk=request_.pk).refund_due_at

    assert due == at + timedelta(hours=settings.ASK_HOURS + settings.HOLD_GRACE_HOURS)
    assert balances_of([request_.escrow])[request_.escrow].held == 144
    assert posted(request_.account) == before


def test_no_yes_reaches_a_stopped_buyer(request_, buyer, admin):
    person = factories.member()
    ask = factories.ask(of=person.membership.household, request=request_)
    shown = factories.shown(ask, by=person)
    stop(buyer, admin)

    with pytest.raises(AskNotPending):
        factories.approve(ask, by=person, preview_sha256=shown.preview.sha256)

    assert Consent.objects.count() == 0


def test_reading_stops_at_once_and_comes_back_with_the_reinstating(request_, buyer, admin):
    release = factories.deal(request=request_).release
    stop(buyer, admin)

    with pytest.raises(OrganisationSuspended):
        read(release)
    operations.reinstate_buyer(organisation_id=buyer.pk, actor=admin, reason="", at=timezone.now())

    assert read(release).document["id"] == str(release.pk)
    assert DataRequest.objects.get(pk=request_.pk).state == DataRequest.State.CLOSED


@pytest.mark.parametrize("was_read", [True, False])
def test_revoking_ends_what_still_stands_and_pays_back_what_was_never_read(request_, buyer, admin, was_read):
    deal = factories.deal(request=request_)
    wallet = deal.payment
    if was_read:
        read(deal.release)
    guarantee, escrow = posted(GUARANTEE), posted(request_.escrow)
    stop(buyer, admin)

    assert operations.revoke_consents(organisation_id=buyer.pk, actor=admin, at=timezone.now()) == 1
    assert operations.revoke_consents(organisation_id=buyer.pk, actor=admin, at=timezone.now()) == 0

    release = Release.objects.get(pk=deal.release.pk)
    assert (release.closed_because, release.sealed_id) == ("revoked", None)
    assert not SealedObject.objects.filter(purpose="release").exists()
    assert ConsentEnd.objects.get(consent=deal.consent).reason == "revoked"
    assert Receipt.objects.filter(consent=deal.consent, act="revoked").count() == 1
    assert Erasure.objects.filter(release=release).exists() == was_read
    back = 0 if was_read else 144
    assert (guarantee - posted(GUARANTEE), posted(request_.escrow) - escrow) == (back, back)
    assert wallet
    assert broken_invariants() == {}
    assert counted_status().orphans == 0


def test_only_of_a_stopped_buyer_and_only_by_an_admin(request_, buyer, admin):
    factories.deal(request=request_)
    stranger = factories.staff(of=buyer)

    with pytest.raises(NotSuspended):
        operations.revoke_consents(organisation_id=buyer.pk, actor=admin, at=timezone.now())
    for act in (operations.suspend_buyer, operations.reinstate_buyer):
        with pytest.raises(NotPermitted):
            act(organisation_id=buyer.pk, actor=stranger, reason="x", at=timezone.now())
    with pytest.raises(NotPermitted):
        operations.revoke_consents(organisation_id=buyer.pk, actor=stranger, at=timezone.now())

    assert Organisation.objects.get(pk=buyer.pk).suspended_at is None
    assert ConsentEnd.objects.count() == 0


def test_stopping_twice_changes_nothing_more(buyer, admin):
    first = timezone.now()
    stop(buyer, admin, at=first)

    assert stop(buyer, admin, at=first + timedelta(hours=1)) is None
    assert Organisation.objects.get(pk=buyer.pk).suspended_at == first
    assert AuditEntry.objects.filter(action="organisation.suspend").count() == 1


@pytest.mark.parametrize(("days", "stopped"), [(13, 0), (15, 1)])
def test_the_clock_stops_who_is_late_beyond_the_limit(request_, buyer, days, stopped):
    factories.ask(request=request_)
    late_duty(buyer, days=days)

    assert operations.suspend_overdue_buyers(at=timezone.now()) == stopped
    assert operations.suspend_overdue_buyers(at=timezone.now()) == 0

    assert (Organisation.objects.get(pk=buyer.pk).suspended_at is not None) == bool(stopped)
    assert Ask.objects.filter(state=Ask.State.CANCELLED).count() == stopped
    assert ConsentEnd.objects.count() == 0


def test_a_late_buyer_comes_back_only_after_it_confirmed(buyer, admin):
    erasure = late_duty(buyer, days=20)
    operations.suspend_overdue_buyers(at=timezone.now())

    with pytest.raises(DutiesOpen):
        operations.reinstate_buyer(organisation_id=buyer.pk, actor=admin, reason="", at=timezone.now())
    delivery.attest_erasure(erasure_id=erasure.pk, organisation=buyer, actor="key:1", at=timezone.now())

    assert operations.reinstate_buyer(organisation_id=buyer.pk, actor=admin, reason="", at=timezone.now())
    assert Organisation.objects.get(pk=buyer.pk).is_active
    assert operations.suspend_overdue_buyers(at=timezone.now()) == 0


BUYERS_API = [
    ("get", "/data-requests/{id}/records", 403),
    ("get", "/data-requests/{id}/records?format=csv", 403),
    ("get", "/data-requests", 403),
    ("get", "/data-requests/{id}", 403),
    ("get", "/budget", 403),
    ("get", "/webhook-endpoints", 403),
    ("post", "/data-requests", 403),
    ("post", "/data-requests/{id}/fund", 403),
    ("post", "/data-requests/{id}/resume", 403),
    ("get", "/data-requests/{id}/reach", 403),
    ("get", "/withdrawals", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), BUYERS_API)
def test_the_keys_of_a_stopped_buyer_open_nothing_but_its_duties(request_, buyer, admin, method, path, status):
    key = factories.buyer_key(of=buyer)
    stop(buyer, admin)
    body = {"tokens": 5} if path.endswith("fund") else TERMS if path == "/data-requests" else {}

    answer = getattr(Client(), method)(
        f"/api/v1{path.format(id=request_.pk)}", data=body or None, content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )  # fmt: skip

    assert answer.status_code == status, answer.content


TERMS = {
    "kinds": ["air.pm25"], "above": 35, "area": "KR-HB-3", "purpose": "public_air",
    "purpose_text": {"ko": "아침 교실 환기 시각 정하기", "en": "Choosing when to air classrooms"},
    "purpose_ko": "아침 교실 환기 시각 정하기", "purpose_en": "Choosing when to air classrooms",
    "rungs": [{"rung": "exact", "tokens": 120}], "retention_days": 30, "budget_tokens": 30_000,
    "ends_at": (timezone.now() + timedelta(days=60)).isoformat(),
}  # fmt: skip


def press(browser, where, action, rows, reason="확인이 오지 않음"):
    about = {"action": action, "_selected_action": [str(row.pk) for row in rows], "reason": reason}
    return browser.post(f"/admin/{where}/", about, follow=True)


def test_an_admin_sees_who_is_late_and_stops_them_in_one_action(request_, buyer, admin):
    late, soon = late_duty(buyer, days=3), late_duty(factories.organisation(), days=-3)
    browser = signed_in(admin, second_factor=True)

    listed = browser.get("/admin/delivery/erasure/")
    press(browser, "delivery/erasure", "stop_buyers", [late])

    assert buyer.name in listed.content.decode()
    assert soon.release.organisation.name not in listed.content.decode()
    assert Organisation.objects.get(pk=buyer.pk).suspended_at is not None


@pytest.mark.parametrize(("reason", "stopped"), [("", False), ("까닭", True)])
def test_an_admin_stops_revokes_and_reinstates_from_the_list_with_a_reason(request_, buyer, admin, reason, stopped):
    factories.deal(request=request_)
    browser = signed_in(admin, second_factor=True)

    press(browser, "parties/organisation", "stop_buyers", [buyer], reason)
    assert (Organisation.objects.get(pk=buyer.pk).suspended_at is not None) == stopped

    press(browser, "parties/organisation", "revoke_all", [buyer])
    assert ConsentEnd.objects.filter(reason="revoked").count() == stopped

    press(browser, "parties/organisation", "reinstate", [buyer])
    assert Organisation.objects.get(pk=buyer.pk).suspended_at is None


def test_nobody_stops_a_buyer_by_editing_a_date(buyer, admin):
    browser = signed_in(admin, second_factor=True)
    page = browser.get(f"/admin/parties/organisation/{buyer.pk}/change/").content.decode()

    assert 'name="suspended_at' not in page


@pytest.mark.parametrize(("days", "words"), [(3, "1건은 지울 날이 지났어요."), (None, "지난 1건 중 1건을 지웠다고")])
def test_the_next_ask_says_how_the_buyer_kept_its_duties(request_, buyer, days, words):
    erasure = late_duty(buyer, days=days or 3)
    if days is None:
        delivery.attest_erasure(erasure_id=erasure.pk, organisation=buyer, actor="key:1", at=timezone.now())
    person = factories.member()
    factories.ask(of=person.membership.household, request=request_)

    page = signed_in(person).get("/inbox").content.decode()

    assert words in page


def test_nothing_is_said_of_a_buyer_without_a_past(request_):
    person = factories.member()
    factories.ask(of=person.membership.household, request=request_)

    assert "지우기로 한 것" not in signed_in(person).get("/inbox").content.decode()


def test_the_refund_goes_back_through_the_clock(request_, buyer, admin):
    stop(buyer, admin, at=timezone.now() - timedelta(days=4))
    before = posted(request_.account)

    demand_tasks.return_due_escrows()

    assert posted(request_.account) == before + 30_000
