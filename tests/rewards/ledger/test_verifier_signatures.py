"""The verifier's own signatures and notes: nothing is good but what the key signed, whatever somebody makes up."""

from base64 import b64decode, b64encode
from hashlib import sha512

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rewards.ledger.verify_bundle import (
    BASE,
    LOG,
    MAX_AMOUNT,
    WITNESS,
    Broken,
    Checkpoint,
    Key,
    L,
    P,
    Point,
    add,
    is_signed,
    key_of,
    opened,
    times,
    unpacked,
    verify,
)
from tests.rewards.ledger import made_books
from tests.rewards.ledger.made_books import KEY, signed_at, verifier_key, written
from tests.rewards.ledger.test_verifier_rules import HOME, ISSUANCE, Made, op

ROOT = bytes(range(32))
NOTE = signed_at(7, ROOT)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")


# --- RFC 8032 ------------------------------------------------------------------------------------------------------


def secret() -> int:
    """Return the number behind `KEY`. Source: RFC 8032, 5.1.5."""
    digest = bytearray(sha512(KEY.private_bytes_raw()).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest, "little")


def packed(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def made_up(start: Point, sign: int, *, nonce: int = 5) -> bytes:
    """Return a signature of "x" by the key's owner; with another `start` or `sign` it leads to a point nearby."""
    first = packed(add(times(nonce, BASE), start))
    challenge = int.from_bytes(sha512(first + PUBLIC + b"x").digest(), "little")
    return first + (sign * (nonce + challenge * secret()) % L).to_bytes(32, "little")


NOWHERE: Point = (0, 1, 1, 0)
#: The point of order two: added, it turns both coordinates round.
HALFWAY: Point = (0, P - 1, 1, 0)


def test_both_coordinates_of_the_two_points_agree():
    assert is_signed(PUBLIC, b"x", made_up(NOWHERE, 1))
    assert not is_signed(PUBLIC, b"x", made_up(NOWHERE, -1)), "the same y is enough"
    assert not is_signed(PUBLIC, b"x", made_up(HALFWAY, -1)), "the same x is enough"


def test_one_signature_is_not_written_in_two_ways():
    signature = KEY.sign(b"x")
    higher = int.from_bytes(signature[32:], "little") + L

    assert is_signed(PUBLIC, b"x", signature)
    assert not is_signed(PUBLIC, b"x", signature[:32] + higher.to_bytes(32, "little"))


def test_nor_is_nothing_written_as_the_whole_order():
    """Of the key that is no point at all everything is signed with zero; the order stands for zero too."""
    nobody = packed(NOWHERE)

    assert is_signed(nobody, b"x", nobody + bytes(32))
    assert not is_signed(nobody, b"x", nobody + L.to_bytes(32, "little"))


def test_no_y_is_written_as_the_prime_itself():
    assert unpacked(bytes(32))[1] == 0
    with pytest.raises(ValueError, match="not a point"):
        unpacked(P.to_bytes(32, "little"))


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_no_other_byte_stands_in_a_signature(place):
    signature = bytearray(KEY.sign(b"x"))
    signature[place] ^= 1

    assert not is_signed(PUBLIC, b"x", bytes(signature))


def test_what_is_no_point_is_nobodys_key_and_no_signature():
    nothing = (2).to_bytes(32, "little")

    assert not is_signed(nothing, b"x", KEY.sign(b"x"))
    assert not is_signed(PUBLIC, b"x", nothing + bytes(32))


# --- keys ----------------------------------------------------------------------------------------------------------


def test_a_key_may_have_any_sign_of_base64_and_stand_on_a_line():
    keys = (Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big")) for number in range(200))
    line = next(line for line in (verifier_key(key=key) for key in keys) if "+" in line.split("+", 2)[2])

    assert key_of(f" {line}\n", LOG).public == b64decode(line.split("+", 2)[2])[1:]


# --- notes ---------------------------------------------------------------------------------------------------------


def key() -> Key:
    return key_of(verifier_key(), LOG)


def signed(text: str, *, by: Ed25519PrivateKey = KEY) -> str:
    return f"{text}\n{line(by.sign(text.encode()))}"


def line(signature: bytes, *, name: str = made_books.LOG, key_id: bytes | None = None) -> str:
    return f"— {name} {b64encode((key().key_id if key_id is None else key_id) + signature).decode()}\n"


TEXT = NOTE.rsplit("\n\n", 1)[0] + "\n"
GOOD = KEY.sign(TEXT.encode())


def test_a_note_may_say_more_after_an_empty_line():
    assert opened(signed(f"{TEXT}\nmore\n"), key()) == Checkpoint(7, ROOT)


def test_what_is_after_the_signatures_mark_alone_is_no_signature():
    assert opened(f"{NOTE}nothing that anybody signed\n", key()) == Checkpoint(7, ROOT)


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("", "cannot be read"),
        (TEXT, "cannot be read"),
        (signed("books.example/maru/ledger\n7\n"), "cannot be read"),
        (signed("books.example/maru/ledger\nseven\n\n"), "cannot be read"),
        (signed(TEXT.replace("=", "*=")), "cannot be read"),
        (NOTE.replace("— books.example/maru/ledger ", "— books.example/maru/ledger *"), "cannot be read"),
        (NOTE.replace("— books.example/maru/ledger ", "— books.example/maru/ledger"), "cannot be read"),
        (signed(TEXT.replace("books.example", "other.example")), "is of another log"),
        (f"{TEXT}\n", "is not good"),
        (f"{TEXT}\n{line(GOOD, name='other.example')}", "is not good"),
        (f"{TEXT}\n{line(GOOD, key_id=bytes(4))}", "is not good"),
        (signed(TEXT, by=OTHER), "is not good"),
        (f"{TEXT}\n{line(KEY.sign(TEXT.strip().encode()))}", "is not good"),
        # Whoever knows the key believes none of two that contradict each other.
        (f"{TEXT}\n{line(bytes(64))}{line(GOOD)}", "is not good"),
        (f"{TEXT}\n{line(GOOD)}{line(bytes(64))}", "is not good"),
    ],
)
def test_a_note_that_the_key_did_not_sign_is_not_believed(note, told):
    with pytest.raises(Broken, match=told):
        opened(note, key())


