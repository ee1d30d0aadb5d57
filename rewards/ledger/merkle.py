"""The tree over the journal: hashes, roots and proofs of RFC 6962, given a way to read a complete subtree's hash."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import TypeVar

#: What a node is: a hash, or a sum and a hash.
T = TypeVar("T")
#: Hash of the complete subtree of 2^level leaves that starts at leaf position * 2^level.
Subtree = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def folded(hashes: Sequence[T], node: Callable[[T, T], T] = node_hash) -> T:  # type: ignore[assignment]
    """Return the node over a power of two of neighbours."""
    while len(hashes) > 1:
        hashes = [node(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root_of(size: int, *, subtree: Subtree) -> bytes:
    """Return the tree's hash at `size` leaves.

    Source: RFC 6962, 2.1.
    """
    return over(0, size, subtree=subtree) if size else sha256(b"").digest()


def inclusion_path(
    index: int,
    size: int,
    *,
    subtree: Callable[[int, int], T],
    node: Callable[[T, T], T] = node_hash,  # type: ignore[assignment]
) -> list[T]:
    """Return the audit path of one leaf in the tree of `size` leaves.

    Source: RFC 6962, 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in this tree")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(over(middle, high, subtree=subtree, node=node))
            high = middle
        else:
            path.append(over(low, middle, subtree=subtree, node=node))
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
            path.append(over(middle, high, subtree=subtree))
            high = middle
        else:
            path.append(over(low, middle, subtree=subtree))
            low, is_whole = middle, False
    return ([] if is_whole else [over(low, high, subtree=subtree)]) + path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def runs_between(indexes: Sequence[int], size: int) -> list[tuple[int, int]]:
    """Return the runs of leaves, from and up to, whose hashes together with these leaves make the root.

    One proof for many leaves: what their paths have in common is told once.
    """
    wanted = set(indexes)

    def between(low: int, high: int, inside: list[int]) -> Iterator[tuple[int, int]]:
        if not inside:
            yield low, high
        elif high - low > 1:
            middle = low + _split(high - low)
            yield from between(low, middle, [index for index in inside if index < middle])
            yield from between(middle, high, [index for index in inside if index >= middle])

    return list(between(0, size, sorted(wanted)))


def subtrees_of(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Return the complete subtrees, as level and position, that such a run is made of."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def over(
    low: int,
    high: int,
    *,
    subtree: Callable[[int, int], T],
    node: Callable[[T, T], T] = node_hash,  # type: ignore[assignment]
) -> T:
    """Return the node over leaves low to high, where low begins a subtree of the tree."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, low >> level)
    middle = low + _split(count)
    return node(over(low, middle, subtree=subtree, node=node), over(middle, high, subtree=subtree, node=node))
