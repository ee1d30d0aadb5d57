"""A member's word, and the settlement that follows a yes: consent, payment and release, or nothing at all."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from consent.parties.models import User
from consent.parties.queries import as_now
from consent.records import operations as records
from consent.records import policies as records_policies
from consent.records.errors import NoticeChanged, PreviewChanged
from consent.records.models import Answer, Ask, Consent
from consent.records.notices import Notice
from consent.records.receipts import Coverage
from marketplace.brokerage import policies, terms
from marketplace.brokerage.errors import ChoiceNotOffered
from marketplace.brokerage.models import Offer
from marketplace.brokerage.previews import Preview, preview_of, read_choice
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Release
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import SealedObject
from rewards.ledger import operations as ledger
from rewards.ledger.evidence import keep_evidence
from rewards.ledger.items import Capture
from rewards.ledger.queries import wallet_address

#: What a decision reads beside the ask, which is loaded as it is locked.
_DECIDED = ("insight__sealed__data_key", "insight__appliance", "request__organisation", "version")


@dataclass(frozen=True)
class Deal:
    """What one yes brought about, all of it committed together."""

    consent: Consent
    payment: Capture
    release: Release


@dataclass(frozen=True)
class Waiting:
    """A yes that is not enough yet: `missing` more members must say the same."""

    ask: Ask
    missing: int


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def approve_ask(
    *,
    ask_id: UUID,
    actor: User,
    preview_sha256: str,
    locale: str,
    at: datetime,
    precision: str | None = None,
    drop_fields: Sequence[str] | None = None,
    notice_sha256: str | None = None,
) -> Deal | Waiting:
    """Release one insight to one buyer and pay the household, or do nothing at all.

    Args:
        preview_sha256: the digest of what the member was shown; the server builds it again and compares.
        precision, drop_fields: the same choice the preview was shown for.
        locale: the language of whoever answers.
        notice_sha256: the digest of the text the member was shown; None takes the text as it stands in `locale`.

    Raises:
        NotYourHousehold: `actor` may not decide for this household.
        AskNotPending: the ask was answered or cancelled.
        AskExpired: its deadline has passed.
        AlreadyAnswered: this member said yes before, and others are still to answer.
        OfferChanged: the data request changed after the ask went out.
        AppliancePrivate: the appliance was set to never share.
        ChoiceNotOffered: this precision or field was not on offer.
        PreviewChanged: what was shown is not what would be released.
        NoticeChanged: the text that was shown is not the text as it stands.
        VaultClosed: the insight was shredded meanwhile.
    """
    ask, offer = _locked(ask_id)
    records_policies.check_can_decide(ask, actor=as_now(actor), at=at)
    policies.check_offer_stands(offer)
    policies.check_is_believed(offer)
    preview = preview_of(offer, read_choice(offer, precision=precision, drop_fields=drop_fields))
    if not hmac.compare_digest(preview.sha256.encode(), preview_sha256.encode()):
        raise PreviewChanged(gettext("보시는 사이에 내용이 바뀌었어요. 지금 내용을 보고 정해 주세요."))
    notice = terms.notice_shown(offer, sha256=notice_sha256, locale=locale, preview=preview, at=at)

    records.record_answer(
        ask=ask, member=actor, verdict=Answer.Verdict.APPROVE, preview_sha256=preview.sha256, notice=notice, at=at
    )
    if ask.needs_several:
        missing = ask.answers_needed - ask.answers.filter(verdict=Answer.Verdict.APPROVE).count()
        if missing > 0:
            return Waiting(ask, missing)
    return _settle(ask, offer, preview, actor=actor, notice=notice, at=at)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def deny_ask(
    *,
    ask_id: UUID,
    actor: User,
    locale: str,
    at: datetime,
    precision: str | None = None,
    drop_fields: Sequence[str] | None = None,
    notice_sha256: str | None = None,
) -> Consent:
    """Keep the insight at home. Nothing moves in the books: the hold ends with the ask's deadline, whatever was said.

    A no is always taken: whatever changed since the card was shown, it keeps the text as it stands.

    Raises:
        NotYourHousehold: `actor` may not decide for this household.
        AskNotPending: the ask was answered or cancelled.
        AskExpired: its deadline has passed.
    """
    ask, offer = _locked(ask_id)
    records_policies.check_can_deny(ask, actor=as_now(actor), at=at)
    preview = _preview_refused(offer, precision, drop_fields)
    notice = _notice_refused(offer, preview, sha256=notice_sha256, locale=locale, at=at)
    records.record_answer(ask=ask, member=actor, verdict=Answer.Verdict.DENY, preview_sha256="", notice=notice, at=at)
    return records.record_refusal(ask=ask, actor=actor, notice=notice, coverage=_covered(offer, preview, notice), at=at)


@transaction.atomic(durable=True)
def defer_ask(*, ask_id: UUID, actor: User, at: datetime) -> Ask:
    """Put an ask aside until its date.

    Raises:
        NotYourHousehold: `actor` may not decide for this household.
        AskNotPending: the ask was answered, has expired or was cancelled.
    """
    ask = Ask.objects.lock(ask_id)
    records_policies.check_can_decide(ask, actor=as_now(actor), at=at)
    records.defer(ask=ask, at=at)
    return ask


def _locked(ask_id: UUID) -> tuple[Ask, Offer]:
    ask = Ask.objects.lock(ask_id)
    offer = Offer.objects.select_related(*_DECIDED).get(ask=ask)
    offer.ask = ask
    # Read once the ask is locked: beside the lock it would be as it was when the wait began.
    ask.recipient = offer.request.organisation
    return ask, offer


def _preview_refused(offer: Offer, precision: str | None, drop_fields: Sequence[str] | None) -> Preview | None:
    """Return what was refused, as it was shown; None where it cannot be shown any more."""
    try:
        return preview_of(offer, read_choice(offer, precision=precision, drop_fields=drop_fields))
    except (ChoiceNotOffered, VaultClosed):
        return None


def _notice_refused(offer: Offer, preview: Preview | None, *, sha256: str | None, locale: str, at: datetime) -> Notice:
    if preview is not None:
        try:
            return terms.notice_shown(offer, sha256=sha256, locale=locale, preview=preview, at=at)
        except NoticeChanged:
            pass
    return terms.notice_of(offer, locale=locale, preview=preview, at=at)


def _covered(offer: Offer, preview: Preview | None, notice: Notice) -> Coverage:
    """Return what the answer is about, in the language of the text it was given to."""
    with translation.override(notice.locale):
        return terms.coverage_of(offer, preview=preview)


def _settle(ask: Ask, offer: Offer, preview: Preview, *, actor: User, notice: Notice, at: datetime) -> Deal:
    rung, ends_at = preview.choice.rung, terms.ends_at(offer, at=at)
    op_id = uuid4()
    consent, receipt = records.record_consent(
        ask=ask,
        actor=actor,
        payload_digest=preview.sha256,
        ends_at=ends_at,
        op_id=op_id,
        notice=notice,
        coverage=_covered(offer, preview, notice),
        at=at,
    )
    offer.set_choice(rung=rung, dropped=preview.choice.dropped)
    copy = vault.seal(vault.Content(SealedObject.Purpose.RELEASE, ask.household_id, ask.pk, preview.body))
    keep_evidence(op_id=op_id, digest=sha256(receipt.body).digest())
    # Near the end: its rows are the ones others wait for, and they stay locked until the commit.
    payment = ledger.capture_hold(
        hold=offer.hold_key,
        key=f"settle:{ask.pk}",
        op_id=op_id,
        legs=terms.legs_of(offer, rung=rung, wallet=wallet_address(ask.household)),
        actor=actor,
        event_type="consent",
        event_ref=f"consent:{consent.pk}",
    )
    release = delivery.open_release(
        consent=consent,
        request=offer.request,
        organisation=ask.recipient,
        kind=offer.insight.kind,
        sealed=copy,
        payload_digest=preview.sha256,
        number=payment.debit_version,
        opened_at=at,
        erase_at=ends_at,
    )
    return Deal(consent, payment, release)
