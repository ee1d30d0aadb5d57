#!/usr/bin/env python3
"""Check Maru's ledger without Maru: one file, the standard library, no database, no network.

    python3 verify_bundle.py bundle.zip      [--key KEY] [--witness KEY ...] [--kept CHECKPOINT ...] [--receipt R.json]
    python3 verify_bundle.py statement.json  [--key KEY] [--witness KEY ...] [--kept CHECKPOINT ...] [--receipt R.json]

A bundle is the whole books, for an auditor; a statement is one account's part of them, for whose it is. Says OK
and exits 0, or names what is wrong, with the first bad leaf where there is one, and exits 1. Give the key you were
told on another way, the keys of the witnesses you trust, and every checkpoint you kept: without them a file vouches
only for itself. With --receipt it also says which payment was made under that receipt.
"""

import argparse
import base64
import hashlib
import hmac
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

MAX_AMOUNT = 2**53 - 1
#: How a number that is not there is written.
NONE = -(2**63)


class Broken(Exception):
    """What is wrong, and at which leaf, where one is to blame."""

    def __init__(self, what: str, leaf: int | None = None) -> None:
        super().__init__(what if leaf is None else f"leaf {leaf}: {what}")
        self.what, self.leaf = what, leaf


#: What Python says of a file that is damaged, or made to harm whoever reads it.
UNREADABLE = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error, ArithmeticError, AttributeError, LookupError,
    MemoryError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


# --- signatures: RFC 8032, and the signed notes, checkpoints and cosignatures of C2SP ---------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add(one: Point, other: Point) -> Point:
    """Add two points in extended coordinates. Source: RFC 8032, 5.1.4."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


@cache
def doubled(point: Point) -> list[Point]:
    """Return a point, twice it, four times it …: made once for a key, and a checkpoint is then half the work."""
    points = [point]
    for _ in range(255):
        points.append(add(points[-1], points[-1]))
    return points


def times(number: int, point: Point) -> Point:
    """Multiply a point by a number."""
    total: Point = (0, 1, 1, 0)
    for power in doubled(point):
        if number & 1:
            total = add(total, power)
        number >>= 1
    return total


@cache
def unpacked(packed: bytes) -> Point:
    """Return the point that 32 bytes stand for. Source: RFC 8032, 5.1.3.

    Raises:
        ValueError: they stand for none.
    """
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(packed) != 32 or y >= P:
        raise ValueError("not a point")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = unpacked((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature is good. Source: RFC 8032, 5.1.7."""
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    try:
        key, r = unpacked(public), unpacked(signature[:32])
    except ValueError:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left, right = times(s, BASE), add(r, times(int.from_bytes(digest, "little") % L, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


@dataclass(frozen=True)
class Key:
    """A verifier key: a name, the id that its signatures begin with, the algorithm, the public key."""

    name: str
    key_id: bytes
    algorithm: int
    public: bytes


LOG, WITNESS = 1, 4


def key_of(line: str, algorithm: int) -> Key:
    """Read a verifier key. Source: C2SP signed-note.

    Raises:
        Broken: it cannot be read, is of another algorithm, or is not what its id says.
    """
    try:
        name, key_id, packed = line.strip().split("+", 2)
        public = base64.b64decode(packed, validate=True)
    except ValueError as exc:
        raise Broken("a key cannot be read") from exc
    if public[:1] != bytes([algorithm]) or sha256(name.encode() + b"\n" + public).digest()[:4].hex() != key_id:
        raise Broken("a key is not what its id says")
    return Key(name, bytes.fromhex(key_id), algorithm, public[1:])


@dataclass(frozen=True)
class Checkpoint:
    size: int
    root: bytes
    witnesses: tuple[str, ...] = ()


def opened(note: str, key: Key, witnesses: Iterable[Key] = ()) -> Checkpoint:
    """Return what a signed note says, if `key` signed it; no line of that key, or of a witness, may be false."""
    try:
        text, lines = note.rsplit("\n\n", 1)
        origin, size, root = text.split("\n")[:3]
        said = Checkpoint(int(size), base64.b64decode(root, validate=True))
        signatures = [line[2:].split(" ") for line in lines.split("\n") if line.startswith("— ")]
        signed = [(name, base64.b64decode(signature, validate=True)) for name, signature in signatures]
    except ValueError as exc:
        raise Broken("a checkpoint cannot be read") from exc
    message = (text + "\n").encode()
    if origin != key.name:
        raise Broken("a checkpoint is of another log")
    mine = [one[4:] for name, one in signed if name == key.name and one[:4] == key.key_id]
    if not mine or not all(is_signed(key.public, message, one) for one in mine):
        raise Broken(f"the signature of the checkpoint at {said.size} leaves is not good")
    seen = []
    for witness in witnesses:
        for one in [one for name, one in signed if name == witness.name and one[:4] == witness.key_id]:
            time = int.from_bytes(one[4:12], "big")
            if not is_signed(witness.public, f"cosignature/v1\ntime {time}\n".encode() + message, one[12:]):
                raise Broken(f"the cosignature of {witness.name} at {said.size} leaves is false")
            seen.append(witness.name)
    return Checkpoint(said.size, said.root, tuple(sorted(set(seen))))


# --- the tree: RFC 6962 -----------------------------------------------------------------------------------------------


def folded(hashes: list[bytes]) -> bytes:
    """Return the root over some leaves, whose number need not be a power of two."""
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) & 1 else []
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)] + odd
    return hashes[0] if hashes else sha256(b"").digest()


