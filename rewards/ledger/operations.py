"""Every write to the books. Each is one call of a database function, so it is whole or not at all.

Inside a caller's transaction a refusal raises and has written nothing. Where the call is the whole transaction, the
refused attempt is kept under its key: the same key answers with the same refusal for ever.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from consent.parties.models import Household
from rewards.ledger.addresses import household_account
from rewards.ledger.errors import (
    BY_CODE,
    AlreadyReversed,
    IdempotencyMismatch,
    InvalidAddress,
    LedgerError,
    OperationExists,
    UnknownTransfer,
)
from rewards.ledger.items import (
    Actor,
    Capture,
    CaptureItem,
    Hold,
    HoldItem,
    Item,
    Leg,
    Posted,
    PostItem,
    ReleaseItem,
    ReverseItem,
    actor_reference,
)
from rewards.ledger.models import Account, AccountKind, Attempt, Transfer, Wallet
from rewards.ledger.retry import retry_on_conflict

Applied = Posted | Hold | Capture

__all__ = [
    "Capture",
    "CaptureItem",
    "Hold",
    "HoldItem",
    "Leg",
    "PostItem",
    "Posted",
    "ReleaseItem",
    "ReverseItem",
    "apply",
    "capture_hold",
    "close_account",
    "expire_holds",
    "forget_wallet",
    "open_account",
    "open_wallet",
    "place_hold",
    "place_holds",
    "post",
    "release_hold",
    "retry_on_conflict",
    "reverse_operation",
    "roll_up",
]


def open_account(*, address: str, kind: str) -> Account:
    """Open the account at `address`, or return the one that is there.

    Raises:
        InvalidAddress: the address does not fit the kind, or belongs to an account of another kind.
    """
    try:
        with transaction.atomic():  # savepoint: a refused address leaves the caller's transaction usable
            account_id = _call("SELECT ledger_open_account(%s, %s)", [address, AccountKind(kind).value])
    except (IntegrityError, ValueError) as exc:
        raise InvalidAddress(address) from exc
    if account_id is None:
        raise InvalidAddress(address)
    return Account.objects.get(pk=account_id)


def close_account(*, address: str, actor: Actor) -> None:
    """Close an empty account for good. Closing it again changes nothing.

    Raises:
        UnknownAccount: no account has this address.
        AccountUnbounded: the account keeps no running balance, so it is never known to be empty.
        AccountNotEmpty: tokens are in it or held on it.
    """
    outcome = _call("SELECT ledger_close_account(%s, %s)", [address, actor_reference(actor)])
    if outcome != "closed":
        raise BY_CODE[outcome](address)


@transaction.atomic(savepoint=False)
def open_wallet(*, household: Household) -> Account:
    """Give a household its account, at a random address, or return the one it has."""
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    wallet = Wallet.objects.select_related("account").filter(household=household).first()
    if wallet:
        return wallet.account
    account = open_account(address=household_account(uuid.uuid4()), kind=AccountKind.HOUSEHOLD)
    Wallet.objects.create(household=household, account=account)
    return account


@transaction.atomic(savepoint=False)
def forget_wallet(*, household: Household) -> None:
    """Cut the link between a household and its account; the journal keeps the account, which now names nobody."""
    Wallet.objects.filter(household=household).delete()


def post(
    *,
    key: str,
    debit: str,
    credit: str,
    amount: int,
    actor: Actor,
    event_type: str,
    event_ref: str,
    op_id: UUID | None = None,
    effective_at: datetime | None = None,
    approved_by: Actor | None = None,
    reason: str = "",
) -> Posted:
    """Move tokens from one account to another, once per key.

    Args:
        key: the business fact ("order:<order>"); the same key with the same body answers the first outcome again.
        op_id: what a receipt names; without it the ledger makes one.
        effective_at: when it is said to have happened, if not now; never later than now.
        approved_by: the second person, where one had to agree, and `reason` why.

    Raises:
        InvalidAmount: not a whole number from 1 to 2^53-1.
        InvalidInstant: it is dated ahead.
        ApprovalMissing: the approver is who acts, or approver and reason do not come together.
        SameAccount: both sides are one account.
        UnknownAccount: a side has no account.
        AccountClosed: a side is closed.
        AccountFull: a counter would pass 2^53-1.
        InsufficientTokens: the debit account cannot cover it.
        IdempotencyMismatch: the key was used with another body.
        OperationExists: `op_id` names another operation.
    """
    item = PostItem(
        key=key, op_id=op_id, debit=debit, credit=credit, amount=amount, actor=actor,
        event_type=event_type, event_ref=event_ref, effective_at=effective_at, approved_by=approved_by, reason=reason,
    )  # fmt: skip
    return _single(item)


def reverse_operation(*, op_id: UUID, actor: Actor, approved_by: Actor, reason: str) -> list[Posted]:
    """Take back every transfer of one operation, whole, under one new `op_id`; all of them or none.

    Nobody is pushed below a floor: what was spent in the meantime cannot be taken back.

    Returns:
        One `Posted` per transfer taken back, in the order of its legs. Asked again, the same ones.

    Raises:
        UnknownTransfer: no such operation moved tokens.
        ReversalIsFinal: it is itself a reversal.
        AlreadyReversed: it was taken back before, for another reason or by somebody else.
        ApprovalMissing: nobody else agreed, or nobody said why.
        InsufficientTokens: a receiver has spent what it received.
        AccountClosed: an account was closed since.
    """
    moved = Transfer.objects.filter(op_id=op_id, kind__in=Transfer.MOVES).select_related("debit", "credit")
    items = [
        ReverseItem(
            key=f"reverse:{row.pk}", reverses=row.pk, debit=row.credit.address, credit=row.debit.address,
            amount=row.amount, actor=actor, approved_by=approved_by, reason=reason,
            event_type="reversal", event_ref=f"operation:{op_id}", op_id=_reversal_of(op_id),
        )
        for row in moved.order_by("leg")
        if row.credit is not None
    ]  # fmt: skip
    if not items:
        raise UnknownTransfer(str(op_id))
    try:
        return apply(items)
    except IdempotencyMismatch as exc:
        raise AlreadyReversed(str(op_id)) from exc


def _reversal_of(op_id: UUID) -> UUID:
    """Return the one `op_id` that an operation's reversal can have, so that it is found from either side."""
    return UUID(bytes=hashlib.sha256(b"reversal|" + op_id.bytes).digest()[:16], version=4)


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
    return _single(item)


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
    return _single(item)


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
    return _single(item)