def test_a_note_that_was_signed_twice_is_believed():
    assert opened(f"{TEXT}\n{line(GOOD)}{line(GOOD)}", key()) == Checkpoint(7, ROOT)


# --- witnesses -----------------------------------------------------------------------------------------------------


def witness(name: str) -> Key:
    return key_of(verifier_key(b"\4", key=OTHER, name=name), WITNESS)


def cosigned(by: Key, *, time: int = 1_700_000_000, said: int | None = None, name: str = "", id_of: Key | None = None):
    """Return the line of a witness under `NOTE`; `said` stands in it for the time that it signed."""
    signature = OTHER.sign(f"cosignature/v1\ntime {time}\n{TEXT}".encode())
    stamp = (time if said is None else said).to_bytes(8, "big")
    return line(stamp + signature, name=name or by.name, key_id=(id_of or by).key_id)


ONE, TWO = witness("one.example"), witness("two.example")


def test_witnesses_are_named_once_each_in_order():
    note = NOTE + cosigned(TWO) + cosigned(ONE) + cosigned(TWO, time=8)

    assert opened(note, key(), [TWO, ONE]).witnesses == ("one.example", "two.example")
    assert opened(note, key(), [ONE]).witnesses == ("one.example",)
    assert opened(note, key()).witnesses == ()


@pytest.mark.parametrize(
    "false",
    [cosigned(ONE, said=1), line(bytes(72), name=ONE.name, key_id=ONE.key_id), cosigned(ONE) + cosigned(ONE, said=1)],
)
def test_a_false_line_of_a_known_witness_spoils_the_note(false):
    with pytest.raises(Broken, match="the cosignature of one"):
        opened(NOTE + false, key(), [ONE])


@pytest.mark.parametrize("others", [cosigned(ONE, name="two.example"), cosigned(ONE, id_of=TWO)])
def test_a_line_of_another_name_or_id_is_nobodys(others):
    assert opened(NOTE + others, key(), [ONE]).witnesses == ()


# --- the largest amount --------------------------------------------------------------------------------------------


def test_the_largest_amount_is_the_largest_number_that_every_reader_of_json_knows(tmp_path):
    books = Made()
    books.keyed(b"post", op(9), ISSUANCE, HOME, MAX_AMOUNT)

    assert MAX_AMOUNT == 2**53 - 1
    assert verify(written(books, tmp_path)).startswith("OK")
