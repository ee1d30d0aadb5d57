"""Outsiders who are known may put their signature under a checkpoint; nobody else, and nobody a false one."""

import base64
import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction
from django.test import Client

from rewards.ledger import bundle, sealing, witnesses
from rewards.ledger.models import Cosignature
from rewards.ledger.verify_bundle import WITNESS, Broken, key_of, verify
from tests.rewards.ledger.tree import fill, sealed

URL = "/api/v1/ledger/checkpoints/cosignatures"
LATEST = "/api/v1/ledger/checkpoints/latest"
NAME = "witness.example/one"
KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\10" * 32)


def verifier_key(key: Ed25519PrivateKey = KEY, name: str = NAME) -> str:
    packed = witnesses.COSIGNATURE + key.public_key().public_bytes_raw()
    return f"{name}+{witnesses._key_id(name, packed).hex()}+{base64.b64encode(packed).decode()}"


def cosigned(note: str, *, key: Ed25519PrivateKey = KEY, name: str = NAME, at: int | None = None) -> str:
    """Sign as C2SP's cosignature/v1 says, with the time in the message and before the signature."""
    at = int(time.time()) if at is None else at
    text = note.rpartition("\n\n")[0] + "\n"
    signature = key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
    packed = bytes.fromhex(verifier_key(key, name).split("+")[1]) + at.to_bytes(8, "big") + signature
    return f"{note}— {name} {base64.b64encode(packed).decode()}\n"


def brought(note: str):
    return Client().post(URL, json.dumps({"note": note}), content_type="application/json")


@pytest.fixture
def note(committed_db, settings) -> str:
    settings.WITNESS_KEYS = [verifier_key()]
    fill(2)
    sealed()
    return Client().get("/ledger/checkpoint").text


def test_a_witness_signs_what_everybody_may_read_and_it_stands_under_the_note(note):
    first = brought(cosigned(note))
    again = brought(cosigned(note, at=int(time.time()) - 60))
    fill(1)
    sealed()

    latest = Client().get(LATEST).json()

    assert (first.status_code, again.status_code) == (200, 200), first.content
    assert first.json() == again.json(), "the first signature stands"
    assert first.json()["data"][0]["witness"] == NAME
    assert latest["latest"]["witnesses"] == []
    assert (latest["cosigned"]["witnesses"], latest["witnesses"]) == ([NAME], [verifier_key()])
    assert latest["cosigned"]["note"].startswith(note)
    assert Client().get("/ledger/checkpoint?cosigned").text == latest["cosigned"]["note"]


@pytest.mark.parametrize(
    ("bend", "status"),
    [
        (lambda note: note, 422),
        (lambda note: cosigned(note, key=OTHER), 422),
        (lambda note: cosigned(note, name="witness.example/two"), 422),
        (lambda note: cosigned(note, at=0), 422),
        (lambda note: cosigned(note, at=int(time.time()) + 3600), 422),
        (lambda note: cosigned(note, at=2**63), 422),
        (lambda note: cosigned(note)[:-10] + "AAAAAAAA=\n", 422),
        (lambda note: cosigned(note.replace("\n", "\nx", 1)), 404),
        (lambda note: cosigned(note.replace(note.split("\n")[2], base64.b64encode(bytes(32)).decode())), 404),
        (lambda note: "hello", 404),
        (lambda note: "\n\n", 404),
        (lambda note: note + "— nonsense\n", 422),
        (lambda note: "x" * 17_000, 400),
    ],
)
def test_what_is_no_cosignature_of_ours_is_refused_and_not_kept(note, bend, status):
    assert brought(bend(note)).status_code == status
    assert Cosignature.objects.count() == 0


def test_a_false_line_of_a_known_witness_spoils_the_whole_note(note):
    forged = cosigned(note, key=KEY).splitlines()[-1]
    packed = bytearray(base64.b64decode(forged.rsplit(" ", 1)[1]))
    packed[-1] ^= 1

    answer = brought(f"{cosigned(note)}— {NAME} {base64.b64encode(packed).decode()}\n")

    assert (answer.status_code, answer.json()["code"]) == (422, "cosignature_refused")
    assert Cosignature.objects.count() == 0


def saved(folder: Path) -> str:
    path = folder / "bundle.zip"
    with bundle.write_bundle() as file:
        path.write_bytes(file.read())
    return str(path)


def test_the_bundle_says_who_cosigned_and_a_false_cosignature_is_caught(note, tmp_path):
    brought(cosigned(note))
    size = sealing.latest_checkpoint().tree_size
    fill(1)
    sealed()
    path = saved(tmp_path)

    assert f"cosigned by {NAME} at {size} leaves" in verify(path, witnesses=[verifier_key()])
    false = cosigned(note, key=OTHER).splitlines()[-1].rsplit(" ", 1)[1]
    mine = bytes.fromhex(verifier_key().split("+")[1]) + base64.b64decode(false)[4:]
    with pytest.raises(Broken, match=f"the cosignature of {NAME} at {size} leaves is false"):
        verify(path, kept=[f"{note}— {NAME} {base64.b64encode(mine).decode()}\n"])


@pytest.mark.parametrize("line", ["", "a+b", "name+00000000+AAAA", verifier_key()[:-4] + "AAAA", verifier_key() + "x"])
def test_a_key_that_is_none_is_refused_on_both_sides(line):
    with pytest.raises(ValueError, match=r".*"):
        witnesses.witness_of(line)
    with pytest.raises(Broken, match="a key"):
        key_of(line, WITNESS)


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_cosignature", "ledger_liabilities", "ledger_share"])
@pytest.mark.parametrize("sql", ["DELETE FROM {0}", "INSERT INTO {0} SELECT * FROM {0}", "TRUNCATE {0}"])
def test_only_the_ledger_s_own_functions_write(table, sql):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))

    assert caught.value.__cause__.sqlstate == "42501"
