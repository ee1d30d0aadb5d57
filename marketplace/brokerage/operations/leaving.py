"""Leaving Maru for good: one member, or with the last adult the whole home.

Step by step, each step whole: orders are cancelled, each yes ends, and one last transaction wipes the rest and closes
the door. Whoever was interrupted is still a member and leaves again; what was done stays done.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from consent.parties import leaving as parties_leaving
from consent.parties import operations as parties
from consent.parties import policies as parties_policies
from consent.parties.models import Household, Membership, User
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.brokerage import notifications
from marketplace.brokerage.operations.parting import forget_values, take_back_asks
from marketplace.brokerage.operations.withdrawing import end_consents, few_at_a_time, locked_consents
from marketplace.brokerage.queries import Farewell, belonging_to, farewell_of, is_last_adult
from marketplace.insights import memories, twin, vault
from marketplace.insights.models import SealedObject
from rewards.ledger import operations as ledger
from rewards.redemption import operations as redemption
from rewards.redemption.errors import OrderNotInState
from rewards.redemption.models import Order

#: What one step ends: so much that a home leaves in few, so little that a request never waits long.
YESES, THINGS, VALUES = 200, 50, 5_000


@dataclass(frozen=True)
class Step:
    """How far somebody has come on the way out: what would still end, and whether they are through the door."""

    farewell: Farewell
    is_last: bool


def leave_maru(*, actor: User, at: datetime) -> Farewell:
    """Take somebody out of Maru for good; with the last adult the home goes, and everybody who lived in it.

    Returns:
        What ended, as it stood before the first step; whether the home went along, as it was at the last.

    Raises:
        Membership.DoesNotExist: `actor` belongs to no home.
    """
    farewell, step = farewell_of(actor, at=at), None
    while step is None or not step.is_last:
        step = leave_some(actor=actor, at=at)
    return replace(farewell, is_whole_home=step.farewell.is_whole_home, others=step.farewell.others)


def leave_some(*, actor: User, at: datetime) -> Step:
    """Go one step towards leaving for good, and through the door once nothing is left that takes long.

    A step ends a bounded number of yeses, a few in each transaction, and lets a bounded number of appliances go or
    destroys a bounded number of values. What it did stays done, whoever interrupts it; until the last step `actor` is a
    member and may go on or stay.

    Raises:
        Membership.DoesNotExist: `actor` belongs to no home.
    """
    membership = Membership.objects.select_related("household", "user").get(user=actor)
    farewell = farewell_of(actor, at=at)
    for order in farewell.orders:
        # The provider may have fulfilled it in this very moment.
        with suppress(OrderNotInState):
            redemption.cancel_order(order_id=order.pk, actor=actor, at=at)
    whole = farewell.is_whole_home
    # The last step may find that somebody came, went or ordered in this very moment: then it was not the last.
    is_last = not _end_some(membership, whole=whole, actor=actor, at=at) and _close(
        membership_id=membership.pk, actor=actor, whole=whole, at=at
    )
    return Step(farewell if is_last else farewell_of(actor, at=at), is_last)


def take_out_member(*, membership_id: UUID, actor: User, at: datetime) -> None:
    """Take another member out of a home. The person stays at Maru, without a home; what was theirs alone ends here.

    Asks about their own things are taken back, each yes to them is revoked, their own appliances leave, and what those
    noticed is destroyed, as when they leave by themselves. The home keeps what is everybody's, and its tokens.

    Raises:
        As `take_out_some`.
    """
    while not take_out_some(membership_id=membership_id, actor=actor, at=at).is_last:
        pass


def take_out_some(*, membership_id: UUID, actor: User, at: datetime) -> Step:
    """Go one step towards taking another member out, as `leave_some` does for whoever leaves by themselves.

    Raises:
        Membership.DoesNotExist: nobody lives there under this place.
        NotPermitted: `actor` is no adult of that home, is that person, or came later than that adult.
    """
    membership = Membership.objects.living().select_related("household", "user").get(pk=membership_id)
    parties_policies.check_can_take_out(membership, actor=actor)
    if _end_some(membership, whole=False, actor=actor, at=at):
        return Step(farewell_of(membership.user, at=at), is_last=False)
    farewell = farewell_of(membership.user, at=at)
    _take_out(membership_id=membership_id, actor=actor, at=at)
    notifications.tell_taken_out(person=membership.user, home=membership.household.name)
    return Step(farewell, is_last=True)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _take_out(*, membership_id: UUID, actor: User, at: datetime) -> None:
    membership = Membership.objects.living().select_related("household", "user").get(pk=membership_id)
    # Whoever joins, leaves or is taken out locks the home first: both places are as they are read now.
    Household.objects.select_for_update().get(pk=membership.household_id)
    membership = Membership.objects.living().select_related("household", "user").get(pk=membership_id)
    actor = User.objects.select_related("membership").get(pk=actor.pk)
    parties_policies.check_can_take_out(membership, actor=actor)
    _end_what_is_theirs(membership, whole=False, actor=actor, at=at)
    parties_leaving.free_member(membership=membership, at=at)
    subject = f"user:{membership.user_id}"
    parties.note(actor=str(actor.pk), action="member.take_out", subject=subject, at=at)


def _end_some(membership: Membership, *, whole: bool, actor: User, at: datetime) -> bool:
    """End a bounded number of yeses, and of appliances or values where there are many.

    Returns:
        True where more is left of any than the last transaction should take.
    """
    yeses = list(_in_force(membership, whole=whole, at=at)[: YESES + 1])
    for some in few_at_a_time(yeses[:YESES]):
        _end(consent_ids=some, actor=actor, at=at)
    return (
        len(yeses) > YESES
        or _let_some_go(membership, whole=whole, actor=actor, at=at)
        or _destroy_some(membership, whole=whole, at=at)
    )


@ledger.retry_on_conflict
@transaction.atomic(savepoint=False)
def _end(*, consent_ids: Sequence[UUID], actor: User, at: datetime) -> None:
    """End what is in force of these. What was another member's own is not theirs to withdraw; Maru revokes it."""
    given = [one for one in locked_consents(consent_ids) if one.state(at) == Consent.State.GIVEN]
    theirs = [one for one in given if one.ask.private_to_id in (None, actor.membership.pk)]
    others = [one for one in given if one not in theirs]
    end_consents(theirs, reason=ConsentEnd.Reason.WITHDRAWN, actor=actor, at=at)
    end_consents(others, reason=ConsentEnd.Reason.REVOKED, actor=actor, at=at)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _let_some_go(membership: Membership, *, whole: bool, actor: User, at: datetime) -> bool:
    """Let appliances go beforehand where there are many, with what they noticed.

    Returns:
        True where appliances are left that should go before the door is closed.
    """
    # Whoever brings something in holds the home: they came before this, or find what has left.
    Household.objects.select_for_update().get(pk=membership.household_id)
    mine = _things_of(membership, whole=whole)
    if mine.count() <= THINGS:
        return False
    gone = _let_go(mine[:THINGS], actor=actor, at=at)
    take_back_asks(gone, at=at)
    forget_values(gone)
    return True


