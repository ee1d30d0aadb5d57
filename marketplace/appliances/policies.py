"""Who in a home may change an appliance or its hub's keys. These raise; they change nothing."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext

from consent.parties.errors import NotPermitted
from consent.parties.models import Household, Membership, User
from marketplace.appliances.errors import NotTheirsToOwn, PresenceIsEverybodys
from marketplace.appliances.models import Appliance, DayCount

#: What the names of kinds begin with that tell whether anybody is at home.
PRESENCE = "presence."


def is_changeable(appliance: Appliance, *, by: Membership) -> bool:
    """Tell whether this member may change an appliance: an adult what is the home's, anybody what is their own."""
    if appliance.household_id != by.household_id:
        return False
    return appliance.private_to_id == by.pk or (by.is_adult and appliance.private_to_id is None)


def check_can_change(appliance: Appliance, *, actor: User) -> None:
    """Let an adult change what is the home's, and anybody what is their own.

    Raises:
        NotPermitted: it is another home's or another member's, or a teen's hand is on the home's.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or not is_changeable(appliance, by=membership):
        raise NotPermitted(gettext("이 가전은 어른이나 주인만 바꿀 수 있어요."))


def check_can_make_own(appliance: Appliance, *, family: Collection[UUID], owner: Membership, actor: User) -> None:
    """Let an adult make what is the home's their own, or that of a teen, who decides only about what is theirs.

    What has told whether the home was empty speaks of everybody in it, so it stays everybody's.

    Args:
        family: the appliance and every part of it.
        owner: whoever it is to belong to; of the same home.

    Raises:
        NotPermitted: `actor` is no adult of its home, or it is somebody's own already.
        NotTheirsToOwn: it is to be another adult's, or a child's.
        PresenceIsEverybodys: it tells whether the home is empty.
    """
    check_can_change(appliance, actor=actor)
    if appliance.private_to_id is not None:
        raise NotPermitted(gettext("이미 한 식구의 것인 가전이에요."))
    if owner.role == Membership.Role.CHILD or (owner.is_adult and owner.user_id != actor.pk):
        raise NotTheirsToOwn
    if DayCount.objects.filter(appliance__in=family, kind__startswith=PRESENCE).exists():
        raise PresenceIsEverybodys


def check_can_give_back(appliance: Appliance, *, actor: User) -> None:
    """Let only its owner make an appliance the home's again.

    Raises:
        NotPermitted: it is the home's already, or another member's own.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or appliance.private_to_id != membership.pk:
        raise NotPermitted(gettext("이 가전은 주인만 돌려줄 수 있어요."))


def check_can_keep_keys(household: Household, *, actor: User) -> None:
    """Let an adult of the home make and end its hub's keys.

    Raises:
        NotPermitted: `actor` is no adult of this home.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or not membership.is_adult or membership.household_id != household.pk:
        raise NotPermitted(gettext("허브 열쇠는 이 집의 어른만 다룰 수 있어요."))


def check_can_let_in(actor: User) -> Household:
    """Let an adult invite a hub or an appliance into their own home, and return that home.

    Raises:
        NotPermitted: `actor` is no adult of a home.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or not membership.is_adult:
        raise NotPermitted(gettext("가전을 들이는 일은 이 집의 어른만 할 수 있어요."))
    return membership.household
