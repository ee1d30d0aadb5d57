"""One account's statement, with the proof that nothing was left out of it: `verify_bundle.py` checks it.

It is for whoever the account is of, and for auditors. Of a transfer it opens what both sides may know and the account's
own side; the other side stays a hash behind a salt.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from consent.parties.models import Household
from rewards.ledger import as_of, liabilities, merkle, sealing, signed_notes, witnesses
from rewards.ledger.errors import NotSealedYet, UnknownAccount, UnknownCheckpoint
from rewards.ledger.models import Account, Checkpoint, Leaf, Node
from rewards.ledger.queries import account_at, wallet_address

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


def statement_of_home(household: Household, *, kept: list[int] | None = None) -> dict[str, Any]:
    """Return the statement of a household's own account, as `statement_of` does.

    Raises:
        NotSealedYet: it has no account yet, or one that is no part of what was last said to be owed.
        UnknownCheckpoint: nothing was signed at a size in `kept`, or there are too many.
    """
    try:
        return statement_of(wallet_address(household), kept=kept)
    except UnknownAccount as exc:
        raise NotSealedYet(str(household.pk)) from exc


def _statement(account: Account, kept: list[int]) -> dict[str, Any]:
    owed = liabilities.latest_liabilities()
    shares = liabilities.own_shares(account, of=owed)
    if not shares:
        raise NotSealedYet(account.address)
    newest = sealing.latest_checkpoint()
    leaves = _leaves(account, owed.tree_size)
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
        "leaves": [[index, *(part.hex() for part in opened)] for index, *opened in leaves],
        "nodes": [[low, high, digest.hex()] for (low, high), digest in _nodes([index for index, *_ in leaves], newest)],
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


def _leaves(account: Account, size: int) -> list[tuple[Any, ...]]:
    """Return the leaves of a statement with their contents; of the account's rows also its own side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT index, content, side FROM ledger_statement(%s, %s) ORDER BY index", [account.pk, size])
        return [(index, *(bytes(part) for part in opened if part is not None)) for index, *opened in cursor.fetchall()]


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
