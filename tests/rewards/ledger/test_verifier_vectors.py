"""The verifier's own tree, paths, keys and signatures, held to the examples of RFC 6962 and of C2SP."""

import base64
from hashlib import sha256

import pytest

from rewards.ledger.verify_bundle import (
    LOG,
    Broken,
    Checkpoint,
    Tree,
    folded,
    is_consistent,
    is_signed,
    key_of,
    opened,
    root_from,
)
from tests.rewards.ledger.made_books import signed_at, verifier_key
from tests.rewards.ledger.test_merkle import (
    LEAVES,
    PUBLISHED_KEY,
    PUBLISHED_LINE,
    ROOTS,
    TEXT,
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    J,
    K,
    L,
)


@pytest.mark.parametrize("run", [1, 2, 4, 8])
@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_the_one_that_others_compute_however_long_a_run(monkeypatch, size, run):
    monkeypatch.setattr(Tree, "RUN", run)
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.fresh.append(leaf)
        if len(tree.fresh) == run:
            tree.fold()

    assert tree.root().hex() == folded(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_tree_of_nothing_is_the_hash_of_nothing():
    assert Tree().root() == folded([]) == sha256(b"").digest()


@pytest.mark.parametrize(
    ("leaves", "others"),
    [
        ({0: A}, {(1, 2): B, (2, 4): H, (4, 7): L}),
        ({3: D}, {(2, 3): C, (0, 2): G, (4, 7): L}),
        ({4: E}, {(5, 6): F, (6, 7): J, (0, 4): K}),
        ({0: A, 3: D}, {(1, 2): B, (2, 3): C, (4, 7): L}),
    ],
)
def test_the_audit_paths_of_the_rfc_lead_to_the_root(leaves, others):
    assert root_from(leaves, others, 7).hex() == ROOTS[6]


@pytest.mark.parametrize(("old", "path"), [(3, [C, D, G, L]), (4, [L]), (6, None)])
def test_the_consistency_proofs_of_the_rfc_are_believed_and_no_others(old, path):
    one, other = (Checkpoint(size, bytes.fromhex(ROOTS[size - 1])) for size in (old, 7))
    path = path or [folded(LEAVES[4:6]), J, K]

    assert is_consistent(one, other, path)
    assert not is_consistent(one, other, path[:-1])
    assert not is_consistent(one, other, [*path[:-1], bytes(32)])
    assert not is_consistent(Checkpoint(old, bytes(32)), other, path)
    assert not is_consistent(one, Checkpoint(7, bytes(32)), path)


def test_the_published_key_and_signature_are_read():
    key = key_of(PUBLISHED_KEY, LOG)
    packed = base64.b64decode(PUBLISHED_LINE.rsplit(" ", 1)[1])

    assert (key.name, packed[:4]) == ("PeterNeumann", key.key_id)
    assert is_signed(key.public, TEXT.encode(), packed[4:])
    assert not is_signed(key.public, TEXT.rstrip("\n").encode(), packed[4:])


def test_a_checkpoint_is_what_its_signature_covers():
    key, note = key_of(verifier_key(), LOG), signed_at(7, bytes.fromhex(ROOTS[6]))

    assert opened(note, key) == Checkpoint(7, bytes.fromhex(ROOTS[6]))
    with pytest.raises(Broken, match="the signature of the checkpoint at 8 leaves is not good"):
        opened(note.replace("\n7\n", "\n8\n"), key)
