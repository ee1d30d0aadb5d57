"""Whatever a file holds, keys, notes, claims and damage too: the verifier says OK or names it, and never falls."""

import json
import struct
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger import verify_bundle
from rewards.ledger.verify_bundle import LOG, WITNESS, Broken, Tree, folded, is_signed, key_of, unpacked, verify
from tests.rewards.ledger.made_books import Journal, signed_at, verifier_key, written
from tests.rewards.ledger.test_verifier_rules import Made


def test_books_in_order_are_ok(tmp_path):
    assert verify(written(Made(), tmp_path)).startswith("OK: 11 leaves, 1 checkpoints, 4 accounts")


def claims(**other: object) -> bytes:
    made = Made()
    standing = {made.names[number]: stood for number, stood in made.standing.items()}
    return json.dumps({"tree_size": len(made.leaves), "standing": standing, "seeds": {}} | other).encode()


BENT: list[tuple[dict[str, bytes], str]] = [
    ({"claims": claims(tree_size=10)}, "the balances that are claimed are not those of the journal: others"),
    (
        {"claims": claims(standing={})},
        "the balances that are claimed are not .*: escrow:1, household:1, platform:fees$",
    ),
    ({"claims": claims(standing=[])}, "the bundle cannot be read: AttributeError"),
    ({"claims": claims(standing=None)}, "the bundle cannot be read"),
    ({"claims": claims(seeds={"one": "00"})}, "the bundle cannot be read: ValueError"),
    ({"claims": claims(seeds={"1": "00"})}, "leaf 1: the tree of what is owed is told for a leaf that"),
    ({"claims": claims(seeds=7)}, "the bundle cannot be read"),
    ({"claims": b"{}"}, "the bundle cannot be read: KeyError"),
    ({"claims": b"[" * 200_000}, "the bundle cannot be read"),
    ({"claims": b"\xff"}, "the bundle cannot be read"),
    ({"lengths": b"\0\0\0"}, "the bundle cannot be read: error"),
    ({"lengths": struct.pack(">I", 2**32 - 1)}, "leaf 0: is not what was sealed"),
    ({"lengths": struct.pack(">11I", *[0] * 11)}, "leaf 0: is not what was sealed"),
    ({"leaves": b""}, "leaf 0: is not what was sealed"),
    ({"hashes": b""}, "leaf 0: is not what was sealed"),
    ({"key": b"nobody"}, "a key cannot be read"),
    ({"key": b"\xff\xff"}, "the bundle cannot be read: UnicodeDecodeError"),
    ({"witnesses": b"nobody"}, "a key cannot be read"),
    ({"checkpoint": b"nothing"}, "a checkpoint cannot be read"),
    ({"checkpoint": b"a\nb\nc\n\n\xe2\x80\x94 d e\n"}, "a checkpoint cannot be read"),
    ({"checkpoint": signed_at(11, bytes(32)).encode()}, "leaf 0: this or one up to 10 is not what was signed"),
]


@pytest.mark.parametrize(("bent", "told"), BENT)
def test_a_file_that_is_not_what_it_should_be_is_named(tmp_path, bent, told):
    with pytest.raises(Broken, match=told):
        verify(written(Made(), tmp_path, **bent))


def test_no_hash_stands_after_the_last_leaf(tmp_path):
    made = Made()
    hashes = b"".join(verify_bundle.digests_of(made.leaves))

    with pytest.raises(Broken, match="leaf 11: 11 leaves were signed and 11 are here"):
        verify(written(made, tmp_path, hashes=hashes + bytes(32)))


def test_no_leaf_stands_after_the_last_that_was_signed(tmp_path):
    made = Made()
    note = signed_at(len(made.leaves) - 1, folded(verify_bundle.digests_of(made.leaves[:-1])))

    with pytest.raises(Broken, match="leaf 11: 10 leaves were signed and 11 are here"):
        verify(written(made, tmp_path, checkpoint=note.encode()))


def test_a_checkpoint_of_nothing_has_the_root_of_nothing(tmp_path):
    path = written(Made(), tmp_path)

    assert verify(path, kept=[signed_at(0, sha256(b"").digest())]).startswith("OK: 11 leaves, 2 checkpoints")
    with pytest.raises(Broken, match="a checkpoint of nothing has something in it"):
        verify(path, kept=[signed_at(0, bytes(32))])


def test_a_damaged_file_is_ok_as_it_was_or_is_refused(tmp_path):
    """A byte is another in fifty places: in what is packed, in its sizes, in the list of what is in the file."""
    path = Path(written(Made(), tmp_path))
    whole, honest = path.read_bytes(), verify(str(path))
    refused = 0
    for at in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            assert verify(str(path)) == honest
        except Broken:
            refused += 1
    assert refused > 25


