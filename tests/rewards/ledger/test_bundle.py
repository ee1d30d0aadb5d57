"""The bundle is checked by one file without Maru, and every way of bending the books is caught and named."""

import json
import struct
import subprocess
import sys
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger import bundle, liabilities, merkle, signed_notes, verify_bundle
from rewards.ledger import operations as ledger
from rewards.ledger.errors import InsufficientTokens
from rewards.ledger.models import FEES, Leaf
from rewards.ledger.verify_bundle import Broken, Common, digests_of, is_signed, shared, verify
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed


def play() -> None:
    """A little of everything: posts, a hold that is captured, one that is freed, reversals, a back-dated post."""
    escrow, home = books.account("escrow", tokens=100), books.account()
    first, second = (books.hold(debit=escrow, amount=amount) for amount in (30, 7))
    books.capture((home, 20), (FEES, 5), hold=first.key)
    ledger.release_hold(hold=second.key, key=books.key(), actor="test")
    gift = books.post(debit=home, credit=books.account(), amount=3)
    ledger.reverse_operation(op_id=gift.op_id, actor="user:1", approved_by="user:2", reason="잘못 보냄")
    third = books.hold(debit=escrow, amount=3)
    deal = books.capture((home, 2), (FEES, 1), hold=third.key)
    ledger.reverse_operation(op_id=deal.op_id, actor="user:1", approved_by="user:2", reason="두 번 받음")
    ledger.capture_hold(hold=books.hold(debit=escrow, amount=2).key, key=books.key(), legs=[], **books.FACT)
    with pytest.raises(InsufficientTokens):
        books.post(debit=home, credit=FEES, amount=9999)
    closing = books.account()
    ledger.close_account(address=closing, actor="test")


#: Made once: what it takes is a sealed journal, and that waits for whatever else the server is doing.
MADE: list[bytes] = []


def make() -> bytes:
    play()
    sealed()
    liabilities.tell()
    play()
    sealed()
    books.hold(debit=books.account("escrow", tokens=9), amount=4)  # not sealed: the bundle is of the checkpoint
    with bundle.write_bundle() as file:
        return file.read()


def leaves_of(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive:
        return list(chain.from_iterable(verify_bundle.Leaves(archive).pieces()))


def nth(contents: list[bytes], form: int, number: int = 0) -> int:
    """Return the leaf of the so many-th row of a form: 1 is a transfer, 2 an account, 4 an attempt …"""
    return [leaf for leaf, content in enumerate(contents) if content[0] == form][number]


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


def packed(contents) -> dict[str, bytes]:
    """Return the two files that the contents are in."""
    return {"leaves": b"".join(contents), "lengths": struct.pack(f">{len(contents)}I", *map(len, contents))}


def hashes_of(contents) -> bytes:
    return b"".join(digests_of(contents))


def test_an_honest_bundle_is_ok_in_a_process_without_maru(saved):
    key = signed_notes.verifier_key()

    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_bundle.__file__, str(saved), "--key", key],
        capture_output=True, text=True, env={}, cwd="/",
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"OK: {len(leaves_of(saved))} leaves, ")


def test_the_process_says_bad_and_fails(saved):
    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_bundle.__file__, bent(saved, leaves=b"\0")], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout[:5]) == (1, "BAD: ")


def test_everything_that_only_grows_is_in_it(saved):
    forms = [content[0] for content in leaves_of(saved)]

    assert {form: forms.count(form) for form in (3, 5, 6)} == {3: 2, 5: 0, 6: 1}
    assert forms.count(1) == 30
    assert forms.count(4) == 30 - 4 + 2, "each of four captures of two legs is one attempt; two were refused"
    assert forms.count(2) > 6


@pytest.mark.parametrize("leaf", [0, 7, 19, 33])
def test_a_flipped_bit_is_named_by_its_leaf(saved, leaf):
    contents = leaves_of(saved)
    contents[leaf] = contents[leaf][:9] + bytes([contents[leaf][9] ^ 1]) + contents[leaf][10:]

    with pytest.raises(Broken, match=f"leaf {leaf}: is not what was sealed") as caught:
        verify(bent(saved, **packed(contents)))
    assert caught.value.leaf == leaf