@transaction.atomic(durable=True)
def _destroy_some(membership: Membership, *, whole: bool, at: datetime) -> bool:
    """Destroy values beforehand where there are many, so that the last transaction is short.

    Returns:
        True where values are left that should go before the door is closed.
    """
    mine = _values_of(membership, whole=whole)[: VALUES + 1]
    if len(mine) <= VALUES:
        return False
    # Nobody shall be asked about what is being destroyed.
    waiting = _asks_of(membership, whole=whole).filter(state=Ask.State.PENDING).order_by("pk")
    records.cancel_asks(ask_ids=list(waiting.values_list("pk", flat=True)), at=at)
    vault.shred(mine[:VALUES])
    return True


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
    _end_what_is_theirs(membership, whole=whole, actor=actor, at=at)
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


def _end_what_is_theirs(membership: Membership, *, whole: bool, actor: User, at: datetime) -> None:
    """End the asks, consents, appliances and values of one member, or of the whole home. Asks go first."""
    waiting = _asks_of(membership, whole=whole).filter(state=Ask.State.PENDING).order_by("pk")
    records.cancel_asks(ask_ids=list(waiting.values_list("pk", flat=True)), at=at)
    _end(consent_ids=list(_in_force(membership, whole=whole, at=at)), actor=actor, at=at)
    _let_go(_things_of(membership, whole=whole), actor=actor, at=at)
    _shred(membership, whole=whole)


def _asks_of(membership: Membership, *, whole: bool) -> QuerySet[Ask]:
    """Return what cannot be asked any more; a question to all adults was put to one who will not answer."""
    if whole:
        return Ask.objects.filter(household=membership.household_id)
    to_all = Q(household=membership.household_id, answers_needed__gt=1) if membership.is_adult else Q(pk=None)
    return Ask.objects.filter(Q(private_to=membership) | to_all)


def _in_force(membership: Membership, *, whole: bool, at: datetime) -> "QuerySet[Consent, UUID]":
    asks = {f"ask__{name}": value for name, value in belonging_to(membership, whole=whole).items()}
    return Consent.objects.in_force(at).filter(**asks).order_by("pk").values_list("pk", flat=True)


def _things_of(membership: Membership, *, whole: bool) -> QuerySet[Appliance]:
    mine = Appliance.objects.filter(**belonging_to(membership, whole=whole), left_at=None)
    return mine.select_related("private_to__user").order_by("pk")


def _let_go(found: QuerySet[Appliance], *, actor: User, at: datetime) -> list[UUID]:
    """Let appliances go from their home, each with its parts; return all their rows."""
    gone: list[UUID] = []
    for appliance in found:
        if appliance.pk in gone:  # it left together with one that is the same thing
            continue
        # What is a member's own, only that member lets go; a home that closes does it in their name.
        owner = appliance.private_to.user if appliance.private_to else actor
        gone += appliances.leave_home(appliance_id=appliance.pk, actor=owner, at=at)
    return gone


def _values_of(membership: Membership, *, whole: bool) -> "QuerySet[SealedObject, UUID]":
    if whole:
        return SealedObject.objects.filter(household_id=membership.household_id).values_list("pk", flat=True)
    mine = SealedObject.objects.filter(insight__appliance__private_to=membership)
    return mine.values_list("pk", flat=True)


def _shred(membership: Membership, *, whole: bool) -> None:
    """Destroy what was noticed and the twin of it; of a home that closes also every copy no clock has tidied up yet."""
    if whole:
        vault.shred(_values_of(membership, whole=True))
        return
    own = list(Appliance.objects.filter(private_to=membership).values_list("pk", flat=True))
    twin.forget(appliance_ids=own)
    memories.forget(appliance_ids=own)
    vault.shred(_values_of(membership, whole=False))
