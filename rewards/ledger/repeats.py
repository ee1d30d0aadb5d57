"""Keys that came again: noted beside the books, after the call that was told so, and never on the way of a good post.

Nothing of a body is kept, only that the key came, who sent it, and whether it was the same. A note that cannot be
written is left out: the answer stands without it.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from rewards.ledger.errors import IdempotencyMismatch
from rewards.ledger.items import Item, actor_reference
from rewards.ledger.models import Repeat

WRITE = "SELECT ledger_note_repeats(%s, %s, %s)"


def note_answered(items: Sequence[Item], answers: Sequence[dict[str, Any]]) -> None:
    """Note the keys that came again in a call, once its transaction is committed."""
    mismatch = IdempotencyMismatch.code
    again = [
        (told["replayed"], (item.key, actor_reference(item.actor)))
        for item, told in zip(items, answers, strict=True)
        if told["replayed"] or told["outcome"] == mismatch
    ]
    if again:
        _note(Repeat.Kind.REPLAYED, [came for is_same, came in again if is_same])
        _note(Repeat.Kind.CONFLICT, [came for is_same, came in again if not is_same])


def note_refused(refusal: BaseException | None) -> None:
    """Note the key whose other body made a whole transaction fall; to be called once that is gone."""
    while refusal is not None:
        if isinstance(refusal, IdempotencyMismatch) and refusal.sender:
            _note(Repeat.Kind.CONFLICT, [(refusal.key, refusal.sender)])
            break
        refusal = refusal.__cause__


def _note(kind: Repeat.Kind, came: Sequence[tuple[str, str]]) -> None:
    if not came:
        return

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [kind, *map(list, zip(*came, strict=True))])

    transaction.on_commit(write, robust=True)