class Tree:
    """A tree that grows leaf by leaf and knows its root at any moment: leaves are folded a run at a time."""

    #: Enough that hashing and playing seldom take turns: each goes faster the longer it goes on.
    RUN = 4096

    def __init__(self) -> None:
        self.runs = 0
        self.peaks: list[bytes] = []
        self.fresh: list[bytes] = []

    def fold(self) -> None:
        """Put a full run of leaves under one peak."""
        digest, number = folded(self.fresh), self.runs
        while number & 1:
            digest, number = sha256(b"\1" + self.peaks.pop() + digest).digest(), number >> 1
        self.peaks.append(digest)
        self.runs += 1
        self.fresh.clear()

    def root(self) -> bytes:
        hashes = self.peaks + ([folded(self.fresh)] if self.fresh else [])
        if not hashes:
            return folded([])
        digest = hashes[-1]
        for peak in reversed(hashes[:-1]):
            digest = sha256(b"\1" + peak + digest).digest()
        return digest


def root_from(leaves: dict[int, bytes], others: dict[tuple[int, int], bytes], size: int) -> bytes:
    """Return the root that some leaves and the hashes of all runs between them make; each leaf must count."""
    used = set()

    def over(low: int, high: int) -> bytes:
        if (low, high) in others:
            return others[low, high]
        if high - low == 1:
            if low not in leaves:
                raise Broken("the proof lacks a part of the tree", low)
            used.add(low)
            return leaves[low]
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        return sha256(b"\1" + over(low, middle) + over(middle, high)).digest()

    root = over(0, size)
    if len(used) != len(leaves):
        raise Broken("the proof passes over a row that it shows", min(set(leaves) - used))
    return root


# --- the leaves -------------------------------------------------------------------------------------------------------

# A byte for the form, numbers of eight bytes at fixed places, the lengths of the texts, the texts; last a salt.
ACCOUNT = struct.Struct(">x5q2i")
CLOSURE = struct.Struct(">x3qi")
ATTEMPT = struct.Struct(">x4q7i")
ATTEMPT_AT = ATTEMPT.size
ATTEMPT_LENGTHS = struct.Struct(">x32x7i")
EVIDENCE = struct.Struct(">x16sqi")
LIABILITIES = struct.Struct(">x5q2i")
SALT = 16

# A transfer's leaf is of what both sides may know and of a hash per side: a salt, and what that side knows.
# A text that may not be missing has a length without a sign: less than nothing is then more than there is.
COMMON = struct.Struct(">x16s6q3I")
DEBIT = struct.Struct(">16x8qI2i")
CREDIT = struct.Struct(">16x3q")
# The whole books have it with both sides open: form, credit side, common numbers, debit side with its texts, common
# texts. Everything of fixed length comes first and is read with one look.
TRANSFER = struct.Struct(">x 16x3q 16s6q3I 16x7q8xI2i")
CREDIT_AT, COMMON_AT, DEBIT_AT, TEXTS_AT = 1, 41, 117, 209


def parts(content: bytes, form: struct.Struct, texts: int) -> tuple[list[Any], list[bytes | None]]:
    """Return a leaf's numbers and its texts, for the forms that are few."""
    values = list(form.unpack_from(content))
    found, at = cut(content, form.size, values[-texts:])
    if at + SALT != len(content):
        raise Broken("does not end where it says")
    return values[:-texts], found


def cut(content: bytes, at: int, lengths: Iterable[int]) -> tuple[list[bytes | None], int]:
    """Return the texts of such lengths that begin at a place, and where they end; one that is not there has none."""
    found: list[bytes | None] = []
    for length in lengths:
        found.append(content[at : at + length] if length >= 0 else None)
        at += max(length, 0)
    return found, at


#: The same as it is hashed: credit side, common numbers, how long each of the debit side's texts is.
SIDES = struct.Struct(">x 40s 76s 80x I2i")


def hashed_as(content: bytes) -> bytes:
    """Return what the leaf of a row is the SHA-256 of, from the row as the whole books have it."""
    if content[0] != 1:
        return b"\0" + content
    credit, common, actor, approver, reason = SIDES.unpack_from(content)
    end = TEXTS_AT + actor
    if approver >= 0 or reason >= 0:
        end += max(approver, 0) + max(reason, 0)
    debit = content[DEBIT_AT:end]
    return b"".join((b"\0\1", common, content[end:], sha256(debit).digest(), sha256(credit).digest()))


def shared(content: bytes) -> bytes:
    """Return what both sides may know of a transfer that is whole, as a statement has it."""
    return hashed_as(content)[1:-64]


class Common(NamedTuple):
    """What both sides of a transfer may know."""

    operation: bytes
    row: int
    leg: int
    amount: int
    effective: int
    recorded: int
    reverses: int
    kind: bytes
    event: bytes
    reference: bytes

    @classmethod
    def read(cls, content: bytes, *, behind: int = 0) -> "Common":
        """Read it from a leaf's content, with so many bytes behind the texts."""
        *numbers, kind, event, reference = COMMON.unpack_from(content)
        texts, at = cut(content, COMMON.size, (kind, event, reference))
        if at + behind != len(content):
            raise Broken("does not end where it says")
        return cls(*numbers, *texts)


