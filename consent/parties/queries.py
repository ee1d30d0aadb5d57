"""Who has a place at Maru, and what an organisation's people see of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from consent.parties.canonical import sha256_hex
from consent.parties.models import Household, Invitation, MachineKey, Membership, Organisation, Seat, User

#: How the audit trail begins the name of a key.
KEY = "key:"


class KeyState(StrEnum):
    """Whether a key still opens anything."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class KeyLine:
    """One key, as those whose it is read of it. Its secret is known to nobody any more."""

    key: MachineKey
    scopes: list[str]
    state: KeyState


def as_now(user: User) -> User:
    """Return somebody as they stand now: whoever waited for a lock may have been taken out of their home meanwhile."""
    return User.objects.select_related("membership__household", "seat").get(pk=user.pk)


def has_place(user: User) -> bool:
    """Tell whether this person lives in a household or sits in an organisation."""
    return Membership.objects.filter(user=user).exists() or Seat.objects.filter(user=user).exists()


def keys_of(organisation: Organisation, *, at: datetime) -> list[KeyLine]:
    """Return every key an organisation ever had, the newest first."""
    rows = MachineKey.objects.filter(organisation=organisation).order_by("-created_at", "pk")
    return [
        KeyLine(key=row, scopes=[str(MachineKey.Scope(scope).label) for scope in row.scopes], state=_state(row, at))
        for row in rows
    ]


@dataclass(frozen=True)
class Family:
    """Who lives in a home, and who was asked to."""

    members: list[Membership]
    invitations: list[Invitation]


def family_of(household: Household, *, at: datetime) -> Family:
    """Return a home's members in the order they came, and the invitations that are still open."""
    members = Membership.objects.living().filter(household=household).select_related("user").order_by("since", "pk")
    invitations = Invitation.objects.open(at).filter(household=household).select_related("invited_by")
    return Family(list(members), list(invitations.order_by("invited_at", "pk")))


def invitation_with(code: str, *, at: datetime) -> Invitation | None:
    """Return the open invitation that has this code."""
    found = Invitation.objects.open(at).select_related("household", "invited_by")
    return found.filter(code_sha256=sha256_hex(code.encode())).first()


def _state(key: MachineKey, at: datetime) -> KeyState:
    if key.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if key.expires_at is not None and key.expires_at <= at else KeyState.OPEN


def actors_named(codes: Iterable[str]) -> dict[str, str]:
    """Return who stands behind the codes by which the audit trail knows people (an id) and keys (`key:<id>`).

    A person is said by name, a key by its first letters; what is neither is left out.
    """
    ids = {code: _id_in(code.removeprefix(KEY)) for code in codes}
    people = User.objects.filter(pk__in={pk for code, pk in ids.items() if pk and not code.startswith(KEY)})
    keys = MachineKey.objects.filter(pk__in={pk for code, pk in ids.items() if pk and code.startswith(KEY)})
    named = {str(person.pk): str(person) for person in people.only("name", "email")}
    return named | {f"{KEY}{key.pk}": key.prefix for key in keys.only("prefix")}


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
