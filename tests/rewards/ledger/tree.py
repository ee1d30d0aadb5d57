"""The tree of hashes as tests see it: sealed to the end, recomputed from its leaves, climbed by a proof."""

import time

from django.db import connection

from rewards.ledger import merkle, sealing
from rewards.ledger.models import Leaf
from tests.rewards.ledger import books

PATIENCE = 20


def sealed() -> None:
    """Seal everything that is committed; a sealer at work elsewhere is waited for."""
    end = time.monotonic() + PATIENCE
    while unsealed():
        assert time.monotonic() < end, "something is never sealed"
        sealing.seal() or time.sleep(0.05)


def unsealed() -> int:
    """Return how many rows have no leaf, looked for without any watermark."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (SELECT count(*) FROM ledger_transfer) + (SELECT count(*) FROM ledger_attempt)
                    + (SELECT count(*) FROM ledger_account) + (SELECT count(*) FROM ledger_closure)
                    - (SELECT count(*) FROM ledger_leaf WHERE evidence_id IS NULL AND liabilities_id IS NULL)"""
        )
        return cursor.fetchone()[0]


def recomputed(size: int) -> bytes:
    leaves = [bytes(digest) for digest in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    return merkle.root_of(size, subtree=lambda level, at: merkle.folded(leaves[at << level : (at + 1) << level]))


def fill(count: int) -> None:
    home = books.account()
    for _ in range(count):
        books.post(credit=home)


def climbed(digest: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Return the root a path leads to.

    Source: RFC 9162, 2.1.3.2.
    """
    last = size - 1
    for other in path:
        if index & 1 or index == last:
            digest = merkle.node_hash(other, digest)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            digest = merkle.node_hash(digest, other)
        index, last = index >> 1, last >> 1
    assert last == 0
    return digest
