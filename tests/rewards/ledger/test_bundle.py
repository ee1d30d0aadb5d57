"""The bundle is checked by one file without Maru, and every way of bending the books is caught and named."""

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger import bundle, merkle, signed_notes, verify_bundle
from rewards.ledger import operations as ledger
from rewards.ledger.models import FEES
from rewards.ledger.verify_bundle import Broken, contents_of, is_signed, row_of, verify
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.rewards.ledger.test_sealing import sealed


def play() -> None:
    """A little of everything: posts, a hold that is captured, one that is freed, a reversal, a back-dated post."""
    escrow, home = books.account("escrow", tokens=100), books.account()
    first, second = (books.hold(debit=escrow, amount=amount) for amount in (30, 7))
    books.capture((home, 20), (FEES, 5), hold=first.key)
    ledger.release_hold(hold=second.key, key=books.key(), actor="test")
    gift = books.post(debit=home, credit=books.account(), amount=3)
    ledger.reverse_operation(op_id=gift.op_id, actor="user:1", approved_by="user:2", reason="잘못 보냄")
    ledger.capture_hold(hold=books.hold(debit=escrow, amount=2).key, key=books.key(), legs=[], **books.FACT)


#: Made once: what it takes is a sealed journal, and that waits for whatever else the server is doing.
MADE: list[bytes] = []


def make() -> bytes:
    play()
    sealed()
    play()
    sealed()
    books.hold(debit=books.account("escrow", tokens=9), amount=4)  # not sealed: the bundle is of the checkpoint
    with bundle.write_bundle() as file:
        return file.read()


@pytest.fixture
def saved(request, tmp_path) -> Path:
    if not MADE:
        request.getfixturevalue("committed_db")
        MADE.append(make())
    path = tmp_path / "bundle.zip"
    path.write_bytes(MADE[0])
    return path


def bent(path: Path, **files: bytes) -> str:
    """Write the bundle again with other files in it (a dot in a name is written as two underscores)."""
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    whole |= {name.replace("__", "."): content for name, content in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    return str(path)


def inside(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def packed(contents) -> bytes:
    return b"".join(struct.pack(">I", len(content)) + content for content in contents)


def hashes_of(contents) -> bytes:
    return b"".join(merkle.leaf_hash(content) for content in contents)


def test_an_honest_bundle_is_ok_in_a_process_without_maru(saved):
    key = signed_notes.verifier_key()

    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_bundle.__file__, str(saved), "--key", key],
        capture_output=True, text=True, env={}, cwd="/",
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK: 20 leaves, ")


def test_the_process_says_bad_and_fails(saved):
    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_bundle.__file__, bent(saved, leaves=b"\0")], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout[:5]) == (1, "BAD: ")


def test_the_verifier_reads_what_the_journal_wrote(saved):
    rows = [row_of(content, leaf) for leaf, content in enumerate(contents_of(inside(saved, "leaves")))]

    reversal = next(row for row in rows if row["kind"] == "reverse")
    assert (reversal["amount"], reversal["approved_by"], reversal["reason"]) == (3, "user:2", "잘못 보냄")
    assert {row["credit"] for row in rows if row["kind"] == "hold"} == {None}


@pytest.mark.parametrize("leaf", [0, 7, 19])
def test_a_flipped_bit_is_named_by_its_leaf(saved, leaf):
    contents = list(contents_of(inside(saved, "leaves")))
    contents[leaf] = contents[leaf][:9] + bytes([contents[leaf][9] ^ 1]) + contents[leaf][10:]

    with pytest.raises(Broken, match=f"leaf {leaf}: is not what was sealed") as caught:
        verify(bent(saved, leaves=packed(contents)))
    assert caught.value.leaf == leaf


def test_a_dropped_row_is_named(saved):
    contents = list(contents_of(inside(saved, "leaves")))

    with pytest.raises(Broken, match="leaf 4: "):
        verify(bent(saved, leaves=packed(contents[:4] + contents[5:])))


def test_the_last_row_is_missed_too(saved):
    contents = list(contents_of(inside(saved, "leaves")))

    with pytest.raises(Broken, match="leaf 19: 20 leaves were signed and 19 are here"):
        verify(bent(saved, leaves=packed(contents[:-1])))


def test_swapped_rows_are_named_even_where_their_hashes_were_swapped_too(saved):
    contents = list(contents_of(inside(saved, "leaves")))
    contents[2], contents[3] = contents[3], contents[2]

    with pytest.raises(Broken, match="leaf 0: this or one up to"):
        verify(bent(saved, leaves=packed(contents), hashes=hashes_of(contents)))
    with pytest.raises(Broken, match="leaf 2: is not what was sealed"):
        verify(bent(saved, leaves=packed(contents), hashes=hashes_of([*contents[:2], contents[3], contents[2]])))


