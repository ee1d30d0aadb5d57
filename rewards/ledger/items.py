"""What can be asked of the ledger, and what it answers: plain frozen values, one class per kind of item."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from rewards.ledger.errors import ApprovalMissing, InvalidAmount, InvalidExpiry, InvalidInstant, InvalidKey
from rewards.ledger.models import MAX_AMOUNT

MAX_KEY = 200

#: Who acted: a person (anything with a `pk`) or an opaque word such as "system:clock".
Actor = Any


@dataclass(frozen=True, kw_only=True)
class Item:
    """One request to the ledger, under a key that names the business fact."""

    action: ClassVar[str]
    key: str
    actor: Actor
    op_id: UUID | None = None
    event_type: str = ""
    event_ref: str = ""

    def body(self) -> dict[str, Any]:
        """Return the item as `ledger_apply` reads it; what is not given is not part of the fingerprint."""
        if not (0 < len(self.key) <= MAX_KEY and self.key.isprintable()):
            raise InvalidKey(self.key[:MAX_KEY])
        given = {"action": self.action, "key": self.key, "actor": actor_reference(self.actor)}
        given |= {"event_type": self.event_type, "event_ref": self.event_ref}
        return given | ({"op_id": str(self.op_id)} if self.op_id else {})


@dataclass(frozen=True, kw_only=True)
class PostItem(Item):
    """Move tokens from one account to another."""

    action = "post"
    debit: str
    credit: str
    amount: int
    effective_at: datetime | None = None
    approved_by: Actor | None = None
    reason: str = ""

    def body(self) -> dict[str, Any]:
        body = super().body() | {"debit": self.debit, "credit": self.credit}
        body |= {"amount": whole(self.amount, key=self.key)} | approval(self)
        return body | ({"effective_at": instant(self.effective_at, key=self.key)} if self.effective_at else {})


@dataclass(frozen=True, kw_only=True)
class ReverseItem(Item):
    """Take one transfer back, whole: `debit` and `credit` are its sides, swapped."""

    action = "reverse"
    reverses: int
    debit: str
    credit: str
    amount: int
    approved_by: Actor
    reason: str

    def body(self) -> dict[str, Any]:
        body = super().body() | {"reverses": self.reverses, "debit": self.debit, "credit": self.credit}
        return body | {"amount": whole(self.amount, key=self.key)} | approval(self)


@dataclass(frozen=True, kw_only=True)
class HoldItem(Item):
    """Reserve tokens on one account until a time, given as a lifetime or as an instant."""

    action = "hold"
    debit: str
    amount: int
    lifetime: timedelta | None = None
    expires_at: datetime | None = None

    def body(self) -> dict[str, Any]:
        reserved = super().body() | {"debit": self.debit, "amount": whole(self.amount, key=self.key)}
        if (self.lifetime is None) == (self.expires_at is None):
            raise InvalidExpiry(self.key, detail="give a lifetime or an instant")
        if self.lifetime is not None:
            return reserved | {"lifetime": self.lifetime.total_seconds()}
        if self.expires_at is None or self.expires_at.tzinfo is None:
            raise InvalidExpiry(self.key, detail="an instant has a time zone")
        return reserved | {"expires_at": self.expires_at.astimezone(UTC).isoformat()}


@dataclass(frozen=True)
class Leg:
    """One receiver of a capture. A leg of zero is skipped."""

    credit: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class CaptureItem(Item):
    """Pay a hold out to its legs; what they leave is freed."""

    action = "capture"
    hold: str
    legs: Sequence[Leg] = field(default_factory=tuple)

    def body(self) -> dict[str, Any]:
        legs = [{"credit": leg.credit, "amount": whole(leg.amount, key=self.key, least=0)} for leg in self.legs]
        return super().body() | {"hold": self.hold, "legs": legs}


@dataclass(frozen=True, kw_only=True)
class ReleaseItem(Item):
    """Free a hold without paying anybody."""

    action = "release"
    hold: str

    def body(self) -> dict[str, Any]:
        return super().body() | {"hold": self.hold}


@dataclass(frozen=True)
class Posted:
    """An applied post. `debit_version` is None for accounts that keep no running balance."""

    op_id: UUID
    transfer_id: int
    debit_version: int | None
    replayed: bool


@dataclass(frozen=True)
class Hold:
    """A placed hold; `key` is how it is captured or released later."""

    key: str
    op_id: UUID
    transfer_id: int
    amount: int
    expires_at: datetime
    debit_version: int
    replayed: bool


@dataclass(frozen=True)
class Capture:
    """A resolved hold. `debit_version` numbers the paying account's rows without a gap, in commit order."""

    op_id: UUID
    transfer_id: int
    debit_version: int
    replayed: bool


def whole(amount: int, *, key: str, least: int = 1) -> int:
    """Return `amount` if it is a whole number the ledger can carry.

    Raises:
        InvalidAmount: it is not an int (a bool is none), or it is out of range.
    """
    if type(amount) is not int or not least <= amount <= MAX_AMOUNT:
        raise InvalidAmount(key)
    return amount


def instant(moment: datetime, *, key: str) -> str:
    """Return an instant as the ledger reads it.

    Raises:
        InvalidInstant: it has no time zone.
    """
    if moment.tzinfo is None:
        raise InvalidInstant(key)
    return moment.astimezone(UTC).isoformat()


def approval(item: PostItem | ReverseItem) -> dict[str, str]:
    """Return who agreed and why, or nothing where nobody was asked.

    Raises:
        ApprovalMissing: one of the two is missing.
    """
    if item.approved_by is None and not item.reason and item.action == "post":
        return {}
    if item.approved_by is None or not item.reason.strip():
        raise ApprovalMissing(item.key)
    return {"approved_by": actor_reference(item.approved_by), "reason": item.reason.strip()}


def actor_reference(actor: Actor) -> str:
    """Return the opaque word the journal keeps: never a name, never an address."""
    if actor is None:
        return "system"
    return actor if isinstance(actor, str) else f"user:{actor.pk}"
