"""Who has a place at Maru, and what an organisation's people see of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent.parties.models import MachineKey, Membership, Organisation, Seat, User


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


def _state(key: MachineKey, at: datetime) -> KeyState:
    if key.revoked_at is not None:
        return KeyState.REVOKED
    return KeyState.EXPIRED if key.expires_at is not None and key.expires_at <= at else KeyState.OPEN
