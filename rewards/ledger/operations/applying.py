"""The one way into the books: a call of `ledger_apply`, its answers read, its refusals raised."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from rewards.ledger.errors import BY_CODE, IdempotencyMismatch, LedgerError, OperationExists
from rewards.ledger.items import Capture, Hold, HoldItem, Item, Posted, PostItem, ReverseItem, actor_reference
from rewards.ledger.models import Attempt
from rewards.ledger.repeats import note_answered
from rewards.ledger.retry import retry_on_conflict

Applied = Posted | Hold | Capture


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
    if skip_refused:
        return [_read(item, answer) for item, answer in zip(items, _apply(items), strict=True)]
    return _apply_all(items)


def apply_one(item: Item) -> Any:
    """Apply one item. Where the call is the whole transaction, a refused attempt is kept under its key.

    Raises:
        LedgerError: the refusal, of the class that names it.
    """
    (answer,) = _apply([item], record_refusals=not connection.in_atomic_block)
    return _or_raise(_read(item, answer))


@retry_on_conflict
@transaction.atomic
def _apply_all(items: Sequence[Item]) -> list[Applied]:
    return [_or_raise(_read(item, answer)) for item, answer in zip(items, _apply(items), strict=True)]


@retry_on_conflict
def _apply(items: Sequence[Item], *, record_refusals: bool = False) -> list[dict[str, Any]]:
    bodies = [item.body() for item in items]
    try:
        answers = called("SELECT ledger_apply(%s::jsonb, %s)", [json.dumps(bodies), record_refusals])
    except IntegrityError as exc:
        if "transfer_one_row_per_leg" not in str(exc):
            raise
        raise OperationExists(bodies[0]["key"]) from exc
    told: list[dict[str, Any]] = json.loads(answers) if isinstance(answers, str) else answers
    note_answered(items, told)
    return told


def _read(item: Item, answer: dict[str, Any]) -> Applied | LedgerError:
    if answer["outcome"] != Attempt.APPLIED:
        refusal = BY_CODE[answer["outcome"]](item.key)
        if isinstance(refusal, IdempotencyMismatch):
            refusal.sender = actor_reference(item.actor)
        return refusal
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


def called(sql: str, parameters: list[Any]) -> Any:
    """Return what one function of the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
