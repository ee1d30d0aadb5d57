#!/usr/bin/env python3
"""Check a bundle of Maru's ledger without Maru: one file, the standard library, no database, no network.

    python3 verify_bundle.py bundle.zip [--key NAME+ID+KEY] [--kept CHECKPOINT ...]

Says OK and exits 0, or names what is wrong, with the first bad leaf where there is one, and exits 1. Give the key you
were told on another way, and every checkpoint you kept: without them a bundle vouches only for itself.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIELDS = (
    "id:n op_id:b leg:n kind:t hold:n hold_leg:n debit_id:n debit:t credit_id:n credit:t amount:n debit_version:n "
    "debit_after:n debit_held:n credit_version:n credit_after:n expires_at:n effective_at:n recorded_at:n actor:t "
    "event_type:t event_ref:t reverses:n approved_by:t reason:t xid:n"
)
NAMES = [field.split(":")[0] for field in FIELDS.split()]
FORMS = [field.split(":")[1] for field in FIELDS.split()]
MOVES = ("post", "capture", "reverse")
MAX_AMOUNT = 2**53 - 1


class Broken(Exception):
    """What is wrong, and at which leaf, where one is to blame."""

    def __init__(self, what: str, leaf: int | None = None) -> None:
        super().__init__(what if leaf is None else f"leaf {leaf}: {what}")
        self.leaf = leaf


# --- signatures: RFC 8032 and C2SP signed notes -----------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def unpacked(packed: bytes) -> Point:
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
    if len(public) != 32 or len(signature) != 64:
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
class Checkpoint:
    size: int
    root: bytes


def opened(note: str, key: str) -> Checkpoint:
    """Return what a signed note says, if `key` signed it."""
    try:
        name, key_id, packed = key.strip().split("+", 2)
        text, lines = note.rsplit("\n\n", 1)
        origin, size, root = (text + "\n").split("\n")[:3]
        public = base64.b64decode(packed, validate=True)
        said = Checkpoint(int(size), base64.b64decode(root, validate=True))
        signatures = [line[2:].split(" ") for line in lines.split("\n") if line.startswith("— ")]
        mine = [base64.b64decode(signature, validate=True) for who, signature in signatures if who == name]
    except ValueError as exc:
        raise Broken("a checkpoint or its key cannot be read") from exc
    if origin != name or hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() != key_id:
        raise Broken("a checkpoint is of another log, or the key is not what its id says")
    if not any(one[:4].hex() == key_id and is_signed(public[1:], (text + "\n").encode(), one[4:]) for one in mine):
        raise Broken(f"the signature of the checkpoint at {said.size} leaves is not good")
    return said


# --- the tree: RFC 6962 -----------------------------------------------------------------------------------------------


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class Tree:
    """A tree that grows leaf by leaf and knows its root at any moment."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def grow(self, digest: bytes) -> None:
        number = self.size
        while number & 1:
            digest, number = sha(b"\1" + self.peaks.pop() + digest), number >> 1
        self.peaks.append(digest)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return sha(b"")
        digest = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            digest = sha(b"\1" + peak + digest)
        return digest


# --- the rows ---------------------------------------------------------------------------------------------------------

Row = dict[str, Any]


