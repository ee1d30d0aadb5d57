"""The tokens of a data request: into its escrow, and what is left of them back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import Organisation
from marketplace.demand import policies, queries
from marketplace.demand.models import DataRequest
from marketplace.demand.operations.steps import Actor, locked, note_step
from marketplace.demand.pricing import price_of_version
from rewards.ledger import operations as ledger
from rewards.ledger.models import Attempt
from rewards.ledger.retry import retry_on_conflict

State = DataRequest.State


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
    request = locked(request_id, actor_organisation=actor_organisation)
    post_key = f"fund:{request.pk}:{key}"
    # A retry is answered as the first time was, also after the data request has ended.
    if not Attempt.objects.filter(key=post_key).exists():
        policies.check_can_fund(request)

    posted = ledger.post(
        key=post_key,
        debit=request.account,
        credit=request.escrow,
        amount=tokens,
        # Not who pressed the button: a colleague's retry of the same key is the same fact.
        actor=f"organisation:{request.organisation_id}",
        event_type="request.funded",
        event_ref=f"request:{request.pk}",
    )
    if not posted.replayed:
        note_step(request, "request.fund", actor=actor, at=at)
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
    note_step(request, "request.exhaust", actor="system:clock", at=at)
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
