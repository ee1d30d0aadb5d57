"""A data request that was opened: resting, going on, and ending."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.parties.models import Organisation
from marketplace.demand import policies, queries
from marketplace.demand.models import DataRequest
from marketplace.demand.operations.steps import Actor, check_can_ask, locked, note_step

State = DataRequest.State
#: Asking, or about to.
ASKING = (State.OPEN, State.PAUSED, State.EXHAUSTED, State.IN_REVIEW)


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
    request = locked(request_id, actor_organisation=actor_organisation)

    request.set_state(State.PAUSED, at=at)
    note_step(request, "request.pause", actor=actor, at=at)
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
    request = locked(request_id, actor_organisation=actor_organisation)
    policies.check_can_resume(request)
    check_can_ask(request, at=at)

    request.set_state(State.OPEN, at=at)
    note_step(request, "request.resume", actor=actor, at=at)
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
    request = locked(request_id, actor_organisation=actor_organisation)

    _close(request, actor=actor, at=at)
    return request


@transaction.atomic(savepoint=False)
def close_requests_of(*, organisation: Organisation, actor: Actor, at: datetime) -> int:
    """End every data request of a stopped buyer that asks, waits for its review or holds tokens; drafts stay.

    The money goes back as after any closing: on one fixed day, whatever households answered.

    Returns:
        How many were ended.
    """
    mine = DataRequest.objects.filter(organisation=organisation).exclude(state=State.CLOSED).order_by("pk")
    open_ones = [DataRequest.objects.lock(request_id) for request_id in mine.values_list("pk", flat=True)]
    ending = [one for one in open_ones if one.state in ASKING or queries.in_escrow(one).posted]
    for request in ending:
        _close(request, actor=actor, at=at)
    return len(ending)


def _close(request: DataRequest, *, actor: Actor, at: datetime) -> None:
    request.set_state(State.CLOSED, at=at)
    # The last hold can live this long. A sooner refund would tell how the last asks were answered.
    request.set_refund_due(at + timedelta(hours=settings.ASK_HOURS + settings.HOLD_GRACE_HOURS))
    note_step(request, "request.close", actor=actor, at=at)
