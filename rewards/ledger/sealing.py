"""Sealing the journal: leaves for what has been committed, a signed checkpoint over all of them, and the proofs."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from rewards.ledger import merkle, signed_notes
from rewards.ledger.errors import NotSealedYet, UnknownCheckpoint
from rewards.ledger.models import Checkpoint, Leaf, Node, Transfer

#: Only every fourth level of the tree is kept: sixteen hashes are folded quickly, and rows are not doubled.
STEP = 4
#: A transfer that waits longer than this for its seal is worth an alarm.
LATE_SECONDS = 120


@dataclass(frozen=True)
class Proof:
    """One row of the journal, the bytes its leaf was made of, and the path to a checkpoint's root."""

    transfer: Transfer
    index: int
    content: bytes
    path: list[bytes]


@transaction.atomic(durable=True)
def seal() -> int:
    """Give every finished transfer its leaf and sign the tree; return how many were new. One sealer at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed, sealed_through FROM ledger_seal_leaves()")
        sealed, through = cursor.fetchone()
        if not sealed:
            return 0
        size = Leaf.objects.order_by("-index").values_list("index", flat=True)[0] + 1
        nodes = _new_nodes(size - sealed, size)
        stored = {(level, position): digest for level, position, digest in nodes}
        root = merkle.root_of(size, subtree=lambda level, at: stored.get((level, at)) or subtree(level, at, stored))
        cursor.execute(
            "SELECT ledger_keep_checkpoint(%s, %s, %s, %s, %s::smallint[], %s::bigint[], %s::bytea[])",
            [size, root, signed_notes.checkpoint_note(size=size, root=root), through, *_columns(nodes)],
        )
    return sealed


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
    rows = Transfer.objects.filter(op_id=op_id).select_related("leaf", "debit", "credit", "hold").order_by("leg")
    proofs = []
    for row in rows:
        leaf = getattr(row, "leaf", None)
        if leaf is None or leaf.index >= checkpoint.tree_size:
            raise NotSealedYet(str(op_id))
        path = merkle.inclusion_path(leaf.index, checkpoint.tree_size, subtree=subtree)
        proofs.append(Proof(row, leaf.index, content_of(row), path))
    return proofs


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


def content_of(row: Transfer) -> bytes:
    """Return the bytes that a row's leaf is the hash of, made anew from the row as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(CONTENT, [row.pk])
        return bytes(cursor.fetchone()[0])


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


CONTENT = """
SELECT ledger_leaf_content(t, d.address, c.address)
FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
WHERE t.id = %s
"""

BEHIND = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(t.recorded_at)), 0)
FROM ledger_transfer t
WHERE t.xid >= coalesce((SELECT through FROM ledger_checkpoint ORDER BY tree_size DESC LIMIT 1), '0'::xid8)
  AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
"""
