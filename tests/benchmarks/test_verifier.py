"""What an auditor's check costs beside the hashing alone, which nobody can do without.

The bundle is made here, row by row as the journal writes them, so that a million leaves need no database.
"""

import time
from collections.abc import Callable
from hashlib import sha256
from statistics import median
from typing import Any

from rewards.ledger.verify_bundle import COMMON_AT, CREDIT_AT, DEBIT_AT, NONE, folded, hashed_as, verify
from tests.rewards.ledger.made_books import Journal, written

AIM = 2.5
ROUNDS = 9
HOMES, ESCROWS = 500, 20


def journal_of(rows: int) -> Journal:
    journal = Journal()
    issuance = journal.open("platform:issuance", "issuance", has_balance=False)
    escrows = [journal.open(f"escrow:{number}", "escrow") for number in range(ESCROWS)]
    homes = [journal.open(f"household:{number:032x}", "household") for number in range(HOMES)]
    number = 0
    while journal.row < rows:
        number += 1
        operation = sha256(b"%d" % number).digest()[:16]
        escrow = escrows[number % ESCROWS]
        if number <= ESCROWS or number % 3 == 0:
            journal.move(b"post", operation, 1, issuance, escrow, 1000)
            journal.attempt(b"post", operation)
            continue
        hold = journal.move(b"hold", operation, 1, escrow, NONE, 9, held=9, expires=2**60)
        journal.attempt(b"hold", operation)
        operation = sha256(b"c%d" % number).digest()[:16]
        for leg in range(3):
            home = homes[(number * 3 + leg) % HOMES]
            journal.move(b"capture", operation, leg + 1, escrow, home, 3, hold=hold, held=-9 if leg == 0 else 0)
        journal.attempt(b"capture", operation)
    return journal


#: What a leaf is the hash of: a row that is whole, or what is common of a transfer and its two sides.
Row = tuple[bytes, ...]


def rows_of(leaves: list[bytes]) -> list[Row]:
    """Return what there is to hash, cut out beforehand."""
    rows: list[Row] = []
    for leaf in leaves:
        if leaf[0] != 1:
            rows.append((leaf,))
            continue
        common = hashed_as(leaf)[1:-64]
        debit_length = len(leaf) - COMMON_AT - (len(common) - 1)
        rows.append((common, leaf[DEBIT_AT : DEBIT_AT + debit_length], leaf[CREDIT_AT:COMMON_AT]))
    return rows


def leaf_hash(row: Row) -> bytes:
    if len(row) == 1:
        return sha256(b"\0" + row[0]).digest()
    common, debit, credit = row
    return sha256(b"\0" + common + sha256(debit).digest() + sha256(credit).digest()).digest()


def ready_leaf_hash(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def bare_fold(rows: list[Any], leaf_hash: Callable[[Any], bytes] = leaf_hash) -> bytes:
    """Hash every leaf and fold the tree as a log grows, with nothing read and nothing looked at."""
    peaks: list[bytes] = []
    for number, row in enumerate(rows):
        digest = leaf_hash(row)
        while number & 1:
            digest, number = node_hash(peaks.pop(), digest), number >> 1
        peaks.append(digest)
    digest = peaks.pop()
    while peaks:
        digest = node_hash(peaks.pop(), digest)
    return digest


def seconds(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


def test_the_verifier_beside_the_bare_fold(tmp_path, is_full):
    """The fold hashes what a leaf is made of, both sides of a transfer too: nobody gets to the root without that."""
    journal = journal_of(1_000_000 if is_full else 60_000)
    path, rows = written(journal, tmp_path), rows_of(journal.leaves)
    ready = [hashed_as(leaf)[1:] for leaf in journal.leaves]
    assert bare_fold(rows) == bare_fold(ready, ready_leaf_hash) == folded([leaf_hash(row) for row in rows])
    assert verify(path).startswith(f"OK: {len(journal.leaves)} leaves")
    acts = {
        "the bare fold": lambda: bare_fold(rows),
        "the same, sides hashed before": lambda: bare_fold(ready, ready_leaf_hash),
        "the same by levels": lambda: folded([leaf_hash(row) for row in rows]),
        "everything": lambda: verify(path),
    }
    turns = [{name: seconds(act) for name, act in acts.items()} for _ in range(ROUNDS)]

    count, first = len(journal.leaves), "the bare fold"
    print(f"\nverify_bundle.py over {count} leaves, {journal.row} of them transfers (medians of {ROUNDS} turns)")
    for name in acts:
        length = median(turn[name] for turn in turns)
        beside = median(turn["everything"] / turn[name] for turn in turns)
        print(f"  {name:<30} {length:6.2f} s  {1e6 * length / count:5.2f} us a leaf  x {beside:.2f}")
    ratio = median(turn["everything"] / turn[first] for turn in turns)  # by turn: a busy minute falls on both
    print(f"  {ratio:.2f} x {first}: {'meets' if ratio <= AIM else 'MISSES'} the aim of {AIM}")