# --- the books: the journal played again ------------------------------------------------------------------------------


class Account:
    """Where one account stands while the journal is played."""

    __slots__ = (
        "address", "floor", "has_balance", "held", "is_closed", "kind", "newest_hold", "posted", "version", "written",
    )  # fmt: skip

    def __init__(self, address: str, kind: str, *, has_balance: bool, floor: int) -> None:
        self.address, self.kind, self.has_balance, self.floor = address, kind, has_balance, floor
        self.posted = self.held = self.version = self.newest_hold = 0
        self.written = NONE
        self.is_closed = False

    def gets(self, amount: int, version: int, after: int, recorded: int) -> None:
        """Play a row that gives to this account."""
        self.posted = posted = self.posted + amount
        if self.has_balance:
            self.version = due = self.version + 1
            if version != due or after != posted or recorded < self.written:
                raise Broken(blamed(self, version, after, posted))
            self.written = recorded
        elif version != NONE:
            raise Broken("has a version where no balance is kept")

    def gives(self, amount: int, reserved: int, version: int, after: int, said_held: int, recorded: int) -> None:
        """Play a row that takes from this account, or only changes what is held of it."""
        self.posted = posted = self.posted - amount
        if self.has_balance:
            self.version = due = self.version + 1
            self.held = held = self.held + reserved
            if version != due or after != posted or said_held != held or recorded < self.written:
                raise Broken(blamed(self, version, after, posted, said_held, held))
            if posted - held < self.floor:
                raise Broken("the account stands below its floor")
            self.written = recorded
        elif version != NONE or reserved:
            raise Broken("has a version or a hold where no balance is kept")

    @property
    def is_owed(self) -> bool:
        """Tell whether what is in it is owed to somebody: it can never be less than nothing."""
        return self.floor >= 0


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of row does: moves tokens, or only reserves or frees them; resolves a hold, or not."""

    moves: bool
    resolves: bool


POST, HOLD, REVERSE = Kind(True, False), Kind(False, False), Kind(True, False)
CAPTURE, RELEASE, EXPIRE = Kind(True, True), Kind(False, True), Kind(False, True)
KINDS = {
    b"post": POST, b"hold": HOLD, b"reverse": REVERSE, b"capture": CAPTURE, b"release": RELEASE, b"expire": EXPIRE,
}  # fmt: skip


class Hold:
    """What is left of a hold while it is paid out, and the last of the rows that pay from it."""

    __slots__ = ("account", "amount", "expires", "left", "legs", "row")

    def __init__(self, row: int, account: int, amount: int, expires: int) -> None:
        self.row, self.account, self.amount, self.left, self.expires = row, account, amount, amount, expires
        self.legs = 0


class Books:
    """The journal played again, leaf by leaf, as it was sealed: every account's versions come in their order."""

    def __init__(self) -> None:
        self.size = self.leaf = 0
        self.accounts: dict[int, Account] = {}
        self.addresses: set[str] = set()
        #: The operation whose rows come now, and the last of them.
        self.operation, self.leg = b"", 0
        #: Every operation, and how many of the keys that it was made under are still to come.
        self.operations: dict[bytes, int] = {}
        self.keys: set[bytes] = set()
        #: The holds that are open, and the one that this operation pays from: its later legs come right after.
        self.holds: dict[int, Hold] = {}
        self.resolved: Hold | None = None
        self.reversals: dict[int, tuple[int, int, int, int]] = {}
        self.consents: set[bytes] = set()
        self.evidence: dict[bytes, bytes] = {}
        #: By leaf: what the tree of what is owed is salted with, for those whose salt is told.
        self.seeds: dict[int, bytes] = {}

    def play(self, contents: Iterable[bytes]) -> None:
        """Take the leaves that come next."""
        takers = TAKERS
        try:
            for leaf, content in enumerate(contents, self.size):
                self.leaf = leaf
                takers[content[0]](self, content)
            self.size = self.leaf + 1
        except Broken as exc:
            raise Broken(exc.what, self.leaf if exc.leaf is None else exc.leaf) from exc
        except (LookupError, struct.error, ValueError) as exc:
            raise Broken(
                "cannot be read, or is of a form, kind or account that was not told before", self.leaf
            ) from exc

    # A row of the journal: read and in its order, then what it reserves, what it gives, what it takes.

    def transfer(self, content: bytes) -> None:
        (
            credit_id, credit_version, credit_after,
            operation, row, leg, amount, effective, recorded, reverses, kind_length, event, reference,
            debit_id, debit_version, debit_after, debit_held, hold_id, hold_leg, expires, actor, approver, reason,
        ) = TRANSFER.unpack_from(content)  # fmt: skip
        kind_at = TEXTS_AT + actor
        if approver >= 0 or reason >= 0:
            kind_at += max(approver, 0) + max(reason, 0)
        event_at = kind_at + kind_length
        kind = KINDS[content[kind_at:event_at]]
        if (hold_id == NONE) is kind.resolves:
            raise Broken("resolves no hold, or a hold that is not there")
        if len(content) != event_at + event + reference:
            raise Broken("does not end where it says")
        if not 1 <= amount <= MAX_AMOUNT:
            raise Broken("has an amount out of range")
        if effective != recorded and (effective > recorded or kind is not POST):
            raise Broken("is dated ahead, or back without being a post")
        if leg == 1 or leg != self.leg + 1 or operation != self.operation:
            self._begin(operation, leg)
        elif not kind.resolves or hold_leg == 1:
            self.operations[operation] += 1  # as each reversed leg of a deal has: only a capture's legs share their key
        self.leg = leg

        reserved = 0
        if kind.resolves:
            reserved = self._resolve(hold_id, hold_leg, kind, debit_id, amount, recorded)
        elif kind is HOLD:
            reserved = self._reserve(row, debit_id, amount, expires)
        if kind.moves:
            if credit_id == debit_id:
                raise Broken("gives to the account it takes from")
            self.accounts[credit_id].gets(amount, credit_version, credit_after, recorded)
            self.accounts[debit_id].gives(amount, reserved, debit_version, debit_after, debit_held, recorded)
        elif credit_id == NONE:
            self.accounts[debit_id].gives(0, reserved, debit_version, debit_after, debit_held, recorded)
        else:
            raise Broken("gives to somebody and takes from nobody")

        if reverses != NONE or kind is REVERSE:
            self._reverse(
                reverses, kind, (credit_id, debit_id, amount), *cut(content, TEXTS_AT, (actor, approver, reason))[0]
            )
        if leg == 1 and kind is CAPTURE and content[event_at : event_at + event] == b"consent":
            self.consents.add(operation)

    def _begin(self, operation: bytes, leg: int) -> None:
        """Begin an operation: its rows stand together, the first of them first."""
        if leg != 1 or operation in self.operations:
            raise Broken("is not the next row of its operation")
        self.operation = operation
        self.operations[operation] = 1
        self.resolved = None

    def _reserve(self, row: int, debit_id: int, amount: int, expires: int) -> int:
        account = self.accounts[debit_id]
        if row in self.holds or row <= account.newest_hold:
            raise Broken("is a hold a second time, or out of its turn")
        account.newest_hold = row
        self.holds[row] = Hold(row, debit_id, amount, expires)
        return amount

    def _resolve(self, hold_id: int, leg: int, kind: "Kind", debit_id: int, amount: int, recorded: int) -> int:
        """Return by how much this row changes what is held: the first of a capture's legs frees the whole of it."""
        if leg == 1:
            self.resolved = self.holds.pop(hold_id, None)
        hold = self.resolved
        if hold is None or hold.account != debit_id:
            raise Broken("resolves a hold that is not there any more")
        if leg != 1 and (leg != hold.legs + 1 or hold_id != hold.row or kind is not CAPTURE):
            raise Broken("resolves a hold a second time")
        hold.legs = leg
        hold.left = left = hold.left - amount
        if left < 0:
            raise Broken("pays more than was held")
        if kind is CAPTURE:
            if recorded >= hold.expires:
                raise Broken("pays from a hold whose time had passed")
        else:
            if kind is EXPIRE and recorded < hold.expires:
                raise Broken("lets a hold expire before its time")
            self.resolved = None
        return -hold.amount if leg == 1 else 0

    def _reverse(
        self, row: int, kind: "Kind", swapped: tuple[int, int, int],
        actor: bytes | None, approver: bytes | None, reason: bytes | None,
    ) -> None:  # fmt: skip
        if row == NONE or kind is not REVERSE:
            raise Broken("is a reversal of nothing")
        if not approver or approver == actor or not reason:
            raise Broken("was not agreed to by a second person with a reason")
        if row in self.reversals:
            raise Broken("reverses what was reversed before")
        self.reversals[row] = (self.leaf, *swapped)

    # Everything else that only grows.

    def account(self, content: bytes) -> None:
        (number, has_balance, floor, _, _), (address, kind) = parts(content, ACCOUNT, 2)
        if number in self.accounts or address is None or kind is None:
            raise Broken("opens an account that is open")
        account = Account(
            address.decode(), kind.decode(), has_balance=has_balance == 1, floor=floor if has_balance == 1 else NONE
        )
        if account.address in self.addresses:
            raise Broken("opens an account at an address that has one")
        self.addresses.add(account.address)
        self.accounts[number] = account

    def closure(self, content: bytes) -> None:
        (number, _, _), _ = parts(content, CLOSURE, 1)
        account = self.accounts[number]
        if account.is_closed or account.posted or account.held:
            raise Broken("closes an account that is closed or not empty")
        account.is_closed = True
        account.written = 2**63  # so that any later row is blamed, without a look at each

    def attempt(self, content: bytes) -> None:
        length, key, digest, action, outcome, actor, body = ATTEMPT_LENGTHS.unpack_from(content)
        key_at = ATTEMPT_AT + length if length > 0 else ATTEMPT_AT
        key_end = key_at + key
        outcome_at = key_end + digest + action
        end = outcome_at + outcome
        if end + actor + (body if body > 0 else 0) + SALT != len(content):
            raise Broken("does not end where it says")
        used = content[key_at:key_end]
        if used in self.keys or digest != 32:
            raise Broken("uses a key a second time")
        self.keys.add(used)
        if content[outcome_at:end] == b"applied":
            operation = content[ATTEMPT_AT:key_at]
            due = self.operations.get(operation)
            if not due:
                raise Broken("names an operation that is not there, or that has its key")
            self.operations[operation] = due - 1
            self.operation = b""  # it has all its rows
        elif length >= 0:
            raise Broken("was not applied and names an operation")

    def evidenced(self, content: bytes) -> None:
        (operation, _), (digest,) = parts(content, EVIDENCE, 1)
        if operation not in self.operations or operation in self.evidence or digest is None:
            raise Broken("is evidence of no operation, or of one that has it")
        self.evidence[operation] = digest

    def liabilities(self, content: bytes) -> None:
        """What the operator says it owes must be what the journal makes at that very leaf."""
        (size, _, owed, _, _), (_, own) = parts(content, LIABILITIES, 2)
        if size != self.leaf:
            raise Broken("speaks of another tree than the one before it")
        if owed != sum(account.posted for account in self.accounts.values() if account.is_owed):
            raise Broken("what is said to be owed is not what the journal makes")
        others = {account.address: account.posted for account in self.accounts.values() if not account.is_owed}
        if own is None or json.loads(own) != others or owed + sum(others.values()):
            raise Broken("what is owed is not what was issued, less what came back")
        if self.leaf in self.seeds:
            check_liabilities(self, content)

    # What shows only at the end.

    def close(self, contents: Iterable[bytes]) -> dict[str, list[int]]:
        """Check what shows only at the end; return where every account stands."""
        if unkeyed := sum(due > 0 for due in self.operations.values()):
            raise Broken(f"{unkeyed} operations were made under no key")
        if bare := self.consents - self.evidence.keys():
            raise Broken(f"{len(bare)} payments for a consent have no receipt's digest beside them")
        if self.reversals:
            self._check_reversals(contents)
        return {one.address: [one.posted, one.held, one.version] for one in self.accounts.values()}

    def _check_reversals(self, contents: Iterable[bytes]) -> None:
        wanted = dict(self.reversals)
        for leaf, content in enumerate(contents):
            if content[0] != 1 or (row := int.from_bytes(content[57:65], "big")) not in wanted:
                continue
            later, *sides = wanted.pop(row)
            reversed_row = Common.read(shared(content))
            credit_id, debit_id = (int.from_bytes(content[at : at + 8], "big", signed=True) for at in (17, 133))
            if reversed_row.kind == b"reverse" or leaf > later or sides != [debit_id, credit_id, reversed_row.amount]:
                raise Broken("is not a whole row with its sides swapped", later)
        for leaf, *_ in wanted.values():
            raise Broken("reverses what cannot be reversed", leaf)


