"""What a buyer wants, stated and stated anew."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.parties.models import Organisation
from marketplace.demand import policies
from marketplace.demand.models import DataRequest, RequestVersion
from marketplace.demand.operations.steps import Actor, locked, note_step
from marketplace.demand.terms import Terms
from rewards.ledger import operations as ledger
from rewards.ledger.models import AccountKind

State = DataRequest.State


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
    note_step(request, "request.draft", actor=actor, at=at)
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
    request = locked(request_id, actor_organisation=actor_organisation)
    policies.check_can_edit(request)
    policies.check_is_current(request, number=number)
    _check_terms(terms, at=at)

    following = request.version.number + 1
    request.set_current(_freeze(request, terms, number=following, at=at))
    if request.state in (State.OPEN, State.PAUSED, State.EXHAUSTED):
        request.set_state(State.IN_REVIEW, at=at)
    note_step(request, "request.edit", actor=actor, at=at)
    return request


def _check_terms(terms: Terms, *, at: datetime) -> None:
    policies.check_terms(
        terms, manufacturer_bp=settings.MANUFACTURER_SHARE_BP, platform_bp=settings.PLATFORM_SHARE_BP, at=at
    )


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