@retry_on_conflict
def expire_holds(*, limit: int = 500) -> int:
    """Free up to `limit` holds whose time has passed by the database clock, oldest first; return how many."""
    return _call("SELECT ledger_expire_holds(%s)", [limit])


def roll_up(*, least_rows: int) -> bool:
    """Roll up the totals of the accounts that keep no running balance; return whether it was worth it and possible.

    Args:
        least_rows: how many rows must have come since the last time.
    """
    return _call("SELECT ledger_roll_up(%s)", [least_rows])


def apply(items: Sequence[Item], *, skip_refused: bool = False) -> list[Any]:
    """Apply items in order, in one call.

    Args:
        skip_refused: answer a refusal as a value and go on; otherwise the first refusal is raised and nothing of the
            whole call remains.

    Raises:
        LedgerError: the first refusal, of the class that names it (unless `skip_refused`).
    """
    if not items:
        return []
    bodies = [item.body() for item in items]
    if skip_refused:
        return [_read(item, answer) for item, answer in zip(items, _apply(bodies), strict=True)]
    with transaction.atomic():
        return [_or_raise(_read(item, answer)) for item, answer in zip(items, _apply(bodies), strict=True)]


def _single(item: Item) -> Any:
    body = item.body()
    record = not connection.in_atomic_block
    (answer,) = _apply([body], record_refusals=record)
    return _or_raise(_read(item, answer))


@retry_on_conflict
def _apply(bodies: list[dict[str, Any]], *, record_refusals: bool = False) -> list[dict[str, Any]]:
    try:
        answers = _call("SELECT ledger_apply(%s::jsonb, %s)", [json.dumps(bodies), record_refusals])
    except IntegrityError as exc:
        if "transfer_one_row_per_leg" not in str(exc):
            raise
        raise OperationExists(bodies[0]["key"]) from exc
    return json.loads(answers) if isinstance(answers, str) else answers


def _read(item: Item, answer: dict[str, Any]) -> Applied | LedgerError:
    if answer["outcome"] != Attempt.APPLIED:
        return BY_CODE[answer["outcome"]](item.key)
    told: dict[str, Any] = {
        "op_id": UUID(answer["op_id"]),
        "transfer_id": answer["transfer_id"],
        "debit_version": answer["debit_version"],
        "replayed": answer["replayed"],
    }
    if isinstance(item, PostItem | ReverseItem):
        return Posted(**told)
    if isinstance(item, HoldItem):
        ends = datetime.fromisoformat(answer["expires_at"])
        return Hold(key=item.key, amount=answer["amount"], expires_at=ends, **told)
    return Capture(**told)


def _or_raise(answer: Applied | LedgerError) -> Applied:
    if isinstance(answer, LedgerError):
        raise answer
    return answer


def _call(sql: str, parameters: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
