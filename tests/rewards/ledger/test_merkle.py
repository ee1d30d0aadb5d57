"""The tree and the note, held to the examples of RFC 6962 and of C2SP."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rewards.ledger import merkle, signed_notes
from rewards.ledger.merkle import leaf_hash, node_hash

#: The leaves and roots that implementations of certificate transparency test each other with.
CONTENTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in CONTENTS]


def subtree(level, position, leaves=LEAVES):
    return merkle.folded(leaves[position << level : (position + 1) << level])


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_the_one_that_others_compute(size):
    assert merkle.root_of(size, subtree=subtree).hex() == ROOTS[size - 1]


def test_the_tree_of_nothing_is_the_hash_of_nothing():
    assert merkle.root_of(0, subtree=subtree) == sha256(b"").digest()


# RFC 6962, 2.1.3: seven leaves d0..d6, and the names of the hashes above them.
A, B, C, D, E, F, J = LEAVES[:7]
G, H, I = node_hash(A, B), node_hash(C, D), node_hash(E, F)  # noqa: E741
K, L = node_hash(G, H), node_hash(I, J)


@pytest.mark.parametrize(("index", "path"), [(0, [B, H, L]), (3, [C, G, L]), (4, [F, J, K]), (6, [I, K])])
def test_the_audit_paths_are_those_of_the_rfc(index, path):
    assert merkle.inclusion_path(index, 7, subtree=subtree) == path


@pytest.mark.parametrize(("old", "path"), [(3, [C, D, G, L]), (4, [L]), (6, [I, J, K]), (7, [])])
def test_the_consistency_proofs_are_those_of_the_rfc(old, path):
    assert merkle.consistency_path(old, 7, subtree=subtree) == path


@pytest.mark.parametrize(("index", "size"), [(-1, 7), (7, 7), (0, 0)])
def test_there_is_no_path_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_path(index, size, subtree=subtree)


# The example of the signed-note format: text, key and signature as published with it.
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def test_the_key_id_is_the_published_one():
    name, key_id, key = PUBLISHED_KEY.split("+", 2)

    assert signed_notes.key_id(name, base64.b64decode(key)[1:]).hex() == key_id


def test_the_published_signature_is_over_the_text_with_its_last_newline():
    key = base64.b64decode(PUBLISHED_KEY.split("+", 2)[2])
    signature = base64.b64decode(PUBLISHED_LINE.rsplit(" ", 1)[1])

    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], TEXT.encode())
    assert signature[:4] == signed_notes.key_id("PeterNeumann", key[1:])


def test_a_note_is_text_an_empty_line_and_a_signature_line():
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))

    note = signed_notes.signed(TEXT, name="PeterNeumann", key=key)

    text, line = note.split("\n\n")
    name_and_signature = line.removesuffix("\n").removeprefix("— ").split(" ")
    assert (text + "\n", name_and_signature[0]) == (TEXT, "PeterNeumann")
    key.public_key().verify(base64.b64decode(name_and_signature[1])[4:], TEXT.encode())
