"""Who in a home may change an appliance or its hub's keys. These raise; they change nothing."""

from django.utils.translation import gettext

from consent.parties.errors import NotPermitted
from consent.parties.models import Household, Membership, User
from marketplace.appliances.models import Appliance


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
