"""One account's statement, with the proof that nothing was left out of it: `verify_bundle.py` checks it.

It is for auditors: the leaf of a transfer has both sides in it, their balances, what they hold and their versions.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from rewards.ledger import as_of, liabilities, merkle, sealing, signed_notes, witnesses
from rewards.ledger.errors import NotSealedYet, UnknownCheckpoint
from rewards.ledger.models import Account, Checkpoint, Leaf, Node
from rewards.ledger.queries import account_at

FORM = "maru-statement/1"
#: So many checkpoints that somebody kept are led to the newest one.
MOST_KEPT = 10


def statement_of(address: str, *, kept: list[int] | None = None) -> dict[str, Any]:
    """Return every row of the account up to what was last said to be owed, and the proof.

    The rows are versions 1 to n; that n is the last is in the tree of what is owed, which auditors rebuild from the
    whole journal. All of them are led to the newest checkpoint at once.

    Args:
        kept: sizes of checkpoints that somebody kept; the answer leads from each of them to the newest.

    Raises:
        UnknownAccount: there is no such account.
        NotSealedYet: it is no part of what was last said to be owed: too young, or one that may stand below nothing.
        UnknownCheckpoint: nothing was signed at a size in `kept`, or there are too many.
    """
    if len(kept or []) > MOST_KEPT:
        raise UnknownCheckpoint(str(len(kept or [])))
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _statement(account_at(address), kept or [])


def _statement(account: Account, kept: list[int]) -> dict[str, Any]:
    owed = liabilities.latest_liabilities()
    shares = liabilities.own_shares(account, of=owed)
    if not shares:
        raise NotSealedYet(account.address)
    newest = sealing.latest_checkpoint()
    indexes = _indexes(account, owed.tree_size)
    contents = sealing.contents_of(indexes)
    standing = as_of.standing_in_tree(account.address, size=owed.tree_size)
    return {
        "form": FORM,
        "address": account.address,
        "posted": standing.posted,
        "held": standing.held,
        "version": standing.version,
        "as_of": owed.told_at,
        "key": signed_notes.verifier_key(),
        "witnesses": settings.WITNESS_KEYS,
        "checkpoint": witnesses.note_of(newest),
        "leaves": [[index, contents[index].hex()] for index in indexes],
        "nodes": [[low, high, digest.hex()] for (low, high), digest in _nodes(indexes, newest)],
        "shares": [
            {
                "number": share.number,
                "amount": share.amount,
                "position": share.position,
                "salt": share.salt.hex(),
                "path": [[total, digest.hex()] for total, digest in share.path],
            }
            for share in shares
        ],
        "consistency": {
            str(size): [node.hex() for node in sealing.consistency(old=size, new=newest.tree_size)] for size in kept
        },
    }


def _indexes(account: Account, size: int) -> list[int]:
    """Return the leaves of a statement: the account's own, its rows, their evidence, and what is owed."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, {"account": account.pk, "size": size})
        return [index for (index,) in cursor.fetchall()]


def _nodes(indexes: list[int], checkpoint: Checkpoint) -> list[tuple[tuple[int, int], bytes]]:
    """Return the hashes of all runs between the leaves, read level by level whatever their number."""
    runs = merkle.runs_between(indexes, checkpoint.tree_size)
    wanted: dict[int, set[int]] = {}
    for low, high in runs:
        for level, position in merkle.subtrees_of(low, high):
            base = level - level % sealing.STEP
            first = position << (level - base)
            wanted.setdefault(base, set()).update(range(first, first + (1 << (level - base))))
    leaves = Leaf.objects.filter(index__in=wanted.pop(0, set()))
    stored = {(0, index): bytes(digest) for index, digest in leaves.values_list("index", "hash")}
    for base, positions in wanted.items():
        rows = Node.objects.filter(level=base, position__in=positions).values_list("position", "hash")
        stored |= {(base, position): bytes(digest) for position, digest in rows}

    def subtree(level: int, position: int) -> bytes:
        base = level - level % sealing.STEP
        first, count = position << (level - base), 1 << (level - base)
        return merkle.folded([stored[base, at] for at in range(first, first + count)])

    return [((low, high), merkle.over(low, high, subtree=subtree)) for low, high in runs]


LEAVES = """
WITH mine AS (
    SELECT t.id, t.op_id FROM ledger_transfer t WHERE t.debit_id = %(account)s AND t.debit_version IS NOT NULL
    UNION ALL
    SELECT t.id, t.op_id FROM ledger_transfer t WHERE t.credit_id = %(account)s AND t.credit_version IS NOT NULL
)
SELECT l.index FROM ledger_leaf l WHERE l.account_id = %(account)s
UNION SELECT l.index FROM mine m JOIN ledger_leaf l ON l.transfer_id = m.id WHERE l.index < %(size)s
UNION SELECT l.index FROM mine m JOIN ledger_leaf l ON l.evidence_id = m.op_id WHERE l.index < %(size)s
UNION SELECT l.index FROM ledger_leaf l WHERE l.liabilities_id = %(size)s
ORDER BY 1
"""
