"""Stopping a buyer in one action, and letting it act again.

What stops at once: its sign-in to anything but its duties, its keys, its reading, its asks and its data requests. What
comes back when it is reinstated: keys, and reading under consents that still stand. What does not: asks, data requests
and consents that were revoked; the buyer asks anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.models import Organisation, User
from consent.parties.policies import check_is_admin
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.brokerage.errors import DutiesOpen, NotSuspended
from marketplace.brokerage.operations.withdrawing import end_consents, few_at_a_time, locked_consents
from marketplace.delivery import queries as delivery
from marketplace.demand import operations as demand
from rewards.ledger import operations as ledger

CLOCK = "system:clock"
NOT_ERASED = "지우기로 한 기록을 정한 날 안에 지웠다고 확인하지 않았어요."


@dataclass(frozen=True)
class Suspension:
    """What stopping one buyer brought about: asks taken back and data requests ended."""

    asks: int
    requests: int


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def suspend_buyer(*, organisation_id: UUID, actor: User | None, reason: str, at: datetime) -> Suspension | None:
    """Stop a buyer: from the commit on it reads nothing, its keys are refused, and nobody is asked for it.

    Its asks are taken back and its data requests end. The money follows their own rules: a hold is freed on its ask's
    day, and the escrow goes back on the day that closing fixes. The duties to erase stay open to it.

    Args:
        actor: an admin; None where the clock does it for duties that are long overdue.

    Returns:
        What was taken back, or None where it was stopped before.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
        NotPermitted: `actor` is no admin of the platform.
    """
    if actor is not None:
        check_is_admin(actor)
    name = CLOCK if actor is None else str(actor.pk)
    if not parties.suspend_organisation(organisation_id=organisation_id, actor=name, reason=reason, at=at):
        return None
    waiting = Ask.objects.filter(recipient=organisation_id, state=Ask.State.PENDING).order_by("pk")
    asks = records.cancel_asks(ask_ids=list(waiting.values_list("pk", flat=True)), at=at)
    buyer = Organisation.objects.get(pk=organisation_id)
    return Suspension(asks, demand.close_requests_of(organisation=buyer, actor=name, at=at))


def revoke_consents(*, organisation_id: UUID, actor: User, at: datetime, limit: int = 200) -> int:
    """Revoke the consents that a stopped buyer still holds, some in each transaction, up to `limit`.

    A person decides this, never the clock: it cannot be undone. As after a withdrawal the copies and keys are
    destroyed, the households keep their tokens, what was never read is paid back and what was read must be erased.

    Returns:
        How many were revoked; call again until it is 0.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
        NotPermitted: `actor` is no admin of the platform.
        NotSuspended: the buyer acts; it has to be stopped first.
    """
    check_is_admin(actor)
    if Organisation.objects.get(pk=organisation_id).suspended_at is None:
        raise NotSuspended(gettext("먼저 이 기관을 멈춰 주세요."))
    standing = Consent.objects.in_force(at).filter(recipient=organisation_id).order_by("at", "pk")
    found = list(standing.values_list("pk", flat=True)[:limit])
    return sum(_revoke(some, actor=actor, at=at) for some in few_at_a_time(found))


@transaction.atomic(durable=True)
def reinstate_buyer(*, organisation_id: UUID, actor: User, reason: str, at: datetime) -> bool:
    """Let a stopped buyer act again; return whether it was stopped.

    Raises:
        Organisation.DoesNotExist: there is no such organisation.
        NotPermitted: `actor` is no admin of the platform.
        DutiesOpen: it has not confirmed yet what the clock would stop it for again.
    """
    check_is_admin(actor)
    if delivery.overdue_duties(at=at - _grace()).filter(release__organisation=organisation_id).exists():
        raise DutiesOpen(gettext("지우기로 한 기록이 아직 남아 있어요. 지웠다는 확인을 먼저 받아 주세요."))
    return parties.reinstate_organisation(organisation_id=organisation_id, actor=str(actor.pk), reason=reason, at=at)


def suspend_overdue_buyers(*, at: datetime) -> int:
    """Stop the buyers that are too long overdue with erasing what was taken back; return how many were stopped now."""
    late = delivery.overdue_duties(at=at - _grace()).filter(release__organisation__suspended_at=None)
    buyers = list(late.order_by().values_list("release__organisation", flat=True).distinct())
    stopped = [suspend_buyer(organisation_id=pk, actor=None, reason=NOT_ERASED, at=at) for pk in buyers]
    return sum(one is not None for one in stopped)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _revoke(consent_ids: Sequence[UUID], *, actor: User, at: datetime) -> int:
    given = [one for one in locked_consents(consent_ids) if one.state(at) == Consent.State.GIVEN]
    return len(end_consents(given, reason=ConsentEnd.Reason.REVOKED, actor=actor, at=at))


def _grace() -> timedelta:
    return timedelta(days=settings.ERASURE_GRACE_DAYS)