def resigned(path: Path, contents, key: Ed25519PrivateKey) -> str:
    """Build and sign a whole new tree, as only whoever holds the key can."""
    leaves = [merkle.leaf_hash(content) for content in contents]
    root = merkle.root_of(len(leaves), subtree=lambda level, at: merkle.folded(leaves[at << level : (at + 1) << level]))
    text = verify_bundle.base64.b64encode(root).decode()
    name = signed_notes.origin()
    note = signed_notes.signed(f"{name}\n{len(leaves)}\n{text}\n", name=name, key=key)
    with zipfile.ZipFile(path) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if not n.startswith("checkpoints/")}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in kept.items():
            archive.writestr(entry, content)
    return bent(path, checkpoint=note.encode(), leaves=packed(contents), hashes=b"".join(leaves))


@pytest.fixture
def own_key(settings):
    return signed_notes._key(str(settings.KEYS_DIR))


def test_a_shorter_tree_signed_anew_is_caught_by_who_kept_a_checkpoint(saved, own_key):
    kept = inside(saved, "checkpoint").decode()
    contents = list(contents_of(inside(saved, "leaves")))

    with pytest.raises(Broken, match="has 15 leaves, and a checkpoint was signed at 20"):
        verify(resigned(saved, contents[:15], own_key), kept=(kept,))


def test_a_tree_of_the_same_size_signed_anew_is_caught_by_who_kept_a_checkpoint(saved, own_key):
    kept = inside(saved, "checkpoint").decode()
    contents = list(contents_of(inside(saved, "leaves")))
    contents[5], contents[6] = contents[6], contents[5]

    with pytest.raises(Broken, match="is not what was signed at 20 leaves"):
        verify(resigned(saved, contents, own_key), kept=(kept,))


def changed(content: bytes, field: str, value: int) -> bytes:
    """Return a leaf with one number changed in place."""
    at, wanted = 1, verify_bundle.NAMES.index(field)
    for _ in range(wanted):
        at += 5 + struct.unpack_from(">I", content, at + 1)[0] if content[at] else 1
    assert content[at] == 1
    return content[: at + 5] + struct.pack(">q", value) + content[at + 13 :]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("amount", 0, "out of range"),
        ("amount", 99, "the balance after it"),
        ("credit_after", 99, "the balance after it"),
        ("credit_version", 9, "version 1 is missing"),
        ("effective_at", 2**62, "dated ahead"),
        ("credit_id", 10**9, "not in the list"),
    ],
)
def test_even_the_holder_of_the_key_cannot_sign_books_that_break_a_rule(saved, own_key, field, value, told):
    contents = list(contents_of(inside(saved, "leaves")))
    contents[0] = changed(contents[0], field, value)

    with pytest.raises(Broken, match=told):
        verify(resigned(saved, contents, own_key))


def test_a_claim_that_the_journal_does_not_make_is_caught(saved):
    claims = json.loads(inside(saved, "claims.json"))
    claims["standing"][FEES][0] += 1

    with pytest.raises(Broken, match="platform:fees"):
        verify(bent(saved, claims__json=json.dumps(claims).encode()))


def test_another_key_and_a_bent_note_are_refused(saved):
    name = signed_notes.origin()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    line = verify_bundle.base64.b64encode(b"\x01" + other).decode()
    wrong = f"{name}+{signed_notes.key_id(name, other).hex()}+{line}"

    with pytest.raises(Broken, match="signature"):
        verify(str(saved), key=wrong)
    with pytest.raises(Broken, match="signature"):
        verify(bent(saved, checkpoint=inside(saved, "checkpoint").replace(b"\n20\n", b"\n21\n")))


def test_a_row_changed_in_the_database_itself_is_named(committed_db, tmp_path):
    play()
    sealed()
    with connect_as_owner(committed_db) as owner:
        owner.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER transfer_only_grows")
        owner.execute(
            """UPDATE ledger_transfer SET actor = 'nobody'
               WHERE id = (SELECT transfer_id FROM ledger_leaf WHERE index = 6)"""
        )
    with bundle.write_bundle() as file:
        (tmp_path / "other.zip").write_bytes(file.read())

    with pytest.raises(Broken, match="leaf 6: is not what was sealed"):
        verify(str(tmp_path / "other.zip"))


def test_consistency_is_checked_with_every_older_checkpoint(saved):
    # What else the server does decides how many leaves one pass seals; the oldest checkpoint is of a part of them.
    checkpoints = sorted(int(name.split("/")[1]) for name in names_in(saved) if name.startswith("checkpoints/"))
    older = inside(saved, f"checkpoints/{checkpoints[0]}").decode()

    assert checkpoints[0] < 20
    assert f"20 leaves, {len(checkpoints) + 2} checkpoints" in verify(str(saved), kept=(older,))


# RFC 8032, 7.1, tests 1 to 3.
VECTORS = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_are_judged_as_the_rfc_does(public, message, signature):
    key, text, sign = (bytes.fromhex(part) for part in (public, message, signature))

    assert is_signed(key, text, sign)
    assert not is_signed(key, text + b"x", sign)
    assert not is_signed(
        key, text, sign[:32] + (int.from_bytes(sign[32:], "little") + verify_bundle.L).to_bytes(32, "little")
    )
    assert not is_signed(b"\xff" * 32, text, sign)
