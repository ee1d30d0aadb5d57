"""The tree over the journal: hashes, roots and proofs of RFC 6962, given a way to read a complete subtree's hash."""

from collections.abc import Callable, Sequence
from hashlib import sha256

#: Hash of the complete subtree of 2^level leaves that starts at leaf position * 2^level.
Subtree = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def folded(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over a power of two of neighbours."""
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root_of(size: int, *, subtree: Subtree) -> bytes:
    """Return the tree's hash at `size` leaves.

    Source: RFC 6962, 2.1.
    """
    return _range(0, size, subtree) if size else sha256(b"").digest()


def inclusion_path(index: int, size: int, *, subtree: Subtree) -> list[bytes]:
    """Return the audit path of one leaf in the tree of `size` leaves.

    Source: RFC 6962, 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in this tree")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, subtree))
            high = middle
        else:
            path.append(_range(low, middle, subtree))
            low = middle
    return path[::-1]


def consistency_path(old: int, new: int, *, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves.

    Source: RFC 6962, 2.1.2.
    """
    if not 0 < old <= new:
        raise ValueError("no such pair of trees")
    path, low, high, is_whole = [], 0, new, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(middle, high, subtree))
            high = middle
        else:
            path.append(_range(low, middle, subtree))
            low, is_whole = middle, False
    return ([] if is_whole else [_range(low, high, subtree)]) + path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _range(low: int, high: int, subtree: Subtree) -> bytes:
    """Return the hash over leaves low to high, where low begins a subtree of the tree."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range(low, middle, subtree), _range(middle, high, subtree))