def test_a_dropped_row_is_named(saved):
    contents = leaves_of(saved)

    with pytest.raises(Broken, match="leaf 4: "):
        verify(bent(saved, **packed(contents[:4] + contents[5:])))


def test_the_last_row_is_missed_too(saved):
    contents = leaves_of(saved)

    count = len(contents)
    with pytest.raises(Broken, match=f"leaf {count - 1}: {count} leaves were signed and {count - 1} are here"):
        verify(bent(saved, **packed(contents[:-1])))


def test_a_file_that_ends_early_or_late_is_refused(saved):
    contents = leaves_of(saved)
    whole = b"".join(contents)

    with pytest.raises(Broken, match=f"leaf {len(contents) - 1}: is not what was sealed"):
        verify(bent(saved, leaves=whole[:-1]))
    with pytest.raises(Broken, match="something after the last leaf"):
        verify(bent(saved, leaves=whole + b"x"))


def test_swapped_rows_are_named_even_where_their_hashes_were_swapped_too(saved):
    contents = leaves_of(saved)
    contents[2], contents[3] = contents[3], contents[2]

    with pytest.raises(Broken, match="leaf 0: this or one up to"):
        verify(bent(saved, **packed(contents), hashes=hashes_of(contents)))
    with pytest.raises(Broken, match="leaf 2: is not what was sealed"):
        verify(bent(saved, **packed(contents), hashes=hashes_of([*contents[:2], contents[3], contents[2]])))


def resigned(path: Path, contents, key: Ed25519PrivateKey) -> str:
    """Build and sign a whole new tree, as only whoever holds the key can."""
    leaves = digests_of(contents)
    root = merkle.root_of(len(leaves), subtree=lambda level, at: merkle.folded(leaves[at << level : (at + 1) << level]))
    text = verify_bundle.base64.b64encode(root).decode()
    name = signed_notes.origin()
    note = signed_notes.signed(f"{name}\n{len(leaves)}\n{text}\n", name=name, key=key)
    with zipfile.ZipFile(path) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if not n.startswith("checkpoints/")}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in kept.items():
            archive.writestr(entry, content)
    return bent(path, checkpoint=note.encode(), **packed(contents), hashes=b"".join(leaves))


@pytest.fixture
def own_key(settings):
    return signed_notes._key(str(settings.KEYS_DIR))


def test_a_shorter_tree_signed_anew_is_caught_by_who_kept_a_checkpoint(saved, own_key):
    kept = inside(saved, "checkpoint").decode()
    contents = leaves_of(saved)

    with pytest.raises(Broken, match=f"has 15 leaves, and a checkpoint was signed at {len(contents)}"):
        verify(resigned(saved, contents[:15], own_key), kept=(kept,))


def test_a_tree_of_the_same_size_signed_anew_is_caught_by_who_kept_a_checkpoint(saved, own_key):
    kept = inside(saved, "checkpoint").decode()
    contents = leaves_of(saved)
    contents[5], contents[6] = contents[6], contents[5]

    with pytest.raises(Broken, match=f"is not what was signed at {len(contents)} leaves"):
        verify(resigned(saved, contents, own_key), kept=(kept,))


#: Where the numbers of a transfer stand when both its sides are open.
PLACES = {
    **{name: 17 + 8 * at for at, name in enumerate(["credit_id", "credit_version", "credit_after"])},
    **{
        name: 57 + 8 * at
        for at, name in enumerate(["id", "leg", "amount", "effective_at", "recorded_at", "reverses_id"])
    },
    **{name: 133 + 8 * at for at, name in enumerate(["debit_id", "debit_version", "debit_after", "debit_held"])},
    **{name: 165 + 8 * at for at, name in enumerate(["hold_id", "hold_leg", "expires_at", "xid"])},
}


