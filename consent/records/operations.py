"""Every write of this room. Each joins the caller's transaction: the brokerage settles the whole deal or nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from consent.parties.models import Household, Organisation, User
from consent.records import receipts
from consent.records.errors import AlreadyEnded
from consent.records.models import Answer, Ask, Consent, ConsentEnd, Preference, Receipt, StandingNo
from consent.records.notices import Notice
from consent.records.receipts import Coverage

#: The database's name for it: a consent ends once.
ENDED_ONCE = "records_consentend_consent_id_key"


@transaction.atomic(savepoint=False)
def record_answer(*, ask: Ask, member: User, verdict: str, preview_sha256: str, notice: Notice, at: datetime) -> Answer:
    """Write down one member's word. All yeses are to the same thing: another choice begins a new round.

    The ask is locked by the caller; a no comes after the same member's earlier yes, which stays on record.

    Args:
        notice: the text this member was shown.
    """
    before = ask.answers.first() if ask.needs_several else None
    begins_anew = before is not None and before.preview_sha256 != preview_sha256
    return Answer.history.create(
        ask=ask,
        member=member,
        verdict=verdict,
        preview_sha256=preview_sha256,
        notice_locale=notice.locale,
        notice_sha256=notice.sha256,
        round=(before.round if before else 1) + begins_anew,
        at=at,
    )


@transaction.atomic(savepoint=False)
def record_consent(
    *,
    ask: Ask,
    actor: User,
    payload_digest: str,
    ends_at: datetime,
    op_id: UUID,
    notice: Notice,
    coverage: Coverage,
    at: datetime,
) -> tuple[Consent, Receipt]:
    """Write down that the household said yes, with the signed receipt that says to what; return both."""
    consent = _consent(
        ask=ask,
        actor=actor,
        verdict=Consent.Verdict.GIVEN,
        notice=notice,
        at=at,
        ends_at=ends_at,
        op_id=op_id,
        payload_digest=payload_digest,
    )
    others = (
        list(ask.answers.exclude(member=actor).select_related("member").order_by("at")) if ask.needs_several else []
    )
    receipt = _sign_decision(consent, act=Receipt.Act.GIVEN, notice=notice, coverage=coverage, others=others)
    ask.set_state(Ask.State.APPROVED, at=at)
    return consent, receipt


@transaction.atomic(savepoint=False)
def record_refusal(*, ask: Ask, actor: User, notice: Notice, coverage: Coverage, at: datetime) -> Consent:
    """Write down that a member said no, with its signed receipt."""
    consent = _consent(ask=ask, actor=actor, verdict=Consent.Verdict.REFUSED, notice=notice, at=at)
    _sign_decision(consent, act=Receipt.Act.REFUSED, notice=notice, coverage=coverage)
    ask.set_state(Ask.State.DENIED, at=at)
    return consent


@transaction.atomic(savepoint=False)
def record_ends(*, consents: Sequence[Consent], reason: str, actor: User, at: datetime) -> list[ConsentEnd]:
    """End consents, each once and with a receipt of its own that replaces the first one: all of them, or none.

    Raises:
        AlreadyEnded: one of them was withdrawn or revoked before.
    """
    ends = [ConsentEnd(consent=consent, reason=reason, at=at, actor=actor) for consent in consents]
    try:
        with transaction.atomic():
            ConsentEnd.objects.bulk_create(ends)
    except IntegrityError as exc:
        if _constraint_of(exc) != ENDED_ONCE:
            raise
        raise AlreadyEnded(gettext("이미 철회하셨어요.")) from exc
    signed = Receipt.objects.filter(consent__in=consents, act=Receipt.Act.GIVEN)
    given = dict(signed.values_list("consent", "body"))
    Receipt.objects.bulk_create([_receipt_of_end(end, given=bytes(given[end.consent_id])) for end in ends])
    return ends


@transaction.atomic(savepoint=False)
def defer(*, ask: Ask, at: datetime) -> None:
    """Put an ask aside: it still waits, more quietly, and its deadline stays."""
    ask.deferred_at = at
    ask.save(update_fields=["deferred_at"])


@transaction.atomic(savepoint=False)
def cancel_asks(*, ask_ids: list[UUID], at: datetime) -> int:
    """Take back asks whose terms no longer stand; answered ones stay as they are."""
    waiting = Ask.objects.filter(pk__in=ask_ids, state=Ask.State.PENDING)
    return waiting.update(state=Ask.State.CANCELLED, decided_at=at)


@transaction.atomic(durable=True)
def expire_asks(*, at: datetime, limit: int = 500) -> int:
    """Tidy up asks whose deadline has passed; reading them already said so."""
    late = Ask.objects.past_deadline(at).order_by("expires_at").select_for_update(skip_locked=True)[:limit]
    return Ask.objects.filter(pk__in=[ask.pk for ask in late]).update(state=Ask.State.EXPIRED, decided_at=at)


@transaction.atomic(savepoint=False)
def draw_first_line(*, household: Household, asks_per_week: int) -> None:
    """Give a new household its first line; without one it is never asked."""
    Preference.objects.create(household=household, asks_per_week=asks_per_week)


@transaction.atomic(savepoint=False)
def forget_line(*, household: Household) -> None:
    """Drop what a household decided beforehand; without a line it is never asked again."""
    StandingNo.objects.filter(household=household).delete()
    Preference.objects.filter(household=household).delete()


@transaction.atomic(durable=True)
def draw_line(
    *, household: Household, paused: bool, asks_per_week: int, min_tokens: int, never_topics: set[str], at: datetime
) -> None:
    """Keep what a household decided beforehand. It can only say no beforehand, never yes."""
    values = {"paused": paused, "asks_per_week": asks_per_week, "min_tokens": min_tokens}
    Preference.objects.update_or_create(household=household, defaults=values)
    nos = StandingNo.objects.filter(household=household, organisation=None)
    nos.exclude(topic__in=never_topics).delete()
    said = set(nos.values_list("topic", flat=True))
    StandingNo.objects.bulk_create(
        [StandingNo(household=household, topic=topic, since=at) for topic in sorted(never_topics - said)]
    )


@transaction.atomic(durable=True)
def never_again(*, household: Household, organisation: Organisation, at: datetime) -> None:
    """Never ask this household for this organisation any more."""
    StandingNo.objects.get_or_create(household=household, topic="", organisation=organisation, defaults={"since": at})


@transaction.atomic(durable=True)
def ask_again(*, household: Household, organisation: Organisation) -> None:
    """Take back a standing no to an organisation. It is no yes: the household is asked again, each time."""
    StandingNo.objects.filter(household=household, organisation=organisation).delete()


def _constraint_of(exc: IntegrityError) -> str | None:
    """Return the name of the constraint that a write broke; the words of an error are the database's to change."""
    return exc.__cause__.diag.constraint_name if isinstance(exc.__cause__, psycopg.Error) else None


