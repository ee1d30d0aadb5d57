"""Books without a database: leaves as the whole books have them, made row by row, honest or bent on purpose."""

import json
import struct
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger import signed_notes
from rewards.ledger.verify_bundle import ACCOUNT, ATTEMPT, NONE, TRANSFER, folded, hashed_as

SALT = bytes(range(16))
ISSUANCE = 1
ACTOR = b"user:7b0e0b8e-5a43-4a0a-b8de-3f7d9c1f0a11"


def packed(form: struct.Struct, first: bytes, *numbers: object, texts: Sequence[bytes | None]) -> bytes:
    lengths = [-1 if text is None else len(text) for text in texts]
    return first + form.pack(*numbers, *lengths)[1:] + b"".join(text or b"" for text in texts) + SALT


def packed_transfer(numbers: Sequence[object], debit_texts: Sequence[bytes | None], texts: Sequence[bytes]) -> bytes:
    """Return a row as the whole books have it, both sides open: the credit side, what is common, the debit side."""
    lengths = [-1 if text is None else len(text) for text in debit_texts]
    whole = TRANSFER.pack(*numbers[:10], *map(len, texts), *numbers[10:], *lengths)
    salted = b"\1" + SALT + whole[17:117] + SALT + whole[133:]
    return salted + b"".join(text or b"" for text in debit_texts) + b"".join(texts)


class Journal:
    """A journal that grows leaf by leaf and knows where every account stands."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.standing: dict[int, list[int]] = {}
        self.row = 0
        self.names: dict[int, str] = {}
        #: Accounts of which no balance is kept, and no version.
        self.loose: set[int] = set()

    def open(self, address: str, kind: str, *, has_balance: bool = True) -> int:
        number = len(self.names) + 1
        self.names[number], self.standing[number] = address, [0, 0, 0]
        if not has_balance:
            self.loose.add(number)
        floor = 0 if has_balance else NONE
        texts = (address.encode(), kind.encode())
        self.leaves.append(packed(ACCOUNT, b"\2", number, int(has_balance), floor, 1, 1, texts=texts))
        return number

    def move(
        self, kind: bytes, operation: bytes, leg: int, debit: int, credit: int, amount: int, *,
        hold: int = NONE, held: int = 0, expires: int = NONE, event: bytes = b"bench",
        reference: bytes = b"ask:0e9f5ad1-2a51-4bb6-a5a0-5d9b8b1d4f10",
        approver: bytes | None = None, reason: bytes | None = None, **said: Any,
    ) -> int:  # fmt: skip
        """Write one row and return its id; whatever is `said` stands in it instead of what is true."""
        self.row += 1
        numbers = {
            "credit": credit, "credit_version": NONE, "credit_after": NONE,
            "operation": operation, "row": self.row, "leg": leg, "amount": amount,
            "effective": self.row, "recorded": self.row, "reverses": NONE,
            "debit": debit, "debit_version": NONE, "debit_after": NONE, "debit_held": NONE,
            "hold": hold, "hold_leg": leg if hold != NONE else NONE, "expires": expires,
        }  # fmt: skip
        moves = kind in (b"post", b"capture", b"reverse")
        taken = self.standing[debit]
        taken[0] -= amount if moves else 0
        taken[1] += held
        if debit not in self.loose:
            taken[2] += 1
            numbers |= {"debit_version": taken[2], "debit_after": taken[0], "debit_held": taken[1]}
        if moves:
            given = self.standing[credit]
            given[0] += amount
            if credit not in self.loose:
                given[2] += 1
                numbers |= {"credit_version": given[2], "credit_after": given[0]}
        debit_texts = (ACTOR, approver, reason)
        texts = (kind, event, reference)
        self.leaves.append(packed_transfer([*(numbers | said).values()], debit_texts, texts))
        return self.row

    def attempt(
        self, kind: bytes, operation: bytes | None, *, key: bytes | None = None, outcome: bytes = b"applied",
        body: bytes | None = None,
    ) -> None:  # fmt: skip
        """Write under which key an operation was made, or that nothing was made of it."""
        key = key or b"settle:" + (operation or b"").hex().encode()
        texts = (operation, key, sha256(key).digest(), kind, outcome, b"user:7", body)
        self.leaves.append(packed(ATTEMPT, b"\4", self.row, 1, self.row, 7, texts=texts))


LOG = "books.example/maru/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def verifier_key(algorithm: bytes = signed_notes.ED25519, key: Ed25519PrivateKey = KEY, name: str = LOG) -> str:
    public = key.public_key().public_bytes_raw()
    key_id = sha256(name.encode() + b"\n" + algorithm + public).digest()[:4]
    return f"{name}+{key_id.hex()}+{b64encode(algorithm + public).decode()}"


def signed_at(size: int, root: bytes) -> str:
    """Return the checkpoint of a tree of such a size and root."""
    return signed_notes.signed(f"{LOG}\n{size}\n{b64encode(root).decode()}\n", name=LOG, key=KEY)


def written(journal: Journal, folder: Path, **bent: bytes) -> str:
    """Write a bundle of some books, signed; whatever is `bent` stands in it instead of the file of that name."""
    hashes = [sha256(hashed_as(leaf)).digest() for leaf in journal.leaves]
    standing = {journal.names[number]: stood for number, stood in journal.standing.items()}
    files = {
        "key": verifier_key(),
        "witnesses": "",
        "checkpoint": signed_at(len(hashes), folded(hashes)),
        "leaves": b"".join(journal.leaves),
        "lengths": struct.pack(f">{len(hashes)}I", *map(len, journal.leaves)),
        "hashes": b"".join(hashes),
        "claims": json.dumps({"tree_size": len(hashes), "standing": standing, "seeds": {}}),
    }
    path = folder / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | bent).items():
            archive.writestr("claims.json" if name == "claims" else name, content)
    return str(path)