#: Who takes a leaf, by its first byte.
TAKERS = {
    1: Books.transfer, 2: Books.account, 3: Books.closure, 4: Books.attempt, 5: Books.evidenced, 6: Books.liabilities,
}  # fmt: skip


def blamed(account: Account, version: int, *balances: int) -> str:
    """Return what is wrong with a row of an account: its version, a balance (told, and what it is), or its time."""
    if account.is_closed:
        return "moves an account that was closed"
    if version != account.version:
        return f"its account's version {account.version} is missing or doubled"
    if balances[::2] != balances[1::2]:
        return "the balance after it is not what the rows before it make"
    return "time runs backwards within its account"


# --- what is owed: a Merkle tree with sums, every account's balance in two salted shares ------------------------------


def share_leaf(salt: bytes, number: int, amount: int, standing: tuple[int, int, int], address: str) -> bytes:
    """Return the hash of one of the two shares of an account."""
    return sha256(b"\2" + salt + struct.pack(">5q", number, amount, *standing) + address.encode()).digest()


def summed(left: tuple[int, bytes], right: tuple[int, bytes]) -> tuple[int, bytes]:
    """Join two nodes of the tree of sums.

    Raises:
        Broken: one of them is below zero, and could hide what others are owed.
    """
    if min(left[0], right[0]) < 0:
        raise Broken("a part of what is owed is less than nothing")
    packed = struct.pack(">q32sq32s", left[0], left[1], right[0], right[1])
    return left[0] + right[0], sha256(b"\3" + packed).digest()