def changed(content: bytes, field: str, value: int) -> bytes:
    """Return a transfer's leaf with one number changed in place."""
    at = PLACES[field]
    return content[:at] + struct.pack(">q", value) + content[at + 8 :]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("amount", 0, "out of range"),
        ("amount", 99, "the balance after it"),
        ("credit_after", 99, "the balance after it"),
        ("credit_version", 9, "version 1 is missing"),
        ("effective_at", 2**62, "dated ahead"),
        ("credit_id", 10**9, "not told before"),
        ("credit_id", verify_bundle.NONE, "not told before"),
        ("debit_version", 1, "where no balance is kept"),
        ("leg", 2, "not the next row of its operation"),
        ("hold_id", 1, "a hold that is not there"),
        ("reverses_id", 1, "reversal of nothing"),
    ],
)
def test_even_the_holder_of_the_key_cannot_sign_books_that_break_a_rule(saved, own_key, field, value, told):
    contents = leaves_of(saved)
    leaf = nth(contents, 1)
    contents[leaf] = changed(contents[leaf], field, value)

    with pytest.raises(Broken, match=f"leaf {leaf}: .*{told}"):
        verify(resigned(saved, contents, own_key))


def row(contents: list[bytes], kind: str, number: int = 0) -> int:
    """Return the leaf of the so many-th transfer of a kind."""
    kinds = {leaf: Common.read(shared(content)).kind for leaf, content in enumerate(contents) if content[0] == 1}
    return [leaf for leaf, found in kinds.items() if found == kind.encode()][number]


@pytest.mark.parametrize(
    ("kind", "number", "field", "value", "told"),
    [
        ("capture", 1, "hold_leg", 1, "resolves a hold that is not there any more"),
        ("capture", 1, "hold_leg", 3, "resolves a hold a second time"),
        ("capture", 0, "amount", 31, "pays more than was held"),
        ("release", 0, "debit_held", 30, "the balance after it"),
        ("hold", 0, "amount", 101, "the balance after it"),
        ("hold", 0, "debit_id", 10**9, "not told before"),
        ("reverse", 0, "reverses_id", 10**9, "reverses what cannot be reversed"),
        ("reverse", 0, "recorded_at", 1, "dated ahead"),
    ],
)
def test_holds_and_reversals_keep_their_rules_too(saved, own_key, kind, number, field, value, told):
    contents = leaves_of(saved)
    leaf = row(contents, kind, number)
    contents[leaf] = changed(contents[leaf], field, value)

    with pytest.raises(Broken, match=f"leaf {leaf}: .*{told}"):
        verify(resigned(saved, contents, own_key))


def test_a_hold_is_not_paid_from_once_its_time_has_passed(saved, own_key):
    contents = leaves_of(saved)
    held = row(contents, "hold")
    contents[held] = changed(contents[held], "expires_at", 1)

    with pytest.raises(Broken, match=f"leaf {row(contents, 'capture')}: pays from a hold whose time had passed"):
        verify(resigned(saved, contents, own_key))


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (1, "is of no known|not the next row|version|names an operation"),
        (2, "opens an account|was not told before"),
        (4, "uses a key a second time|is not the next row"),
        (3, "closes an account that is closed"),
        (6, "speaks of another tree"),
    ],
)
def test_no_leaf_of_any_form_can_stand_twice(saved, own_key, form, told):
    contents = leaves_of(saved)
    contents.append(contents[nth(contents, form)])

    with pytest.raises(Broken, match=told):
        verify(resigned(saved, contents, own_key))


@pytest.mark.parametrize(
    ("form", "number", "told"),
    [
        (1, 0, "is missing or doubled|names an operation that is not there"),
        (2, 5, "was not told before"),
        (4, 0, "operations were made under no key"),
    ],
)
def test_what_was_left_out_of_a_tree_signed_anew_is_missed(saved, own_key, form, number, told):
    contents = leaves_of(saved)
    owed = nth(contents, 6)
    del contents[nth(contents, form, number)]
    contents.pop(owed - 1 if contents[owed - 1][0] == 6 else owed)  # it speaks of its own place

    with pytest.raises(Broken, match=told):
        verify(resigned(saved, contents, own_key))


