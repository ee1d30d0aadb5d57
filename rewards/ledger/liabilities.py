"""What Maru owes, told so that everybody sees the total and an auditor can show each account its share.

A tree of sums over every account that can never be less than nothing. An account's balance is cut into two shares by
chance, each salted, and the shares stand in the order of their hashes: the neighbour on somebody's path is a part of
some account's balance, and of which nobody can say. The root is a leaf of the log.
"""

import hmac
import json
import struct
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consent.parties.secrets import pepper
from rewards.ledger import as_of, merkle, sealing
from rewards.ledger.errors import NotSealedYet
from rewards.ledger.models import Account, Leaf, Liabilities, Share

SALT = "liabilities"

#: A node of the tree: what it sums up to, and its hash.
Sum = tuple[int, bytes]


@dataclass(frozen=True)
class OwnShare:
    """One of an account's two shares, with what its holder needs to find it in the root."""

    number: int
    amount: int
    position: int
    salt: bytes
    path: list[Sum]


def tell_if_due() -> bool:
    """Say in the log what is owed, where the last time is long enough ago and something came since.

    The caller has just sealed; where somebody else seals meanwhile, the next round tells.
    """
    newest = Liabilities.objects.order_by("-tree_size").first()
    if newest is not None:
        is_recent = timezone.now() - newest.told_at < timedelta(seconds=settings.LIABILITIES_SECONDS)
        if is_recent or not Leaf.objects.filter(index__gt=newest.tree_size).exists():
            return False
    elif not Leaf.objects.exists():
        return False
    return tell()


@transaction.atomic(durable=True)
def tell() -> bool:
    """Append the leaf that says what is owed as the tree stands; answer False where another sealer is at work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(index) + 1 FROM ledger_leaf")
        (size,) = cursor.fetchone()
        cursor.execute(STANDINGS, [size])
        standings = cursor.fetchall()
        shares, own = [], {}
        for account, address, floor, posted, held, version in standings:
            if floor is None or floor < 0:
                own[address] = posted
            else:
                pair = shares_of(seed_of(size), address, (posted, held, version))
                shares += [(digest, amount, account) for amount, digest in pair]
        shares.sort()
        nodes, root = _tree([(amount, digest) for digest, amount, _ in shares])
        accounts: list[int | None] = [account for *_, account in shares]
        cursor.execute(
            """SELECT * FROM ledger_tell_liabilities(%s, %s, %s, %s, %s::smallint[], %s::bigint[], %s::bigint[],
                   %s::bytea[], %s::bigint[])""",
            [
                size, root[1], root[0], json.dumps(own, sort_keys=True), [level for level, *_ in nodes],
                [position for _, position, _ in nodes], [node[0] for *_, node in nodes],
                [node[1] for *_, node in nodes], accounts + [None] * (len(nodes) - len(accounts)),
            ],
        )  # fmt: skip
        is_told, through = cursor.fetchone()
        if is_told:
            sealing.keep_checkpoint(cursor, old=size, new=size + 1, through=through)
    return bool(is_told)


def latest_liabilities() -> Liabilities:
    """Return what was last said to be owed.

    Raises:
        NotSealedYet: nothing was said so far.
    """
    newest = Liabilities.objects.order_by("-tree_size").first()
    if newest is None:
        raise NotSealedYet()
    return newest


def own_shares(account: Account, *, of: Liabilities) -> list[OwnShare]:
    """Return an account's shares in the newest tree, with their paths; none where it was not sealed by then."""
    mine = list(Share.objects.filter(account=account, level=0))
    digests = {bytes(share.hash): share for share in mine}
    if len(mine) != 2:
        return []
    stood = as_of.standing_in_tree(account.address, size=of.tree_size)
    standing = (stood.posted, stood.held, stood.version)
    secret = _secret(seed_of(of.tree_size), account.address)
    found = []
    for number, (amount, digest) in enumerate(shares_of(seed_of(of.tree_size), account.address, standing)):
        share = digests[digest]
        path = merkle.inclusion_path(share.position, of.shares, subtree=_subtree, node=summed)
        found.append(OwnShare(number, amount, share.position, _salt(secret, number), path))
    return found


def seed_of(tree_size: int) -> bytes:
    """Return what the shares of one tree are salted with; whoever has it can name every account's share in it."""
    return hmac.digest(pepper(SALT, str(settings.KEYS_DIR)), f"{tree_size}".encode(), "sha256")


def shares_of(seed: bytes, address: str, standing: tuple[int, int, int]) -> list[Sum]:
    """Return an account's two shares.

    Args:
        standing: what is in the account, what of it is held, and its version.
    """
    secret, posted = _secret(seed, address), standing[0]
    first = int.from_bytes(hmac.digest(secret, b"split", "sha256"), "big") % (posted + 1)
    return [
        (amount, share_leaf(_salt(secret, number), number, amount, standing, address))
        for number, amount in enumerate((first, posted - first))
    ]


def share_leaf(salt: bytes, number: int, amount: int, standing: tuple[int, int, int], address: str) -> bytes:
    return sha256(b"\2" + salt + struct.pack(">5q", number, amount, *standing) + address.encode()).digest()


def summed(left: Sum, right: Sum) -> Sum:
    """Return the node above two: both sums are in its hash, so neither can be moved to the other side."""
    return left[0] + right[0], sha256(b"\3" + struct.pack(">q32sq32s", *left, *right)).digest()


def _secret(seed: bytes, address: str) -> bytes:
    return hmac.digest(seed, address.encode(), "sha256")


def _salt(secret: bytes, number: int) -> bytes:
    return hmac.digest(secret, b"salt %d" % number, "sha256")


def _tree(level: list[Sum]) -> tuple[list[tuple[int, int, Sum]], Sum]:
    """Return the nodes to keep, the shares first, and the root."""
    kept = [(0, position, node) for position, node in enumerate(level)]
    height, runs = 0, level
    while len(runs) >> 1:
        runs = [summed(runs[at], runs[at + 1]) for at in range(0, len(runs) - 1, 2)]
        height += 1
        if height % sealing.STEP == 0:
            kept += [(height, position, node) for position, node in enumerate(runs)]
    if not level:
        return kept, (0, sha256(b"").digest())
    nodes = {(height, position): node for height, position, node in kept}

    def subtree(height: int, position: int) -> Sum:
        base = height - height % sealing.STEP
        first, count = position << (height - base), 1 << (height - base)
        return merkle.folded([nodes[base, at] for at in range(first, first + count)], summed)

    return kept, merkle.over(0, len(level), subtree=subtree, node=summed)


def _subtree(height: int, position: int) -> Sum:
    base = height - height % sealing.STEP
    first, count = position << (height - base), 1 << (height - base)
    rows = Share.objects.filter(level=base, position__gte=first, position__lt=first + count).order_by("position")
    return merkle.folded([(total, bytes(digest)) for total, digest in rows.values_list("sum", "hash")], summed)


STANDINGS = """
SELECT account_id, address, floor, credits - debits, held, version FROM ledger_standings(%s) ORDER BY address
"""
