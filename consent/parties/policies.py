"""Who may act from which seat. These raise; they change nothing."""

from django.utils.translation import gettext

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Organisation, Seat, User


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
    seat: Seat | None = getattr(actor, "seat", None)
    if seat is None or seat.role != Seat.Role.ADMIN or seat.organisation.kind != Organisation.Kind.PLATFORM:
        raise NotPermitted(gettext("마루 관리자만 할 수 있는 일이에요."))
