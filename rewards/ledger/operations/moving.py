"""Moving tokens from one account to another, and taking an operation back."""

import hashlib
from datetime import datetime
from uuid import UUID

from rewards.ledger.errors import AlreadyReversed, IdempotencyMismatch, UnknownTransfer
from rewards.ledger.items import Actor, Posted, PostItem, ReverseItem
from rewards.ledger.models import Transfer
from rewards.ledger.operations.applying import apply, apply_one


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
    return apply_one(item)


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
