"""What every step of a data request has in common: its lock, what must hold before anybody is asked, its note."""

from datetime import datetime
from typing import Any
from uuid import UUID

from consent.parties.models import Organisation
from consent.parties.operations import note
from consent.parties.policies import check_can_act_for
from marketplace.demand import policies, queries
from marketplace.demand.models import DataRequest

#: A person, a machine with a key, or a word such as "system:clock".
Actor = Any


def locked(request_id: UUID, *, actor_organisation: Organisation | None) -> DataRequest:
    """Return a data request with its row locked, for an organisation that may act on it.

    Raises:
        NotPermitted: it is another organisation's.
        OrganisationSuspended: the organisation may not act now.
    """
    request = DataRequest.objects.lock(request_id)
    check_can_act_for(request.organisation, actor_organisation=actor_organisation)
    return request


def check_can_ask(request: DataRequest, *, at: datetime) -> None:
    """Let households be asked only by an active buyer, within its purpose, and with one event in escrow.

    Raises:
        NotPermitted, OrganisationSuspended: the organisation is no buyer, or may not act now.
        OutsideTemplate: the bounds of its purpose, or the clock, have moved past it.
        NotFunded: its escrow does not cover one event.
    """
    policies.check_is_buyer(request.organisation)
    policies.check_version(request.version, at=at)
    policies.check_is_funded(request, in_escrow=queries.in_escrow(request).posted)


def note_step(request: DataRequest, action: str, *, actor: Actor, at: datetime, reason: str = "") -> None:
    """Add one line on a data request to the audit trail."""
    note(actor=name_of(actor), action=action, subject=f"request:{request.pk}", at=at, reason=reason)


def name_of(actor: Actor) -> str:
    """Return the word by which the audit trail knows who acted."""
    return actor if isinstance(actor, str) else str(actor.pk)
