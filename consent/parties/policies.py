"""Who may act from which seat. These raise; they change nothing."""

from collections.abc import Collection

from django.utils.translation import gettext

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Household, MachineKey, Membership, Organisation, Seat, User


def check_can_act_for(organisation: Organisation, *, actor_organisation: Organisation | None) -> None:
    """Let an organisation act for itself, while it is verified and not suspended.

    Raises:
        NotPermitted: it is somebody else's.
        OrganisationSuspended: it is suspended, or was never verified.
    """
    if actor_organisation is None or actor_organisation.pk != organisation.pk:
        raise NotPermitted(gettext("이 기관의 일은 그 기관만 할 수 있어요."))
    if not organisation.is_active:
        raise OrganisationSuspended(gettext("지금은 멈춰 있는 기관이에요. 마루에 말씀해 주세요."))


def check_is_admin(actor: User) -> None:
    """Let only an admin of the platform pass.

    Raises:
        NotPermitted: `actor` holds no admin seat at the platform.
    """
    if not _is_admin(actor):
        raise NotPermitted(gettext("마루 관리자만 할 수 있는 일이에요."))


def check_can_keep_keys(organisation: Organisation, *, actor: User) -> None:
    """Let a buyer's own people make and end its keys, while it is verified and not suspended.

    Raises:
        NotPermitted: it is no buyer, or `actor` is none of its people.
        OrganisationSuspended: it is suspended, or was never verified.
    """
    seat: Seat | None = getattr(actor, "seat", None)
    if organisation.kind != Organisation.Kind.BUYER or seat is None or seat.role == Seat.Role.AUDITOR:
        raise NotPermitted(gettext("기관의 열쇠는 그 기관의 담당자만 다룰 수 있어요."))
    check_can_act_for(organisation, actor_organisation=seat.organisation)


def check_buyers_may_carry(scopes: Collection[str]) -> None:
    """Keep a buyer's key to what buyers do: it never sends insights and never reads the books.

    Raises:
        NotPermitted: a scope is not for buyers, or there is none at all.
    """
    if not scopes or set(scopes) - set(MachineKey.FOR_BUYERS):
        raise NotPermitted(gettext("기관의 열쇠로는 할 수 없는 일이에요."))


def check_can_revoke(key: MachineKey, *, actor: User) -> None:
    """Let those whose key it is end it, and the platform's admins every key.

    Raises:
        NotPermitted: it is somebody else's, or `actor` does not keep keys there.
        OrganisationSuspended: its organisation is suspended; an admin ends it then.
    """
    if _is_admin(actor) or _is_adult_of(key, actor):
        return
    if key.organisation is None:
        raise NotPermitted(gettext("허브 열쇠는 이 집의 어른만 다룰 수 있어요."))
    check_can_keep_keys(key.organisation, actor=actor)


def check_can_invite(household: Household, *, actor: User) -> None:
    """Let only an adult of a home bring somebody into it.

    Raises:
        NotPermitted: `actor` is no adult of this home.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or not membership.is_adult or membership.household_id != household.pk:
        raise NotPermitted(gettext("식구는 이 집의 어른만 초대할 수 있어요."))


def check_can_take_out(member: Membership, *, actor: User) -> None:
    """Let an adult take somebody out of their home, but no adult who lived there before them.

    Whoever was let in last could otherwise put out the people whose home it is.

    Raises:
        NotPermitted: `actor` is no adult of that home, is that person, or came later than that adult.
    """
    place: Membership | None = getattr(actor, "membership", None)
    if place is None or not place.may_take_out(member):
        raise NotPermitted(
            gettext("식구를 내보내는 일은 어른이 하고, 어른은 자기보다 나중에 온 어른만 내보낼 수 있어요.")
        )


def _is_admin(actor: User) -> bool:
    seat: Seat | None = getattr(actor, "seat", None)
    platform = Organisation.Kind.PLATFORM
    return seat is not None and seat.role == Seat.Role.ADMIN and seat.organisation.kind == platform


def _is_adult_of(key: MachineKey, actor: User) -> bool:
    membership: Membership | None = getattr(actor, "membership", None)
    return membership is not None and membership.is_adult and membership.household_id == key.household_id
