"""Sealing the books: leaves for what has been committed, a signed checkpoint over all of them, and the proofs."""

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from rewards.ledger import merkle, signed_notes
from rewards.ledger.errors import NotSealedYet, UnknownCheckpoint
from rewards.ledger.models import Checkpoint, Leaf, Node, Transfer

#: Only every fourth level of the tree is kept: sixteen hashes are folded quickly, and rows are not doubled.
STEP = 4
#: A checkpoint comes after so many rows at the latest: of the journal (an operation's attempts and paper come with it,
#: and none is cut in two), accounts, refused attempts, closures.
BATCH = 1000
#: After so long a pass leaves the rest to the next one: the clock has other chores.
SECONDS = 5.0
#: What waits longer than this for its seal is worth an alarm.
LATE_SECONDS = 120


@dataclass(frozen=True)
class Content:
    """What a leaf is the hash of; of a transfer also what its two hashes are of: a salt and a side each."""

    content: bytes
    debit_side: bytes = b""
    credit_side: bytes = b""


@dataclass(frozen=True)
class Proof:
    """One row of the journal, what its leaf was made of, and the path to a checkpoint's root."""

    transfer: Transfer
    index: int
    content: bytes
    debit_side: bytes
    credit_side: bytes
    path: list[bytes]


def seal(*, seconds: float = SECONDS, at_most: int = BATCH) -> int:
    """Give every committed row its leaf, batch by batch, each under a signed checkpoint; return how many were new.

    Each batch is a transaction of its own: who is killed between two of them has lost nothing. One sealer at a time;
    a second one finds nothing to do.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text, coalesce((SELECT max(index) + 1 FROM ledger_leaf), 0)")
        seen, size = cursor.fetchone()
    begun, total, after = time.monotonic(), 0, 0
    while True:
        batch = _seal_batch(seen, after, at_most, size)
        if batch is None:
            return total
        total, size, after = total + batch.sealed, size + batch.sealed, batch.after
        if batch.is_drained or time.monotonic() - begun > seconds:
            return total


@dataclass(frozen=True)
class _Batch:
    sealed: int
    after: int
    is_drained: bool


@transaction.atomic(durable=True)
def _seal_batch(seen: str, after: int, at_most: int, size: int) -> _Batch | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_seal_leaves(%s, %s, %s, %s)", [seen, after, at_most, size])
        sealed, sealed_to, is_drained, through = cursor.fetchone()
        if sealed is None:
            return None
        if sealed:
            keep_checkpoint(cursor, old=size, new=size + sealed, through=through)
    return _Batch(sealed, sealed_to, is_drained)


def keep_checkpoint(cursor: CursorWrapper, *, old: int, new: int, through: str) -> None:
    """Sign the tree that has just grown from `old` to `new` leaves, in the transaction that made it grow."""
    nodes = _new_nodes(old, new)
    stored = {(level, position): digest for level, position, digest in nodes}
    root = merkle.root_of(new, subtree=lambda level, at: stored.get((level, at)) or subtree(level, at, stored))
    cursor.execute(
        "SELECT ledger_keep_checkpoint(%s, %s, %s, %s, %s::smallint[], %s::bigint[], %s::bytea[])",
        [new, root, signed_notes.checkpoint_note(size=new, root=root), through, *_columns(nodes)],
    )


def latest_checkpoint() -> Checkpoint:
    """Return the newest checkpoint.

    Raises:
        NotSealedYet: nothing was sealed so far.
    """
    newest = Checkpoint.objects.order_by("-tree_size").first()
    if newest is None:
        raise NotSealedYet()
    return newest


def checkpoint_of(size: int) -> Checkpoint:
    """Return the checkpoint of a tree of `size` leaves.

    Raises:
        UnknownCheckpoint: none was signed at that size.
    """
    found = Checkpoint.objects.filter(tree_size=size).first()
    if found is None:
        raise UnknownCheckpoint(str(size))
    return found


def proofs_of(op_id: UUID, *, checkpoint: Checkpoint) -> list[Proof]:
    """Return how each row of an operation is part of the tree that `checkpoint` signs.

    Raises:
        NotSealedYet: a row has no leaf yet, or a later one.
    """
    rows = {row.pk: row for row in Transfer.objects.filter(op_id=op_id).select_related("debit", "credit", "hold")}
    leaves = list(Leaf.objects.filter(transfer__in=rows, index__lt=checkpoint.tree_size).order_by("index"))
    if len(leaves) < len(rows):
        raise NotSealedYet(str(op_id))
    contents = contents_of([leaf.index for leaf in leaves])
    return [
        Proof(
            transfer=rows[leaf.transfer_id or 0],
            index=leaf.index,
            path=merkle.inclusion_path(leaf.index, checkpoint.tree_size, subtree=subtree),
            **vars(contents[leaf.index]),
        )
        for leaf in leaves
    ]


def consistency(*, old: int, new: int) -> list[bytes]:
    """Return the proof that the checkpoint at `new` begins with the one at `old`.

    Raises:
        UnknownCheckpoint: one of them was never signed, or they stand the wrong way round.
    """
    if old > new:
        raise UnknownCheckpoint(str(old))
    checkpoint_of(old), checkpoint_of(new)
    return merkle.consistency_path(old, new, subtree=subtree)


def seconds_behind() -> float:
    """Return for how long the oldest transfer without a leaf has waited; 0 where none waits."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return float(cursor.fetchone()[0])


