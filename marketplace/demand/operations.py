"""Every write to a data request: one function is one fact in one transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from consent.parties.models import Organisation, User
from consent.parties.operations import note
from consent.parties.policies import check_can_act_for, check_is_admin
from marketplace.demand import policies, queries
from marketplace.demand.errors import ReachUsedUp
from marketplace.demand.models import DataRequest, RequestVersion, Review
from marketplace.demand.pricing import price_of_version
from marketplace.demand.terms import Terms
from rewards.ledger import operations as ledger
from rewards.ledger.models import AccountKind, Attempt
from rewards.ledger.retry import retry_on_conflict

State = DataRequest.State
#: A person, a machine with a key, or a word such as "system:clock".
Actor = Any

STATE_AFTER = {
    Review.Verdict.OPENED: State.OPEN,
    Review.Verdict.RETURNED: State.RETURNED,
    Review.Verdict.REFUSED: State.REFUSED,
}


@transaction.atomic(durable=True)
def draft_request(*, organisation: Organisation, actor: Actor, terms: Terms, at: datetime) -> DataRequest:
    """Write the first version of a data request, and open the escrow its budget will lie in.

    Raises:
        NotPermitted: the organisation is no buyer.
        OrganisationSuspended: it is suspended, or was never verified.
        OutsideTemplate: the terms go beyond what their purpose allows.
    """
    policies.check_is_buyer(organisation)
    _check_terms(terms, at=at)

    request = DataRequest.objects.create(organisation=organisation, created_at=at)
    request.set_current(_freeze(request, terms, number=1, at=at))
    ledger.open_account(address=request.account, kind=AccountKind.BUYER)
    ledger.open_account(address=request.escrow, kind=AccountKind.ESCROW)
    _note(request, "request.draft", actor=actor, at=at)
    return request


@transaction.atomic(durable=True)
def edit_request(
    *,
    request_id: UUID,
    actor_organisation: Organisation | None,
    actor: Actor,
    terms: Terms,
    at: datetime,
    number: int | None = None,
) -> DataRequest:
    """State a data request anew, as its next version. What somebody was already asking for goes back to review.

    Open asks carry the version they were made under, so the new one voids them wherever they are read.

    Args:
        number: the version that the new terms were written upon; None means whatever is current.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is closed or was refused.
        VersionChanged: a colleague edited it meanwhile.
        OutsideTemplate: the terms go beyond what their purpose allows.
    """
    request = _lock(request_id, actor_organisation)
    policies.check_can_edit(request)
    policies.check_is_current(request, number=number)
    _check_terms(terms, at=at)

    following = request.version.number + 1
    request.set_current(_freeze(request, terms, number=following, at=at))
    if request.state in (State.OPEN, State.PAUSED, State.EXHAUSTED):
        request.set_state(State.IN_REVIEW, at=at)
    _note(request, "request.edit", actor=actor, at=at)
    return request


@retry_on_conflict
@transaction.atomic(durable=True)
def fund_request(
    *,
    request_id: UUID,
    actor_organisation: Organisation | None,
    tokens: int,
    key: str,
    actor: Actor,
    at: datetime,
) -> DataRequest:
    """Move tokens from the buyer's account into the escrow of a data request, once per key.

    Args:
        key: chosen by the caller; the same key with the same tokens changes nothing more.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is closed or was refused.
        InvalidAmount: `tokens` is not a whole number from 1 to 2^53-1.
        InsufficientTokens: the buyer's account cannot cover it.
        IdempotencyMismatch: the key was used with another amount.
        InvalidKey: the key is too long, or not printable.
    """
    request = _lock(request_id, actor_organisation)
    post_key = f"fund:{request.pk}:{key}"
    # A retry is answered as the first time was, also after the data request has ended.
    if not Attempt.objects.filter(key=post_key).exists():
        policies.check_can_fund(request)

    posting = ledger.post(
        key=post_key,
        debit=request.account,
        credit=request.escrow,
        amount=tokens,
        # Not who pressed the button: a colleague's retry of the same key is the same fact.
        actor=f"organisation:{request.organisation_id}",
        event_type="request.funded",
        event_ref=f"request:{request.pk}",
    )
    if not posting.replayed:
        _note(request, "request.fund", actor=actor, at=at)
    return request


@transaction.atomic(durable=True)
def submit_request(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> DataRequest:
    """Ask an admin to read a data request.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is not a draft and was not returned.
        OutsideTemplate: the bounds of its purpose, or the clock, have moved past it since it was written.
    """
    request = _lock(request_id, actor_organisation)
    policies.check_can_submit(request)
    policies.check_version(request.version, at=at)

    request.set_state(State.IN_REVIEW, at=at)
    _note(request, "request.submit", actor=actor, at=at)
    return request


@transaction.atomic(durable=True)
def review_request(
    *, request_id: UUID, actor: User, verdict: str, reason: str, at: datetime, number: int | None = None
) -> Review:
    """Say as an admin whether households may be asked: open it, return it with a reason, or refuse it with one.

    Args:
        verdict: a `Review.Verdict`.
        number: the version that was read; None means whatever is current.

    Raises:
        NotPermitted: `actor` is no admin of the platform.
        ReasonMissing: a no without a reason.
        VersionChanged: the buyer edited it meanwhile.
        RequestNotInState: it is not in review.
        NotFunded: it cannot be opened before its escrow covers one event.
        OrganisationSuspended: a suspended buyer's request cannot be opened.
        OutsideTemplate: it cannot be opened because the bounds, or the clock, have moved past it.
    """
    request = DataRequest.objects.lock(request_id)
    check_is_admin(actor)
    policies.check_reason(verdict, reason)
    policies.check_is_current(request, number=number)
    policies.check_can_review(request)
    if verdict == Review.Verdict.OPENED:
        _check_can_ask(request, at=at)

    request.set_state(STATE_AFTER[Review.Verdict(verdict)], at=at)
    _note(request, f"request.{verdict}", actor=actor, at=at, reason=reason)
    return Review.objects.create(version=request.version, verdict=verdict, reason=reason.strip(), actor=actor, at=at)


@transaction.atomic(durable=True)
def pause_request(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> DataRequest:
    """Stop new asks for a while; those already asked may still be answered.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is not open.
    """
    request = _lock(request_id, actor_organisation)

    request.set_state(State.PAUSED, at=at)
    _note(request, "request.pause", actor=actor, at=at)
    return request


@transaction.atomic(durable=True)
def resume_request(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> DataRequest:
    """Let a paused or exhausted data request ask again.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is neither paused nor exhausted.
        NotFunded: its escrow does not cover one event.
        OutsideTemplate: the bounds of its purpose, or the clock, have moved past it.
    """
    request = _lock(request_id, actor_organisation)
    policies.check_can_resume(request)
    _check_can_ask(request, at=at)

    request.set_state(State.OPEN, at=at)
    _note(request, "request.resume", actor=actor, at=at)
    return request


@transaction.atomic(durable=True)
def close_request(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> DataRequest:
    """End a data request. What is left in escrow goes back on one fixed day, whatever households answer until then.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        RequestNotInState: it is closed already.
    """
    request = _lock(request_id, actor_organisation)

    request.set_state(State.CLOSED, at=at)
    # The last hold can live this long. A sooner refund would tell how the last asks were answered.
    request.set_refund_due(at + timedelta(hours=settings.ASK_HOURS + settings.HOLD_GRACE_HOURS))
    _note(request, "request.close", actor=actor, at=at)
    return request


@transaction.atomic(savepoint=False)
def exhaust_request(*, request_id: UUID, at: datetime) -> bool:
    """Mark an open data request whose escrow no longer covers one event.

    What is held still counts as in escrow: the buyer must not learn from the state that somebody was asked.

    Returns:
        Whether it was marked now, so that the caller tells the buyer once.
    """
    request = DataRequest.objects.lock(request_id)
    if request.state != State.OPEN or queries.in_escrow(request).posted >= price_of_version(request.version).total:
        return False
    request.set_state(State.EXHAUSTED, at=at)
    _note(request, "request.exhaust", actor="system:clock", at=at)
    return True


@retry_on_conflict
@transaction.atomic(savepoint=False)
def return_escrow(*, request_id: UUID, at: datetime) -> int:
    """Give what is left in a closed data request's escrow back to its buyer, once that is due and nothing is held.

    Tokens that reach the escrow later (an event withdrawn before it was read) go back when this is called again.

    Returns:
        The tokens given back now; 0 also where it is not time yet.
    """
    request = DataRequest.objects.lock(request_id)
    standing = queries.in_escrow(request)
    is_due = request.state == State.CLOSED and request.refund_due_at is not None and request.refund_due_at <= at
    if not is_due or standing.held:
        return 0

    if standing.posted:
        ledger.post(
            # The version moves with every row of the escrow, so each refund has a key of its own.
            key=f"refund:{request.pk}:{standing.version}",
            debit=request.escrow,
            credit=request.account,
            amount=standing.posted,
            actor="system:clock",
            event_type="request.refunded",
            event_ref=f"request:{request.pk}",
        )
    if request.refunded_at is None:
        request.set_refunded(at)
    return standing.posted


@transaction.atomic(durable=True)
def estimate_reach(
    *, request_id: UUID, actor_organisation: Organisation | None, actor: Actor, at: datetime
) -> queries.Reach:
    """Estimate how many homes a data request could ask, in tens; twenty times a day and no more.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
        ReachUsedUp: today's estimates are used up.
    """
    request = _lock(request_id, actor_organisation)
    # Two at once must not both be the twentieth.
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=request.organisation_id)
    used = queries.reach_used_today(organisation, at=at)
    if used >= queries.REACH_PER_DAY:
        raise ReachUsedUp(gettext("오늘 볼 수 있는 어림 스무 번을 다 쓰셨어요. 내일 다시 봐 주세요."))

    note(actor=_name_of(actor), action=queries.REACH_ACTION, subject=f"organisation:{organisation.pk}", at=at)
    homes = queries.homes_within_reach(request.version)
    return queries.Reach(low=homes // 10 * 10, left_today=queries.REACH_PER_DAY - used - 1)


def _lock(request_id: UUID, actor_organisation: Organisation | None) -> DataRequest:
    request = DataRequest.objects.lock(request_id)
    check_can_act_for(request.organisation, actor_organisation=actor_organisation)
    return request


def _check_terms(terms: Terms, *, at: datetime) -> None:
    policies.check_terms(
        terms, manufacturer_bp=settings.MANUFACTURER_SHARE_BP, platform_bp=settings.PLATFORM_SHARE_BP, at=at
    )


def _check_can_ask(request: DataRequest, *, at: datetime) -> None:
    policies.check_is_buyer(request.organisation)
    policies.check_version(request.version, at=at)
    policies.check_is_funded(request, in_escrow=queries.in_escrow(request).posted)


def _freeze(request: DataRequest, terms: Terms, *, number: int, at: datetime) -> RequestVersion:
    stated = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    return RequestVersion.objects.create(
        request=request,
        number=number,
        # The shares of the day are part of the version: what a household was shown never changes under it.
        manufacturer_bp=settings.MANUFACTURER_SHARE_BP,
        platform_bp=settings.PLATFORM_SHARE_BP,
        made_at=at,
        **stated,
    )


def _note(request: DataRequest, action: str, *, actor: Actor, at: datetime, reason: str = "") -> None:
    note(actor=_name_of(actor), action=action, subject=f"request:{request.pk}", at=at, reason=reason)


def _name_of(actor: Actor) -> str:
    return actor if isinstance(actor, str) else str(actor.pk)
