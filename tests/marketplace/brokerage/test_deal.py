"""One deal from insight to record: consent, payment and release together, or nothing."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.parties.models import Membership, Seat
from consent.records.errors import AlreadyEnded, AskNotPending, NotYourHousehold, PreviewChanged
from consent.records.models import Ask, Consent, Receipt
from consent.records.receipts import as_document, is_genuine
from marketplace.brokerage import operations
from marketplace.brokerage.errors import AppliancePrivate, ChoiceNotOffered, OfferChanged
from marketplace.delivery.models import Release
from marketplace.insights import vault
from marketplace.insights.models import SealedObject
from rewards.ledger.queries import balance_of, wallet_address
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member()


def wallet(person):
    return balance_of(wallet_address(person.membership.household))


def test_pays_the_household_exactly_its_tokens_and_opens_one_release(mother):
    ask = factories.ask(of=mother.membership.household)

    deal = factories.approve(ask, by=mother)

    assert wallet(mother).available == 120
    assert Release.objects.get().consent == deal.consent
    assert deal.consent.op_id == deal.payment.op_id


def test_releases_the_very_bytes_that_were_shown(mother):
    ask = factories.ask(of=mother.membership.household)
    shown = factories.shown(ask, by=mother)

    deal = factories.approve(ask, by=mother)

    sealed = SealedObject.objects.select_related("data_key").get(release=deal.release)
    assert vault.open_sealed(sealed) == shown.preview.body == canonical_bytes(shown.preview.document)
    assert deal.release.payload_digest == sha256_hex(shown.preview.body) == deal.consent.payload_digest


def test_signs_a_receipt_that_names_the_digest_and_the_payment(mother):
    deal = factories.deal(by=mother)

    receipt = Receipt.objects.get(consent=deal.consent)

    document = as_document(bytes(receipt.body))
    assert is_genuine(document, receipt.signature) == (True, "ok")
    assert document["maru:payloadDigest"] == f"sha-256:{deal.consent.payload_digest}"
    assert document["maru:opId"] == str(deal.payment.op_id)
    assert str(mother.pk) not in json.dumps(document)


def test_a_receipt_with_one_changed_byte_is_not_genuine(mother):
    receipt = Receipt.objects.get(consent=factories.deal(by=mother).consent)
    document = as_document(bytes(receipt.body))

    document["maru:refusalConsequence"] = "nonf"

    assert is_genuine(document, receipt.signature) == (False, "signature")


def test_leaves_nothing_behind_when_the_preview_changed(mother):
    ask = factories.ask(of=mother.membership.household)

    with pytest.raises(PreviewChanged):
        factories.approve(ask, by=mother, preview_sha256="0" * 64)

    assert not Release.objects.exists()
    assert not Consent.objects.exists()
    assert wallet(mother).posted == 0


def test_a_dropped_field_is_absent_from_what_leaves(mother):
    ask = factories.ask(of=mother.membership.household)
    ask.offer.insight.appliance.__class__.objects.update(model="새벽 숨 300")

    without = factories.shown(ask, by=mother, drop_fields=["model"])
    with_model = factories.shown(ask, by=mother, drop_fields=[])

    assert "model" not in without.preview.document["data"]
    assert with_model.preview.document["data"]["model"] == "새벽 숨 300"
    assert without.preview.sha256 != with_model.preview.sha256


def test_a_coarser_rung_pays_its_own_tokens_and_frees_the_rest(mother):
    request = factories.open_request()
    ask = factories.ask(of=mother.membership.household, request=request)

    factories.approve(ask, by=mother, precision="day")

    assert wallet(mother).available == 60
    escrow = balance_of(request.escrow)
    assert (escrow.held, escrow.posted) == (0, 30_000 - 72)


def test_refuses_a_rung_or_a_field_that_was_not_offered(mother):
    ask = factories.ask(of=mother.membership.household)

    with pytest.raises(ChoiceNotOffered):
        factories.shown(ask, by=mother, precision="hour")
    with pytest.raises(ChoiceNotOffered):
        factories.shown(ask, by=mother, drop_fields=["value"])


def test_denying_moves_nothing_in_the_books_and_the_hold_stays(mother):
    request = factories.open_request()
    ask = factories.ask(of=mother.membership.household, request=request)
    before = balance_of(request.escrow)

    consent = operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())

    assert consent.verdict == Consent.Verdict.REFUSED
    assert balance_of(request.escrow) == before
    assert not Release.objects.exists()


def test_nobody_answers_twice(mother):
    ask = factories.ask(of=mother.membership.household)
    factories.approve(ask, by=mother)

    with pytest.raises(AskNotPending):
        operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())


def test_the_deadline_counts_with_no_clock_running(mother):
    ask = factories.ask(of=mother.membership.household)
    digest = factories.shown(ask, by=mother).preview.sha256

    with pytest.raises(AskNotPending):
        factories.approve(ask, by=mother, preview_sha256=digest, at=ask.expires_at)

    assert ask.shown_state(ask.expires_at) == Ask.State.EXPIRED


def test_an_edit_of_the_request_voids_what_was_asked_before(mother):
    request = factories.open_request()
    ask = factories.ask(of=mother.membership.household, request=request)
    digest = factories.shown(ask, by=mother).preview.sha256
    factories.edited(request, retention_days=20)

    with pytest.raises(OfferChanged):
        factories.approve(ask, by=mother, preview_sha256=digest)

    assert operations.cancel_void_asks(at=timezone.now()) == 1


def test_never_share_wins_over_an_ask_that_is_already_out(mother):
    ask = factories.ask(of=mother.membership.household)
    digest = factories.shown(ask, by=mother).preview.sha256
    ask.offer.insight.appliance.__class__.objects.update(never_share=True)

    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=mother, preview_sha256=digest)


@pytest.mark.parametrize("role", [Membership.Role.TEEN, Membership.Role.CHILD])
def test_only_adults_decide_on_what_is_the_home_s(mother, role):
    young = factories.member(of=mother.membership.household, role=role)
    ask = factories.ask(of=mother.membership.household)
    digest = factories.shown(ask, by=mother).preview.sha256

    with pytest.raises(NotYourHousehold):
        factories.approve(ask, by=young, preview_sha256=digest)


def test_a_stranger_neither_sees_nor_answers(mother):
    stranger = factories.member()
    ask = factories.ask(of=mother.membership.household)

    assert not Ask.objects.visible_to(stranger).exists()
    with pytest.raises(NotYourHousehold):
        operations.deny_ask(ask_id=ask.pk, actor=stranger, locale="ko", at=timezone.now())


def test_absence_needs_every_adult_and_one_no_is_enough(mother):
    home = mother.membership.household
    father = factories.member(of=home)
    now = timezone.now()
    absence = factories.absence(of=home, until=now - timedelta(hours=30))
    request = factories.open_request(kinds=["presence.absence"], above=None, purpose="energy_saving")
    operations.match_insights(at=now)
    ask = Ask.objects.get(subject=f"insight:{absence.pk}")

    first = factories.approve(ask, by=mother)
    operations.deny_ask(ask_id=ask.pk, actor=father, locale="ko", at=timezone.now())

    assert (first.missing, ask.answers_needed) == (1, 2)
    assert not Release.objects.exists()
    assert balance_of(request.escrow).held > 0


def test_absence_settles_with_the_last_yes(mother):
    home = mother.membership.household
    father = factories.member(of=home)
    now = timezone.now()
    absence = factories.absence(of=home, until=now - timedelta(hours=30))
    factories.open_request(kinds=["presence.absence"], above=None, purpose="energy_saving")
    operations.match_insights(at=now)
    ask = Ask.objects.get(subject=f"insight:{absence.pk}")

    factories.approve(ask, by=mother)
    deal = factories.approve(ask, by=father)

    assert deal.release.consent.ask_id == ask.pk


def test_withdrawing_destroys_the_copy_and_keeps_the_tokens(mother):
    deal = factories.deal(by=mother)
    sealed = deal.release.sealed_id

    operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())

    assert not SealedObject.objects.filter(pk=sealed).exists()
    assert wallet(mother).available == 120
    assert Receipt.objects.filter(consent=deal.consent, act="withdrawn").exists()


def test_a_buyer_that_had_not_read_gets_its_price_back(mother):
    request = factories.open_request()
    deal = factories.deal(by=mother, request=request)
    assert balance_of(request.escrow).posted == 30_000 - 144

    operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())

    assert balance_of(request.escrow).posted == 30_000


def test_nobody_withdraws_twice(mother):
    deal = factories.deal(by=mother)
    operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())

    with pytest.raises(AlreadyEnded):
        operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())


def test_a_second_adult_withdraws_what_the_first_one_gave(mother):
    father = factories.member(of=mother.membership.household)
    deal = factories.deal(by=mother)

    end = operations.withdraw_consent(consent_id=deal.consent.pk, actor=father, at=timezone.now())

    assert end.actor == father


def test_who_works_for_the_one_who_asks_cannot_say_yes(mother):
    ask = factories.ask(of=mother.membership.household)
    preview = factories.shown(ask, by=mother).preview.sha256
    Seat.objects.create(organisation=ask.recipient, user=mother, role=Seat.Role.STAFF)

    with pytest.raises(NotYourHousehold):
        factories.approve(ask, by=mother, preview_sha256=preview)

    assert not Consent.objects.exists()
