"""Reserving tokens, paying out what was reserved, and freeing it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rewards.ledger.errors import LedgerError
from rewards.ledger.items import Actor, Capture, CaptureItem, Hold, HoldItem, Leg, ReleaseItem
from rewards.ledger.operations.applying import apply, apply_one, called
from rewards.ledger.retry import retry_on_conflict


def place_hold(
    *,
    key: str,
    debit: str,
    amount: int,
    actor: Actor,
    event_type: str,
    event_ref: str,
    lifetime: timedelta | None = None,
    expires_at: datetime | None = None,
    op_id: UUID | None = None,
) -> Hold:
    """Reserve tokens on one account until `expires_at`, or for `lifetime` by the database clock.

    Raises:
        InvalidAmount: not a whole number from 1 to 2^53-1.
        InvalidExpiry: neither or both ends are given, or the end is not in the future.
        UnknownAccount: there is no such account.
        AccountClosed: it is closed.
        AccountUnbounded: it keeps no running balance.
        InsufficientTokens: what is available does not cover it.
        IdempotencyMismatch: the key was used with another body.
        OperationExists: `op_id` names another operation.
    """
    item = HoldItem(
        key=key, op_id=op_id, debit=debit, amount=amount, lifetime=lifetime, expires_at=expires_at, actor=actor,
        event_type=event_type, event_ref=event_ref,
    )  # fmt: skip
    return apply_one(item)


def place_holds(items: Sequence[HoldItem]) -> list[Hold | LedgerError]:
    """Place many holds in one call; each answers for itself, in the order given.

    Returns:
        A `Hold`, or the refusal as a value, per item. Nothing was written for a refused one.
    """
    return apply(items, skip_refused=True)


def capture_hold(
    *,
    hold: str,
    key: str,
    legs: Sequence[Leg],
    actor: Actor,
    event_type: str,
    event_ref: str,
    op_id: UUID | None = None,
) -> Capture:
    """Pay a hold out to its legs under one `op_id`, and free what they leave.

    Legs of zero are skipped; without any other leg the hold is released.

    Args:
        hold: the key the hold was placed under.

    Raises:
        UnknownHold: no hold was placed under that key.
        HoldResolved: it was captured, released or expired before.
        HoldExpired: its time has passed, swept or not.
        InvalidAmount: a leg is not a whole number from 0 to 2^53-1.
        CaptureExceedsHold: the legs take more than was held.
        SameAccount: a leg pays the account that pays.
        UnknownAccount: a leg has no account.
        AccountClosed: an account is closed.
        AccountFull: a counter would pass 2^53-1.
        IdempotencyMismatch: the key was used with another body.
        OperationExists: `op_id` names another operation.
    """
    item = CaptureItem(
        key=key, op_id=op_id, hold=hold, legs=tuple(legs), actor=actor, event_type=event_type, event_ref=event_ref
    )
    return apply_one(item)


def release_hold(
    *,
    hold: str,
    key: str,
    actor: Actor,
    event_type: str = "hold.released",
    event_ref: str = "",
    op_id: UUID | None = None,
) -> Capture:
    """Free a hold without paying anybody.

    Raises:
        UnknownHold: no hold was placed under that key.
        HoldResolved: it was captured, released or expired before.
        IdempotencyMismatch: the key was used with another body.
        OperationExists: `op_id` names another operation.
    """
    item = ReleaseItem(key=key, op_id=op_id, hold=hold, actor=actor, event_type=event_type, event_ref=event_ref or hold)
    return apply_one(item)


@retry_on_conflict
def expire_holds(*, limit: int = 500) -> int:
    """Free up to `limit` holds whose time has passed by the database clock, oldest first; return how many."""
    return called("SELECT ledger_expire_holds(%s)", [limit])