def contents_of(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        if at + 4 > len(packed):
            raise Broken("the file of leaves ends in the middle of one")
        (length,) = struct.unpack_from(">I", packed, at)
        yield packed[at + 4 : at + 4 + length]
        at += 4 + length


def row_of(content: bytes, leaf: int) -> Row:
    if content[:1] != b"\1":
        raise Broken("is of a form that this verifier does not know", leaf)
    at = 1
    values: list[Any] = []
    try:
        for form in FORMS:
            tag, at = content[at], at + 1
            if tag == 0:
                values.append(None)
                continue
            (length,) = struct.unpack_from(">I", content, at)
            raw, at = content[at + 4 : at + 4 + length], at + 4 + length
            values.append(struct.unpack(">q", raw)[0] if form == "n" else raw.decode() if form == "t" else raw)
    except (IndexError, struct.error, UnicodeDecodeError) as exc:
        raise Broken("cannot be read", leaf) from exc
    if at != len(content):
        raise Broken("has something after its last field", leaf)
    return dict(zip(NAMES, values, strict=True))


class Books:
    """The journal played again: every rule that a row must keep, in the order of each account's versions."""

    def __init__(self, accounts: list[dict[str, Any]]) -> None:
        self.accounts = {account["id"]: account for account in accounts}
        self.seen: dict[object, tuple[int, Row]] = {}
        self.sides: dict[object, list[tuple[int, int, Row, int]]] = {}
        self.unversioned: dict[object, int] = {}
        self.resolved: dict[object, list[tuple[int, Row]]] = {}
        self.legs: set[tuple[object, object]] = set()
        self.reversed: set[object] = set()

    def take(self, leaf: int, row: Row) -> None:
        """Check what one row says by itself, and note it."""
        self._check_form(leaf, row)
        self.seen[row["id"]] = (leaf, row)
        self.legs.add((row["op_id"], row["leg"]))
        moves = row["kind"] in MOVES
        change = row["amount"] if moves else 0
        for side, sign in (("debit", -1), ("credit", 1)):
            account = row[f"{side}_id"]
            if account is None:
                continue
            if self.accounts[account]["has_balance"]:
                entry = (row[f"{side}_version"], leaf, row, sign * change)
                self.sides.setdefault(account, []).append(entry)
            else:
                self.unversioned[account] = self.unversioned.get(account, 0) + sign * change
        if row["hold"] is not None:
            self.resolved.setdefault(row["hold"], []).append((leaf, row))

    def _check_form(self, leaf: int, row: Row) -> None:
        kind, moves = row["kind"], row["kind"] in MOVES
        if not moves and kind not in ("hold", "release", "expire"):
            raise Broken("is of no known kind", leaf)
        if type(row["amount"]) is not int or not 1 <= row["amount"] <= MAX_AMOUNT:
            raise Broken("has an amount out of range", leaf)
        if moves != (row["credit_id"] is not None) or row["credit_id"] == row["debit_id"]:
            raise Broken("does not take from one account and give to another", leaf)
        if row["id"] in self.seen or (row["op_id"], row["leg"]) in self.legs:
            raise Broken("repeats another row", leaf)
        if row["effective_at"] > row["recorded_at"]:
            raise Broken("is dated ahead", leaf)
        for side in ("debit", "credit"):
            account = self.accounts.get(row[f"{side}_id"])
            if row[f"{side}_id"] is None:
                continue
            if account is None or account["address"] != row[side]:
                raise Broken(f"names a {side} account that is not in the list", leaf)
            if account["has_balance"] != (row[f"{side}_version"] is not None):
                raise Broken("has no version where a balance is kept, or one where none is", leaf)

    def close(self) -> dict[str, list[int]]:
        """Check what the rows say together; return where every account stands."""
        self._check_holds()
        self._check_reversals()
        standing = {address: [0, 0, 0] for address in sorted(str(one["address"]) for one in self.accounts.values())}
        for account, entries in self.sides.items():
            standing[str(self.accounts[account]["address"])] = self._replayed(
                account, sorted(entries, key=lambda e: e[0])
            )
        for account, posted in self.unversioned.items():
            standing[str(self.accounts[account]["address"])] = [posted, 0, 0]
        return standing

    def _replayed(self, account: object, entries: list[tuple[int, int, Row, int]]) -> list[int]:
        posted = held = 0
        written = None
        for wanted, (version, leaf, row, change) in enumerate(entries, start=1):
            if version != wanted:
                raise Broken(f"its account's version {wanted} is missing or doubled", leaf)
            posted += change
            is_debit = row["debit_id"] == account
            if is_debit:
                held += self._held_by(row)
            if row["debit_after" if is_debit else "credit_after"] != posted or (is_debit and row["debit_held"] != held):
                raise Broken("the balance after it is not what the rows before it make", leaf)
            floor = self.accounts[account]["floor"]
            if is_debit and floor is not None and posted - held < floor:
                raise Broken("the account stands below its floor", leaf)
            if written is not None and row["recorded_at"] < written:
                raise Broken("time runs backwards within its account", leaf)
            written = row["recorded_at"]
        return [posted, held, len(entries)]

    def _held_by(self, row: Row) -> int:
        if row["kind"] == "hold":
            return int(row["amount"])
        if row["hold"] is None or row["hold_leg"] != 1:
            # Of a capture's legs every one shows what is held after the whole of it.
            return 0
        return -int(self.seen[row["hold"]][1]["amount"])

    def _check_holds(self) -> None:
        for hold, resolutions in self.resolved.items():
            leaf, first = resolutions[0]
            if hold not in self.seen or self.seen[hold][1]["kind"] != "hold":
                raise Broken("resolves a hold that is not there", leaf)
            held = self.seen[hold][1]
            if sorted(row["hold_leg"] for _, row in resolutions) != list(range(1, len(resolutions) + 1)):
                raise Broken("resolves a hold a second time", resolutions[-1][0])
            if len({(row["op_id"], row["kind"], row["debit_id"]) for _, row in resolutions}) > 1:
                raise Broken("resolves a hold a second time", resolutions[-1][0])
            if first["kind"] not in ("capture", "release", "expire") or first["debit_id"] != held["debit_id"]:
                raise Broken("resolves a hold of another account", leaf)
            if first["kind"] == "capture" and sum(row["amount"] for _, row in resolutions) > held["amount"]:
                raise Broken("pays more than was held", leaf)
            if first["kind"] == "capture" and first["recorded_at"] >= held["expires_at"]:
                raise Broken("pays from a hold whose time had passed", leaf)
            if first["kind"] == "expire" and first["recorded_at"] < held["expires_at"]:
                raise Broken("lets a hold expire before its time", leaf)

    def _check_reversals(self) -> None:
        for leaf, row in self.seen.values():
            if (row["kind"] == "reverse") != (row["reverses"] is not None):
                raise Broken("is a reversal of nothing", leaf)
            if row["reverses"] is None:
                continue
            _, back = self.seen.get(row["reverses"], (0, None))
            if back is None or back["kind"] not in ("post", "capture") or row["reverses"] in self.reversed:
                raise Broken("reverses what cannot be reversed, or was before", leaf)
            if (row["debit_id"], row["credit_id"], row["amount"]) != (
                back["credit_id"],
                back["debit_id"],
                back["amount"],
            ):
                raise Broken("is not the whole row with its sides swapped", leaf)
            if not row["approved_by"] or row["approved_by"] == row["actor"] or not row["reason"]:
                raise Broken("was not agreed to by a second person with a reason", leaf)
            self.reversed.add(row["reverses"])


# --- the whole --------------------------------------------------------------------------------------------------------


def verify(bundle: str, *, key: str | None = None, kept: tuple[str, ...] = ()) -> str:
    """Return one line of good news.

    Raises:
        Broken: the first thing that is wrong.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        own_key, notes = files["key"].decode(), files["checkpoint"].decode()
        older = {name: files[name].decode() for name in files if name.startswith("checkpoints/")}
        accounts, claims = json.loads(files["accounts.json"]), json.loads(files["claims.json"])
        leaves, hashes = files["leaves"], files["hashes"]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as exc:
        raise Broken(f"the bundle cannot be read: {type(exc).__name__}") from exc

    newest = opened(notes, key or own_key)
    known = [opened(note, key or own_key) for note in (*older.values(), *kept)] + [newest]
    for one in known:
        if one.size > newest.size:
            raise Broken(f"the tree has {newest.size} leaves, and a checkpoint was signed at {one.size}")
    _check_tree(newest, known, leaves, hashes)

    books = Books(accounts)
    for leaf, content in enumerate(contents_of(leaves)):
        books.take(leaf, row_of(content, leaf))
    standing = books.close()
    if claims["tree_size"] != newest.size or claims["standing"] != standing:
        wrong = sorted(name for name in standing if claims["standing"].get(name) != standing[name])
        raise Broken(f"the balances that are claimed are not those of the journal: {', '.join(wrong[:3]) or 'others'}")
    if sum(posted for posted, _, _ in standing.values()):
        raise Broken("what was taken is not what was given")
    told = "the key given" if key else "the key inside it (give --key to check who signed)"
    return f"OK: {newest.size} leaves, {len(known)} checkpoints, {len(standing)} accounts, signed by {told}"


def _check_tree(newest: Checkpoint, known: list[Checkpoint], leaves: bytes, hashes: bytes) -> None:
    roots: dict[int, set[bytes]] = {}
    for one in known:
        roots.setdefault(one.size, set()).add(one.root)
    tree, good = Tree(), 0
    for leaf, content in enumerate(contents_of(leaves)):
        digest = sha(b"\0" + content)
        if hashes[leaf * 32 : leaf * 32 + 32] != digest:
            raise Broken("is not what was sealed", leaf)
        tree.grow(digest)
        if tree.size in roots:
            if roots[tree.size] != {tree.root()}:
                raise Broken(f"this or one up to {leaf} is not what was signed at {tree.size} leaves", good)
            good = tree.size
    if tree.size != newest.size or len(hashes) != 32 * tree.size:
        raise Broken(f"{newest.size} leaves were signed and {tree.size} are here", min(tree.size, len(hashes) // 32))
    if roots.get(0, {sha(b"")}) != {sha(b"")}:
        raise Broken("a checkpoint of nothing has something in it")


def main() -> int:
    reader = argparse.ArgumentParser(description="Check a bundle of Maru's ledger.")
    reader.add_argument("bundle")
    reader.add_argument("--key", help="the verifier key, told to you on another way than the bundle")
    reader.add_argument("--kept", nargs="*", default=[], help="files of checkpoints that you kept")
    asked = reader.parse_args()
    try:
        print(verify(asked.bundle, key=asked.key, kept=tuple(Path(name).read_text() for name in asked.kept)))
    except Broken as exc:
        print(f"BAD: {exc}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
