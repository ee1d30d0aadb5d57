"""What an operator who is not honest could hand an auditor, signed with its own good key; no database needed."""

import struct
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger.verify_bundle import TEXTS_AT, Broken, digests_of, folded, verify
from tests.rewards.ledger.made_books import ACTOR, KEY, Journal, signed_at, verifier_key, written
from tests.rewards.ledger.test_verifier_files import OTHER, run
from tests.rewards.ledger.test_verifier_rules import AGREED, ESCROW, HOME, Made, op

NAME, COSIGNATURE = "witness.example/one", b"\4"


def witness(key: Ed25519PrivateKey, name: str = NAME) -> str:
    return verifier_key(COSIGNATURE, key, name)


def cosigned(made: Journal, *, signer: Ed25519PrivateKey, name: str = NAME) -> bytes:
    """Return the checkpoint of some books with the line of `OTHER` as a witness under it, as `signer` would sign it."""
    note = signed_at(len(made.leaves), folded(digests_of(made.leaves)))
    signature = signer.sign(b"cosignature/v1\ntime 7\n" + note.rpartition("\n\n")[0].encode() + b"\n")
    packed = bytes.fromhex(witness(OTHER, name).split("+")[1]) + struct.pack(">Q", 7) + signature
    return f"{note}— {name} {b64encode(packed).decode()}\n".encode()


def test_nobody_signs_under_the_name_of_a_witness_that_is_trusted(tmp_path: Path):
    made = Made()
    path = written(made, tmp_path, witnesses=witness(OTHER).encode(), checkpoint=cosigned(made, signer=OTHER))

    assert f"cosigned by {NAME} at 11 leaves by a key inside it" in verify(path)
    assert "cosigned" not in verify(path, witnesses=[witness(KEY)])
    assert verify(path, witnesses=[witness(OTHER)]).endswith(f"cosigned by {NAME} at 11 leaves")


def test_no_account_hides_behind_the_address_of_another(tmp_path: Path):
    made = Made()
    made.open("household:1", "household")

    with pytest.raises(Broken, match="leaf 11: opens an account at an address that has one"):
        verify(written(made, tmp_path))


def test_nobody_is_no_first_person(tmp_path: Path):
    """The length of who did it is less than nothing: whatever two persons agree to, one must be there."""
    made = Made()
    post = made.keyed(b"post", op(4), HOME, ESCROW, 5)
    at = len(made.leaves)
    made.keyed(b"reverse", op(5), ESCROW, HOME, 5, reverses=post, **AGREED | {"reason": b"wronger"})
    assert verify(written(made, tmp_path)).startswith("OK: 15 leaves")
    leaf, lengths_at = made.leaves[at], TEXTS_AT - 12
    # The kind begins a byte earlier then, with the end of the reason.
    texts = leaf[TEXTS_AT + len(ACTOR) :].replace(b"wrongerreverse", b"wrongereverse")
    made.leaves[at] = leaf[:lengths_at] + struct.pack(">i", -1) + leaf[lengths_at + 4 : TEXTS_AT] + texts

    with pytest.raises(Broken, match="leaf 13: "):
        verify(written(made, tmp_path))


def test_a_name_writes_over_nothing_that_is_said(tmp_path: Path, monkeypatch, capsys):
    name, made = "x\x1b[2K\x1b[GOK:\x7f", Made()
    bent = {"witnesses": witness(OTHER, name).encode(), "checkpoint": cosigned(made, signer=KEY, name=name)}

    code, said = run(monkeypatch, capsys, written(made, tmp_path, **bent))

    assert (code, said.isascii(), said[:-1].isprintable()) == (1, True, True)
    assert said.startswith("BAD: the cosignature of x\\x1b[2K\\x1b[GOK:\\x7f at 11 leaves is false")