def test_more_leaves_than_a_run_are_folded_to_the_same_root(tmp_path, monkeypatch):
    """Also where a checkpoint was signed in the middle of a run, and where the last run is full."""
    monkeypatch.setattr(Tree, "RUN", 4)
    made = Made()
    made.owes(100)
    digests = verify_bundle.digests_of(made.leaves)
    kept = [signed_at(size, folded(digests[:size])) for size in range(1, 13)]

    assert verify(written(made, tmp_path), kept=kept).startswith("OK: 12 leaves, 13 checkpoints")
    for size in range(1, 13):
        with pytest.raises(Broken, match=f"is not what was signed at {size} leaves"):
            verify(written(made, tmp_path), kept=[signed_at(size, bytes(32))])


@pytest.mark.parametrize("fall", [ZeroDivisionError, EOFError, MemoryError, FileNotFoundError, TypeError])
def test_whatever_a_file_makes_the_verifier_fall_over_is_said_of_the_file(tmp_path, monkeypatch, fall):
    """Those that no file here brings about; the others are in `BENT`."""

    def falls(*_: object) -> None:
        raise fall

    monkeypatch.setattr(verify_bundle, "_check_claims", falls)

    with pytest.raises(Broken, match=f"the bundle cannot be read: {fall.__name__}"):
        verify(written(Made(), tmp_path))


OTHER = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "cannot be read"),
        ("name+00000000", "cannot be read"),
        ("name+00000000+???", "cannot be read"),
        (verifier_key(algorithm=b"\4"), "is not what its id says"),
        (verifier_key().replace("books", "other"), "is not what its id says"),
        (
            "+".join([*verifier_key().split("+")[:2], verifier_key(key=OTHER).split("+", 2)[2]]),
            "is not what its id says",
        ),
    ],
)
def test_a_key_is_of_its_name_and_algorithm(line, told):
    assert key_of(verifier_key(), LOG).name == "books.example/maru/ledger"
    with pytest.raises(Broken, match=told):
        key_of(line, LOG)
    with pytest.raises(Broken, match="is not what its id says"):
        key_of(verifier_key(), WITNESS)


@pytest.mark.parametrize(
    "packed",
    [
        bytes(31),
        bytes(33),
        (verify_bundle.P + 1).to_bytes(32, "little"),  # one, written in another way
        (2).to_bytes(32, "little"),  # no x goes with it
        (1 + (1 << 255)).to_bytes(32, "little"),  # x is zero, and zero has no sign
    ],
)
def test_a_point_is_written_in_one_way(packed):
    """RFC 8032, 5.1.3: whoever could write one signature in two ways could deny one of them."""
    assert unpacked((1).to_bytes(32, "little")) == (0, 1, 1, 0)
    with pytest.raises(ValueError, match="not a point"):
        unpacked(packed)


@pytest.mark.parametrize(("key_length", "length"), [(31, 64), (33, 64), (32, 63), (32, 65)])
def test_a_signature_of_another_length_is_not_good(key_length, length):
    public, signature = OTHER.public_key().public_bytes_raw(), OTHER.sign(b"x")

    assert is_signed(public, b"x", signature)
    assert not is_signed((public + b"\0")[:key_length], b"x", (signature + b"\0")[:length])


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["verify_bundle.py", *arguments])
    return verify_bundle.main(), capsys.readouterr().out


def damaged(folder: Path) -> str:
    (folder / "statement.json").write_bytes(b"\xff{")
    return str(folder / "statement.json")


@pytest.mark.parametrize(
    "arguments",
    [
        lambda folder: [str(folder / "nowhere.zip")],
        lambda folder: [damaged(folder)],
        lambda folder: [written(Journal(), folder, key=b"nobody")],
        lambda folder: [written(Made(), folder), "--kept", str(folder / "nowhere")],
        lambda folder: [written(Made(), folder), "--kept", damaged(folder)],
        lambda folder: [written(Made(), folder), "--receipt", str(folder / "nowhere")],
        lambda folder: [written(Made(), folder), "--witness", "nobody"],
        lambda folder: [written(Made(), folder), "--key", verifier_key(key=OTHER)],
    ],
)
def test_whatever_one_hands_to_it_it_answers_in_one_line(
    monkeypatch, capsys, tmp_path, arguments: Callable[[Path], list[str]]
):
    assert run(monkeypatch, capsys, written(Made(), tmp_path))[0] == 0

    code, said = run(monkeypatch, capsys, *arguments(tmp_path))

    assert (code, said[:5], said.count("\n")) == (1, "BAD: ", 1)
