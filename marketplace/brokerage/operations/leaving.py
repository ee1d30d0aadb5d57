"""Leaving Maru for good: one member, or with the last adult the whole home.

Step by step, each step whole: orders are cancelled, each yes ends, and one last transaction wipes the rest and closes
the door. Whoever was interrupted is still a member and leaves again; what was done stays done.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from consent.parties import leaving as parties_leaving
from consent.parties import operations as parties
from consent.parties.models import Household, Membership, User
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.brokerage.operations.withdrawing import end_consent, locked_consent
from marketplace.brokerage.queries import Farewell, belonging_to, farewell_of, is_last_adult
from marketplace.insights import memories, twin, vault
from marketplace.insights.models import Insight, SealedObject
from rewards.ledger import operations as ledger
from rewards.redemption import operations as redemption
from rewards.redemption.errors import OrderNotInState
from rewards.redemption.models import Order


def leave_maru(*, actor: User, at: datetime) -> Farewell:
    """Take somebody out of Maru for good; with the last adult the home goes, and everybody who lived in it.

    Returns:
        What ended, as it stood right before the door closed.

    Raises:
        Membership.DoesNotExist: `actor` belongs to no home.
    """
    membership = Membership.objects.select_related("household", "user").get(user=actor)
    is_closed = False
    # Each further round needs that somebody came, went or ordered in this very moment.
    while not is_closed:
        told = farewell_of(actor, at=at)
        for order in told.orders:
            # The provider may have fulfilled it in this very moment.
            with suppress(OrderNotInState):
                redemption.cancel_order(order_id=order.pk, actor=actor, at=at)
        for consent_id in _in_force(membership, whole=told.is_whole_home, at=at).values_list("pk", flat=True):
            _end(consent_id=consent_id, actor=actor, at=at)
        is_closed = _close(membership_id=membership.pk, actor=actor, whole=told.is_whole_home, at=at)
    return told


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _end(*, consent_id: UUID, actor: User, at: datetime) -> None:
    _end_locked(locked_consent(consent_id), actor=actor, at=at)


def _end_locked(consent: Consent, *, actor: User, at: datetime) -> None:
    """End a consent in force. What was another member's own is not theirs to withdraw; Maru revokes it."""
    if consent.state(at) != Consent.State.GIVEN:
        return
    is_theirs = consent.ask.private_to_id in (None, actor.membership.pk)
    reason = ConsentEnd.Reason.WITHDRAWN if is_theirs else ConsentEnd.Reason.REVOKED
    end_consent(consent, reason=reason, actor=actor, at=at)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _close(*, membership_id: UUID, actor: User, whole: bool, at: datetime) -> bool:
    """Do the rest at once. Asks go first: an answer in flight either came before and is found, or finds none.

    Returns:
        False where the home changed since it was looked at; nothing was done then.
    """
    membership = Membership.objects.select_related("household", "user").get(pk=membership_id)
    home = Household.objects.select_for_update().get(pk=membership.household_id)
    # Whoever joins or orders locks the home first: they came before this and are found, or find no home.
    if whole != is_last_adult(membership) or (whole and Order.objects.filter(household=home).running(at).exists()):
        return False
    waiting = _asks_of(membership, whole=whole).filter(state=Ask.State.PENDING).order_by("pk")
    records.cancel_asks(ask_ids=list(waiting.values_list("pk", flat=True)), at=at)
    for consent in _in_force(membership, whole=whole, at=at):
        _end_locked(locked_consent(consent.pk), actor=actor, at=at)
    _let_go(Appliance.objects.filter(**belonging_to(membership, whole=whole), left_at=None), actor=actor, at=at)
    _shred(membership, whole=whole)
    if whole:
        appliances.end_all_pairings(household=home, at=at)
        records.forget_line(household=home)
        redemption.forget_gifts(household=home)
        ledger.forget_wallet(household=home)
        parties_leaving.close_household(household=home, at=at)
    gone: Iterable[Membership] = home.memberships.select_related("user") if whole else [membership]
    for one in gone:
        parties_leaving.forget_member(membership=one, at=at)
    what = f"household:{home.pk}" if whole else f"user:{actor.pk}"
    parties.note(actor=str(actor.pk), action="household.leave" if whole else "member.leave", subject=what, at=at)
    return True


def _asks_of(membership: Membership, *, whole: bool) -> QuerySet[Ask]:
    """Return what cannot be asked any more; a question to all adults was put to one who will not answer."""
    if whole:
        return Ask.objects.filter(household=membership.household_id)
    to_all = Q(household=membership.household_id, answers_needed__gt=1) if membership.is_adult else Q(pk=None)
    return Ask.objects.filter(Q(private_to=membership) | to_all)


def _in_force(membership: Membership, *, whole: bool, at: datetime) -> QuerySet[Consent]:
    asks = {f"ask__{name}": value for name, value in belonging_to(membership, whole=whole).items()}
    return Consent.objects.in_force(at).filter(**asks).select_related("ask", "end").order_by("pk")


def _let_go(found: QuerySet[Appliance], *, actor: User, at: datetime) -> None:
    for appliance in found.select_related("private_to__user").order_by("pk"):
        # What is a member's own, only that member lets go; a home that closes does it in their name.
        owner = appliance.private_to.user if appliance.private_to else actor
        with suppress(Appliance.DoesNotExist):  # it left together with one that is the same thing
            appliances.leave_home(appliance_id=appliance.pk, actor=owner, at=at)


def _shred(membership: Membership, *, whole: bool) -> None:
    """Destroy what was noticed and the twin of it; of a home that closes also every copy no clock has tidied up yet."""
    if whole:
        vault.shred(SealedObject.objects.filter(household_id=membership.household_id).values_list("pk", flat=True))
        return
    own = list(Appliance.objects.filter(private_to=membership).values_list("pk", flat=True))
    twin.forget(appliance_ids=own)
    memories.forget(appliance_ids=own)
    mine = Insight.objects.filter(appliance__private_to=membership, sealed__isnull=False)
    vault.shred(mine.values_list("sealed", flat=True))