@dataclass(frozen=True)
class Standing:
    """How the sealing stands: the newest checkpoint, and for how many whole minutes the oldest row has waited."""

    tree_size: int
    sealed_at: datetime | None
    behind_minutes: int

    @property
    def is_late(self) -> bool:
        return self.behind_minutes * 60 >= LATE_SECONDS


def current_standing() -> Standing:
    """Return what everybody may know of the sealing. Whole minutes: to the second it would time somebody's sale."""
    newest = Checkpoint.objects.order_by("-tree_size").only("tree_size", "sealed_at").first()
    behind = int(seconds_behind() // 60)
    return Standing(newest.tree_size, newest.sealed_at, behind) if newest else Standing(0, None, behind)


def contents_of(indexes: list[int]) -> dict[int, Content]:
    """Return what leaves are the hashes of, made anew from the rows as they stand; a gone row has none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_contents(%s)", [indexes])
        return {
            index: Content(bytes(content), bytes(debit or b""), bytes(credit or b""))
            for index, content, debit, credit in cursor.fetchall()
            if content is not None
        }


def subtree(level: int, position: int, fresh: dict[tuple[int, int], bytes] | None = None) -> bytes:
    """Return the hash of a complete subtree from the nearest level that is kept below it."""
    base = level - level % STEP
    first, count = position << (level - base), 1 << (level - base)
    if base and fresh and (base, first + count - 1) in fresh:
        return merkle.folded([fresh.get((base, at)) or subtree(base, at) for at in range(first, first + count)])
    nodes = Node.objects.filter(level=base, position__gte=first, position__lt=first + count).order_by("position")
    leaves = Leaf.objects.filter(index__gte=first, index__lt=first + count).order_by("index")
    hashes = nodes.values_list("hash", flat=True) if base else leaves.values_list("hash", flat=True)
    return merkle.folded([bytes(digest) for digest in hashes])


def _new_nodes(old: int, new: int) -> list[tuple[int, int, bytes]]:
    """Return the kept nodes that became complete as the tree grew from `old` to `new` leaves, lowest first."""
    nodes: list[tuple[int, int, bytes]] = []
    level, below = STEP, dict[int, bytes]()
    while new >> level:
        first, last = old >> level, new >> level
        if level == STEP:
            leaves = Leaf.objects.filter(index__gte=first << STEP, index__lt=last << STEP)
            below = {index: bytes(digest) for index, digest in leaves.values_list("index", "hash")}
        else:
            kept = Node.objects.filter(level=level - STEP, position__gte=first << STEP, position__lt=last << STEP)
            below |= {position: bytes(digest) for position, digest in kept.values_list("position", "hash")}
        made = {
            at: merkle.folded([below[child] for child in range(at << STEP, (at + 1) << STEP)])
            for at in range(first, last)
        }
        nodes += [(level, at, digest) for at, digest in made.items()]
        level, below = level + STEP, made
    return nodes


def _columns(nodes: list[tuple[int, int, bytes]]) -> list[list[object]]:
    return [[node[column] for node in nodes] for column in range(3)]


# The function is called in the condition itself: the planner asks it how few rows are meant. Of a subselect it would
# guess that they are a third of the journal, and read all of it.
BEHIND = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(t.recorded_at)), 0)
FROM ledger_transfer t
WHERE t.xid >= ledger_sealed_through() AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
"""
