"""A person reads a data request before any household does."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import Organisation, User
from consent.parties.policies import check_is_admin
from marketplace.demand import policies
from marketplace.demand.models import DataRequest, Review
from marketplace.demand.operations.steps import Actor, check_can_ask, locked, note_step

State = DataRequest.State
STATE_AFTER = {
    Review.Verdict.OPENED: State.OPEN,
    Review.Verdict.RETURNED: State.RETURNED,
    Review.Verdict.REFUSED: State.REFUSED,
}


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
    request = locked(request_id, actor_organisation=actor_organisation)
    policies.check_can_submit(request)
    policies.check_version(request.version, at=at)

    request.set_state(State.IN_REVIEW, at=at)
    note_step(request, "request.submit", actor=actor, at=at)
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
        check_can_ask(request, at=at)

    request.set_state(STATE_AFTER[Review.Verdict(verdict)], at=at)
    note_step(request, f"request.{verdict}", actor=actor, at=at, reason=reason)
    return Review.objects.create(version=request.version, verdict=verdict, reason=reason.strip(), actor=actor, at=at)