def _consent(
    *,
    ask: Ask,
    actor: User,
    verdict: str,
    notice: Notice,
    at: datetime,
    ends_at: datetime | None = None,
    op_id: UUID | None = None,
    payload_digest: str = "",
) -> Consent:
    return Consent.objects.create(
        ask=ask,
        household=ask.household,
        recipient=ask.recipient,
        verdict=verdict,
        decided_by=actor,
        at=at,
        ends_at=ends_at,
        payload_digest=payload_digest,
        notice_version=notice.version,
        notice_locale=notice.locale,
        notice_sha256=notice.sha256,
        op_id=op_id,
    )


def _sign_decision(
    consent: Consent, *, act: str, notice: Notice, coverage: Coverage, others: list[Answer] | None = None
) -> Receipt:
    receipt_id = uuid4()
    document = receipts.compose(
        receipt_id=receipt_id, consent=consent, act=act, notice=notice, coverage=coverage, others=others
    )
    receipt = _signed(document, receipt_id=receipt_id, consent=consent, act=act, at=consent.at)
    receipt.save(force_insert=True)
    return receipt


def _receipt_of_end(end: ConsentEnd, *, given: bytes) -> Receipt:
    receipt_id = uuid4()
    document = receipts.compose_end(receipt_id=receipt_id, given=receipts.as_document(given), end=end)
    return _signed(document, receipt_id=receipt_id, consent=end.consent, act=end.reason, at=end.at)


def _signed(document: dict[str, Any], *, receipt_id: UUID, consent: Consent, act: str, at: datetime) -> Receipt:
    body, signature = receipts.sign(document)
    return Receipt(id=receipt_id, consent=consent, act=act, body=body, signature=signature, at=at)