def test_a_closed_account_does_not_move(saved, own_key):
    contents = leaves_of(saved)
    closing = nth(contents, 3)
    post = next(leaf for leaf in range(len(contents)) if contents[leaf][0] == 1)
    account = struct.unpack_from(">q", contents[post], PLACES["credit_id"])[0]
    contents[closing] = contents[closing][:1] + struct.pack(">q", account) + contents[closing][9:]

    with pytest.raises(Broken, match="closes an account that is closed or not empty"):
        verify(resigned(saved, contents, own_key))
    moved = contents[closing]
    del contents[closing]
    contents.insert(post, moved)
    with pytest.raises(Broken, match="moves an account that was closed"):
        verify(resigned(saved, contents, own_key))


@pytest.mark.parametrize("number", [1, 2])
def test_a_wrong_sum_of_what_is_owed_is_caught(saved, own_key, number):
    contents = leaves_of(saved)
    owed = nth(contents, 6)
    at = 1 + 8 * number
    (told,) = struct.unpack_from(">q", contents[owed], at)
    contents[owed] = contents[owed][:at] + struct.pack(">q", told + 1) + contents[owed][at + 8 :]

    with pytest.raises(Broken, match=f"leaf {owed}: (what is said to be owed|the tree of what is owed)"):
        verify(resigned(saved, contents, own_key))


def test_another_root_of_what_is_owed_is_caught(saved, own_key):
    contents = leaves_of(saved)
    owed = nth(contents, 6)
    at = verify_bundle.LIABILITIES.size
    contents[owed] = contents[owed][:at] + bytes(32) + contents[owed][at + 32 :]

    with pytest.raises(Broken, match=f"leaf {owed}: the tree of what is owed is not that of the accounts"):
        verify(resigned(saved, contents, own_key))


def test_a_claim_that_the_journal_does_not_make_is_caught(saved):
    claims = json.loads(inside(saved, "claims.json"))
    claims["standing"][FEES][0] += 1

    with pytest.raises(Broken, match="platform:fees"):
        verify(bent(saved, claims__json=json.dumps(claims).encode()))


def test_a_salt_told_for_a_leaf_that_says_nothing_of_what_is_owed_is_refused(saved):
    claims = json.loads(inside(saved, "claims.json"))
    claims["seeds"]["0"] = bytes(32).hex()

    with pytest.raises(Broken, match=r"leaf 0: .* is told for a leaf that speaks of something else"):
        verify(bent(saved, claims__json=json.dumps(claims).encode()))


def test_another_key_and_a_bent_note_are_refused(saved):
    name = signed_notes.origin()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    line = verify_bundle.base64.b64encode(b"\x01" + other).decode()
    wrong = f"{name}+{signed_notes.key_id(name, other).hex()}+{line}"

    with pytest.raises(Broken, match="signature"):
        verify(str(saved), key=wrong)
    with pytest.raises(Broken, match="signature"):
        verify(
            bent(saved, checkpoint=inside(saved, "checkpoint").replace(b"\n%d\n" % len(leaves_of(saved)), b"\n99\n"))
        )


def test_a_row_changed_in_the_database_itself_is_named(committed_db, tmp_path):
    play()
    sealed()
    with connect_as_owner(committed_db) as owner:
        owner.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER transfer_only_grows")
        owner.execute(
            """UPDATE ledger_transfer SET actor = 'nobody'
               WHERE id = (SELECT transfer_id FROM ledger_leaf WHERE transfer_id IS NOT NULL ORDER BY index LIMIT 1)"""
        )
    leaf = Leaf.objects.filter(transfer__isnull=False).order_by("index")[0].index
    with bundle.write_bundle() as file:
        (tmp_path / "other.zip").write_bytes(file.read())

    with pytest.raises(Broken, match=f"leaf {leaf}: is not what was sealed"):
        verify(str(tmp_path / "other.zip"))


def test_consistency_is_checked_with_every_older_checkpoint(saved):
    # What else the server does decides how many leaves one pass seals; the oldest checkpoint is of a part of them.
    checkpoints = sorted(int(name.split("/")[1]) for name in names_in(saved) if name.startswith("checkpoints/"))
    older = inside(saved, f"checkpoints/{checkpoints[0]}").decode()

    count = len(leaves_of(saved))
    assert checkpoints[0] < count
    assert f"{count} leaves, {len(checkpoints) + 2} checkpoints" in verify(str(saved), kept=(older,))


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