def shares_of(seed: bytes, address: str, standing: tuple[int, int, int]) -> list[tuple[int, bytes]]:
    """Return an account's two shares: by chance how much in which, so that a neighbour's share tells nothing."""
    secret = hmac.digest(seed, address.encode(), "sha256")
    first = int.from_bytes(hmac.digest(secret, b"split", "sha256"), "big") % (standing[0] + 1)
    return [
        (amount, share_leaf(hmac.digest(secret, b"salt %d" % number, "sha256"), number, amount, standing, address))
        for number, amount in enumerate((first, standing[0] - first))
    ]


def sum_root(shares: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    """Return the sum and the hash at the root of the tree of all shares."""
    level = sorted(shares, key=lambda share: share[1])
    while len(level) > 1:
        odd = level[-1:] if len(level) & 1 else []
        pairs = iter(level)
        level = [summed(left, right) for left, right in zip(pairs, pairs, strict=False)] + odd
    return level[0] if level else (0, sha256(b"").digest())


def check_liabilities(books: Books, content: bytes) -> None:
    """Build the tree of what is owed from the journal as it stands at the leaf that speaks of it."""
    seed = books.seeds.pop(books.leaf)
    shares = [
        share
        for one in books.accounts.values()
        if one.is_owed
        for share in shares_of(seed, one.address, (one.posted, one.held, one.version))
    ]
    (_, count, owed, _, _), (root, _) = parts(content, LIABILITIES, 2)
    if (len(shares), (owed, root)) != (count, sum_root(shares)):
        raise Broken("the tree of what is owed is not that of the accounts")


# --- a bundle ---------------------------------------------------------------------------------------------------------


def verify(
    bundle: str, *, key: str | None = None, kept: Iterable[str] = (), witnesses: Iterable[str] = (), receipt: str = ""
) -> str:
    """Return one line of good news.

    Raises:
        Broken: the first thing that is wrong.
    """
    given = list(witnesses)
    try:
        with zipfile.ZipFile(bundle) as archive, closing(Leaves(archive)) as leaves:
            log_key = key_of(key or archive.read("key").decode(), LOG)
            named = archive.read("witnesses").decode().split()
            trusted = [key_of(line, WITNESS) for line in {*(given or named)}]
            older = [archive.read(name).decode() for name in archive.namelist() if name.startswith("checkpoints/")]
            newest, *others = known = _known(archive.read("checkpoint").decode(), [*older, *kept], log_key, trusted)
            claims = json.loads(archive.read("claims.json"))
            books = Books()
            books.seeds = {int(leaf): bytes.fromhex(seed) for leaf, seed in claims["seeds"].items()}
            pieces = leaves.pieces(one.size for one in known)
            _check_tree(newest, others, pieces, archive.read("hashes"), books)
            standing = books.close(leaves)
            _check_claims(claims, newest.size, standing, books.seeds)
            paid = _match(receipt, books.evidence, _shared_rows(leaves)) if receipt else ""
    except UNREADABLE as exc:
        raise Broken(f"the bundle cannot be read: {type(exc).__name__}") from exc
    size = f"{newest.size} leaves, {len(known)} checkpoints, {len(standing)} accounts"
    return f"OK: {size}, signed by {_signers(key, given, known)}{paid}"


def _check_claims(claims: dict[str, Any], size: int, standing: dict[str, list[int]], seeds: dict[int, bytes]) -> None:
    """Compare what the bundle claims with what its journal makes; every salt that it tells must have been used."""
    if claims["tree_size"] != size or claims["standing"] != standing:
        wrong = sorted(name for name in standing if claims["standing"].get(name) != standing[name])
        raise Broken(f"the balances that are claimed are not those of the journal: {', '.join(wrong[:3]) or 'others'}")
    if seeds:
        raise Broken("the tree of what is owed is told for a leaf that speaks of something else", min(seeds))


def _known(note: str, others: list[str], key: Key, witnesses: list[Key]) -> list[Checkpoint]:
    """Return the newest checkpoint and the others, none of which may be of a larger tree."""
    newest, *rest = [opened(text, key, witnesses) for text in [note, *others]]
    for one in rest:
        if one.size > newest.size:
            raise Broken(f"the tree has {newest.size} leaves, and a checkpoint was signed at {one.size}")
    return [newest, *rest]


def _signers(key: str | None, given: list[str], known: list[Checkpoint]) -> str:
    """Say who signed. A file may name anybody as a witness, also by a name that is trusted: whose keys, is said too."""
    whose = "" if given else " by a key inside it (give --witness)"
    signer = "the key given" if key else "the key inside it (give --key to check who signed)"
    seen: dict[str, int] = {}
    for one in known:
        seen |= {name: max(one.size, seen.get(name, 0)) for name in one.witnesses}
    return signer + "".join(f", cosigned by {name} at {size} leaves{whose}" for name, size in sorted(seen.items()))


class Leaves:
    """The leaves of a bundle: their contents in one file, how long each of them is in another."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, self.files = archive, ExitStack()
        packed = archive.read("lengths")
        self.lengths = struct.unpack(f">{len(packed) // 4}I", packed)

    def close(self) -> None:
        self.files.close()

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self.pieces())

    def pieces(self, stops: Iterable[int] = ()) -> Iterator[list[bytes]]:
        """Yield them in order, cut at every full run of the tree and at each stop, so that they need little room."""
        count, at = len(self.lengths), 0
        file = self.files.enter_context(self.archive.open("leaves"))
        for upto in sorted({*range(Tree.RUN, count, Tree.RUN), *(stop for stop in stops if stop < count), count}):
            lengths = self.lengths[at:upto]
            block = BytesIO(file.read(sum(lengths)))
            if upto > at:
                yield [*map(block.read, lengths)]
            at = upto
        if file.read(1):
            raise Broken("there is something after the last leaf")


def _check_tree(
    newest: Checkpoint, others: list[Checkpoint], pieces: Iterator[list[bytes]], hashes: bytes, books: Books
) -> None:
    """Hash every leaf, compare the root wherever one was signed, and play what the leaves say on the way."""
    roots: dict[int, set[bytes]] = {}
    for one in [newest, *others]:
        roots.setdefault(one.size, set()).add(one.root)
    tree, good, size = Tree(), 0, 0
    wrong: Broken | None = None
    for piece in pieces:
        digests = digests_of(piece)
        if b"".join(digests) != hashes[size * 32 : (size + len(piece)) * 32]:
            raise Broken("is not what was sealed", _first_other(digests, hashes, size))
        tree.fresh += digests
        if len(tree.fresh) == Tree.RUN:
            tree.fold()
        size += len(piece)
        if size in roots:
            if roots[size] != {tree.root()}:
                raise Broken(f"this or one up to {size - 1} is not what was signed at {size} leaves", good)
            good = size
        if wrong is None:
            try:
                books.play(piece)
            except Broken as exc:
                wrong = exc  # what was signed is looked at first: a tree that is not the signed one says more
    if size != newest.size or len(hashes) != 32 * size:
        raise Broken(f"{newest.size} leaves were signed and {size} are here", min(size, len(hashes) // 32))
    if roots.get(0, {folded([])}) != {folded([])}:
        raise Broken("a checkpoint of nothing has something in it")
    if wrong is not None:
        raise wrong


def digests_of(contents: list[bytes]) -> list[bytes]:
    """Return the leaves of some rows; what cannot be read is the leaf of nothing."""
    try:
        return [sha256(hashed_as(content)).digest() for content in contents]
    except (struct.error, IndexError):
        if len(contents) == 1:
            return [bytes(32)]
        return [digests_of([content])[0] for content in contents]


def _first_other(digests: list[bytes], hashes: bytes, start: int) -> int:
    for number, digest in enumerate(digests):
        if hashes[(start + number) * 32 : (start + number + 1) * 32] != digest:
            return start + number
    return start + len(digests)


# --- one account's statement ------------------------------------------------------------------------------------------


def verify_statement(
    path: str, *, key: str | None = None, kept: Iterable[str] = (), witnesses: Iterable[str] = (), receipt: str = ""
) -> str:
    """Return one line of good news: nothing was left out of a statement, and it is part of what was signed.

    Raises:
        Broken: the first thing that is wrong.
    """
    given = list(witnesses)
    try:
        statement = json.loads(Path(path).read_text())
        log_key = key_of(key or statement["key"], LOG)
        trusted = [key_of(line, WITNESS) for line in {*(given or statement["witnesses"])}]
        newest, *others = known = _known(statement["checkpoint"], list(kept), log_key, trusted)
        leaves = {int(index): [bytes.fromhex(part) for part in parts] for index, *parts in statement["leaves"]}
        _check_part(statement, leaves, newest, others)
        own = _play_one(statement["address"], leaves)
        owed_at = _check_share(statement, leaves, (own.posted, own.held, own.version))
        match = _match(receipt, own.evidence, own.rows) if receipt else ""
    except UNREADABLE as exc:
        raise Broken(f"the statement cannot be read: {type(exc).__name__}") from exc
    return (
        f"OK: {statement['address']} has {own.version} rows and no others up to leaf {owed_at}, {own.posted} tokens, "
        f"{own.held} held, signed by {_signers(key, given, known)}{match}"
    )


def _check_part(
    statement: dict[str, Any], leaves: dict[int, list[bytes]], newest: Checkpoint, others: list[Checkpoint]
) -> None:
    """Check that these leaves are part of the newest tree, and that it begins with every one that was kept."""
    nodes = {(low, high): bytes.fromhex(digest) for low, high, digest in statement["nodes"]}
    digests = {index: sha256(b"\0" + content).digest() for index, (content, *_) in leaves.items()}
    if root_from(digests, nodes, newest.size) != newest.root:
        raise Broken("the rows are not part of what was signed")
    for one in others:
        if (one.size, one.root) == (newest.size, newest.root):
            continue
        path = statement["consistency"].get(str(one.size))
        if path is None or not is_consistent(one, newest, [bytes.fromhex(node) for node in path]):
            raise Broken(f"the tree is not shown to begin with the one that was signed at {one.size} leaves")


def is_consistent(old: Checkpoint, new: Checkpoint, path: list[bytes]) -> bool:
    """Tell whether the path leads from the old root to the new one. Source: RFC 9162, 2.1.4.2."""
    if old.size == 0 or old.size >= new.size or not path:
        return old.size == 0
    nodes = list(path)
    if old.size & (old.size - 1) == 0:
        nodes.insert(0, old.root)
    first, last = old.size - 1, new.size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = (sha256(b"\1" + node + one).digest() for one in (before, after))
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            after = sha256(b"\1" + after + node).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and (before, after) == (old.root, new.root)


class Own:
    """One account's rows played again: versions 1 to n without a gap, every balance the one that the rows make."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.posted = self.held = self.version = 0
        self.written = NONE
        self.holds: dict[int, int] = {}
        self.rows: list[Common] = []
        self.evidence: dict[bytes, bytes] = {}

    def take(self, content: bytes, side: bytes) -> None:
        """Play one row, of which the account's own side is open; the other is a hash."""
        row = Common.read(content, behind=64)
        debit, credit = content[-64:-32], content[-32:]
        digest = sha256(side).digest()
        if digest == debit:
            said = self._given(row, side)
        elif digest == credit:
            said = self._got(row, side)
        else:
            raise Broken("the side that is shown of it is not the one that was sealed")
        self.version += 1
        if said[0] != self.version:
            raise Broken(f"its account's version {self.version} is missing or doubled")
        if said[1:] != (self.posted, self.held):
            raise Broken("the balance after it is not what the rows before it make")
        if not 1 <= row.amount <= MAX_AMOUNT or row.recorded < self.written:
            raise Broken("has an amount out of range, or time runs backwards")
        self.written = row.recorded
        self.rows.append(row)

    def _given(self, row: Common, side: bytes) -> tuple[int, int, int]:
        number, version, after, held, hold, hold_leg, _, _, *lengths = DEBIT.unpack_from(side)
        if number != self.number or cut(side, DEBIT.size, lengths)[1] != len(side):
            raise Broken("is not a row of this account")
        if row.kind == b"hold":
            self.holds[row.row] = row.amount
            self.held += row.amount
        elif hold != NONE and hold_leg == 1:
            self.held -= self.holds.pop(hold)
        if KINDS[row.kind].moves:
            self.posted -= row.amount
        return version, after, held

    def _got(self, row: Common, side: bytes) -> tuple[int, int, int]:
        number, version, after = CREDIT.unpack(side)
        if number != self.number or not KINDS[row.kind].moves:
            raise Broken("is not a row of this account")
        self.posted += row.amount
        return version, after, self.held


def _play_one(address: str, leaves: dict[int, list[bytes]]) -> Own:
    own = Own()
    for leaf, (content, *side) in sorted(leaves.items()):
        try:
            if content[0] == 1:
                own.take(content, *side)
            elif content[0] == 2:
                (number, *_), (name, _) = parts(content, ACCOUNT, 2)
                own.number = number if name == address.encode() else own.number
            elif content[0] == 5:
                (operation, _), (digest,) = parts(content, EVIDENCE, 1)
                own.evidence[operation] = digest or b""
        except Broken as exc:
            raise Broken(exc.what, leaf) from exc
    if own.number is None:
        raise Broken("the account's own leaf is missing")
    return own


def _check_share(statement: dict[str, Any], leaves: dict[int, list[bytes]], standing: tuple[int, int, int]) -> int:
    """Check that the account stands with exactly these rows in the tree of what is owed; return its leaf."""
    owed_at = next((leaf for leaf, (content, *_) in leaves.items() if content[0] == 6), None)
    if owed_at is None:
        raise Broken("nothing says what is owed")
    (size, count, owed, _, _), (root, _) = parts(leaves[owed_at][0], LIABILITIES, 2)
    if size != owed_at or any(leaf > owed_at for leaf in leaves):
        raise Broken("what is owed was told of another tree than these rows", owed_at)
    if [share["number"] for share in statement["shares"]] != [0, 1]:
        raise Broken("an account has two shares in what is owed")
    total = 0
    for share in statement["shares"]:
        amount = share["amount"]
        digest = share_leaf(bytes.fromhex(share["salt"]), share["number"], amount, standing, statement["address"])
        path = [(other, bytes.fromhex(node)) for other, node in share["path"]]
        if _climbed((amount, digest), share["position"], count, path) != (owed, root):
            raise Broken("a share is not part of what is owed: the last version, or the balance, is another", owed_at)
        total += amount
    if total != standing[0]:
        raise Broken("the shares in what is owed are not the balance", owed_at)
    return owed_at


def _climbed(
    node: tuple[int, bytes], position: int, size: int, path: list[tuple[int, bytes]]
) -> tuple[int, bytes] | None:
    """Return the root that a path leads to. Source: RFC 9162, 2.1.3.2."""
    last = size - 1
    for other in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            node = summed(other, node)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            node = summed(node, other)
        position, last = position >> 1, last >> 1
    return node if last == 0 else None


# --- a receipt --------------------------------------------------------------------------------------------------------


def _match(path: str, evidence: dict[bytes, bytes], rows: Iterable[Common]) -> str:
    """Tell which payment was made under a receipt: its digest is sealed beside the operation that it names."""
    given = json.loads(Path(path).read_text())
    receipt = given.get("receipt", given)
    body = json.dumps(receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    operation = bytes.fromhex(receipt["maru:opId"].replace("-", ""))
    if evidence.get(operation) != sha256(body).digest():
        raise Broken("no payment here was made under this receipt")
    consent = "consent:" + receipt["dpv:hasRecordOfActivity"]["dct:identifier"]
    paid, amounts = receipt["maru:compensation"], []
    for row in rows:
        if row.operation == operation:
            if row.kind != b"capture" or row.reference != consent.encode():
                raise Broken("the payment is for another consent than the receipt's")
            amounts.append(row.amount)
    if int(paid["maru:tokens"]) not in amounts or sum(amounts) > int(paid["maru:priceTokens"]):
        raise Broken("the payment is not what the receipt says")
    return f"; the receipt's {paid['maru:tokens']} tokens were paid"


def _shared_rows(contents: Iterable[bytes]) -> Iterator[Common]:
    return (Common.read(shared(content)) for content in contents if content[0] == 1)


def main() -> int:
    reader = argparse.ArgumentParser(description="Check a bundle of Maru's ledger, or an account's statement.")
    reader.add_argument("file")
    reader.add_argument("--key", help="the verifier key, told to you on another way than the file")
    reader.add_argument("--kept", nargs="*", default=[], help="files of checkpoints that you kept")
    reader.add_argument("--witness", nargs="*", default=[], help="keys of witnesses that you trust")
    reader.add_argument("--receipt", default="", help="a receipt, as Maru gave it to you")
    asked = reader.parse_args()
    check = verify if zipfile.is_zipfile(asked.file) else verify_statement
    try:
        kept = [Path(name).read_text() for name in asked.kept]
        said, code = check(asked.file, key=asked.key, kept=kept, witnesses=asked.witness, receipt=asked.receipt), 0
    except (Broken, OSError, ValueError) as exc:
        said, code = f"BAD: {exc}", 1
    # A name from the file must not move the cursor, and write OK over what is BAD.
    print(said.encode("unicode_escape").decode())
    return code


if __name__ == "__main__":
    sys.exit(main())
