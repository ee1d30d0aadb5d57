"""Whose an appliance is: the home's, or one member's own. What hangs on that is done above."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties import operations as parties
from consent.parties.models import Membership, User
from marketplace.appliances import policies
from marketplace.appliances.models import Appliance


@transaction.atomic(savepoint=False)
def make_own(*, appliance_id: UUID, owner_id: UUID, actor: User, at: datetime) -> list[UUID]:
    """Make what is the home's a member's own, with all its names; return the rows it hangs on.

    Args:
        owner_id: the membership of whoever it is to belong to.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, it has left, or is a part of another.
        Membership.DoesNotExist: there is no such place in this home.
        NotPermitted: `actor` is no adult of its home, or it is somebody's own already.
        NotTheirsToOwn: it is to be another adult's, or that of somebody who does not decide yet.
        PresenceIsEverybodys: it tells whether the home is empty.
    """
    home = Appliance.objects.select_related("household").get(pk=appliance_id).household
    # Whoever leaves the home waits for this, and then takes along what is theirs.
    parties.hold_home(household=home)
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id, left_at=None, part_of=None)
    owner = Membership.objects.living().get(pk=owner_id, household=home)
    family = _family(appliance)
    policies.check_can_make_own(appliance, family=family, owner=owner, actor=actor)
    Appliance.objects.filter(pk__in=family).update(private_to=owner)
    _note("appliance.own", appliance, actor, at)
    return family


@transaction.atomic(savepoint=False)
def give_back(*, appliance_id: UUID, actor: User, at: datetime) -> list[UUID]:
    """Make what is a member's own the home's again, with all its names; return the rows it hangs on.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, it has left, or is a part of another.
        NotPermitted: it is not `actor`'s own.
    """
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id, left_at=None, part_of=None)
    policies.check_can_give_back(appliance, actor=actor)
    family = _family(appliance)
    Appliance.objects.filter(pk__in=family).update(private_to=None)
    _note("appliance.give_back", appliance, actor, at)
    return family


def _family(appliance: Appliance) -> list[UUID]:
    rows: Iterable[Appliance] = Appliance.objects.family_of(appliance).select_for_update().order_by("pk")
    return [row.pk for row in rows]


def _note(action: str, appliance: Appliance, actor: User, at: datetime) -> None:
    parties.note(actor=str(actor.pk), action=action, subject=f"appliance:{appliance.pk}", at=at)
