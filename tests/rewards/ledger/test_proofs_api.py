"""What auditors and outsiders get to check the books with."""

import base64
import io
import uuid
import zipfile

import pytest
from django.core.cache import cache
from django.test import Client

from consent.parties import operations as parties
from consent.parties.canonical import utc_text
from consent.parties.models import MachineKey
from rewards.ledger import liabilities, merkle, sealing, signed_notes
from rewards.ledger.models import FEES, ISSUANCE
from rewards.ledger.verify_bundle import Checkpoint, is_consistent
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import climbed, fill, sealed

API = "/api/v1/ledger"


@pytest.fixture
def auditor(committed_db) -> Client:
    _, text = parties.issue_key(label="감사", scopes=[MachineKey.Scope.AUDIT], organisation=factories.platform())
    return Client(headers={"authorization": f"Bearer {text}"})


def test_a_proof_leads_to_the_note_that_everybody_may_read(auditor):
    fill(6)
    row = books.post(credit=books.account())
    sealed()

    body = auditor.get(f"{API}/transfers/{row.op_id}/proof").json()
    note = Client().get("/ledger/checkpoint").text

    (leaf,) = body["data"]
    digest = merkle.leaf_hash(bytes.fromhex(leaf["content"]))
    root = climbed(digest, leaf["index"], body["checkpoint"]["tree_size"], [bytes.fromhex(one) for one in leaf["path"]])
    assert root.hex() == body["checkpoint"]["root"]
    assert note == body["checkpoint"]["note"]
    assert note.split("\n")[1:3] == [str(body["checkpoint"]["tree_size"]), base64.b64encode(root).decode()]
    assert Client().get("/ledger/key").text.strip() == signed_notes.verifier_key()


def test_the_public_status_names_the_newest_checkpoint(committed_db):
    cache.clear()
    fill(2)
    sealed()

    told = Client().get("/status").json()["sealing"]

    newest = sealing.latest_checkpoint()
    assert (told["tree_size"], told["sealed_at"]) == (newest.tree_size, utc_text(newest.sealed_at, to="seconds"))
    assert (told["behind_minutes"], told["is_late"]) == (0, False)


def test_checkpoints_are_listed_and_lead_from_one_to_the_next(auditor):
    for count in (2, 3):
        fill(count)
        sealed()

    body = auditor.get(f"{API}/checkpoints").json()
    sizes = [one["tree_size"] for one in body["data"]]
    answer = Client().get(f"{API}/checkpoints/consistency", {"old": sizes[-1], "new": sizes[0]}).json()

    assert (sizes[0], body["key"]) == (sealing.latest_checkpoint().tree_size, signed_notes.verifier_key())
    told = (body["data"][-1], body["data"][0])
    old, new = (Checkpoint(one["tree_size"], bytes.fromhex(one["root"])) for one in told)
    assert is_consistent(old, new, [bytes.fromhex(node) for node in answer["path"]])


def test_what_is_not_sealed_or_not_there_is_said(auditor):
    row = books.post(credit=books.account())

    assert Client().get("/ledger/checkpoint").text.split("\n")[1] == "0"
    assert auditor.get(f"{API}/transfers/{row.op_id}/proof").json()["code"] == "not_sealed_yet"
    assert auditor.get(f"{API}/bundle").status_code == 409
    assert auditor.get(f"{API}/transfers/{uuid.uuid4()}/proof").status_code == 404
    assert auditor.get(f"{API}/checkpoints/consistency", {"old": 1, "new": 2}).json()["code"] == "unknown_checkpoint"
    assert auditor.get(f"{API}/checkpoints/consistency", {"old": 0, "new": 2}).status_code == 400


@pytest.mark.parametrize("accept", ["*/*", "application/zip"])
def test_the_bundle_is_a_file(auditor, accept):
    fill(2)
    sealed()

    answer = auditor.get(f"{API}/bundle", headers={"accept": accept})

    assert (answer.status_code, answer["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert {"checkpoint", "key", "leaves", "hashes", "witnesses", "claims.json"} <= set(archive.namelist())


def test_the_books_as_a_checkpoint_has_them_stay_what_they_were(auditor):
    home = books.account()
    books.post(credit=home, amount=7)
    sealed()
    size = sealing.latest_checkpoint().tree_size
    before = auditor.get(f"{API}/trial-balance").json()
    books.hold(debit=home, amount=2)
    books.post(credit=home, amount=5)
    books.account()
    sealed()

    trial = auditor.get(f"{API}/trial-balance", {"tree_size": size}).json()
    standing = auditor.get(f"{API}/accounts/{home}", {"tree_size": size}).json()
    issued = auditor.get(f"{API}/accounts/{ISSUANCE}", {"tree_size": size}).json()

    assert trial == before
    assert (standing["posted"], standing["held"], standing["version"]) == (7, 0, 1)
    assert issued["posted"] == -7
    late = books.account()
    assert auditor.get(f"{API}/accounts/{late}", {"tree_size": size}).status_code == 404
    assert auditor.get(f"{API}/trial-balance", {"tree_size": size + 1}).json()["code"] == "unknown_checkpoint"
    both = {"tree_size": size, "as_of": "2026-01-01T00:00:00Z"}
    assert auditor.get(f"{API}/trial-balance", both).status_code == 400


def test_everybody_sees_what_is_owed_and_that_it_is_what_was_issued(committed_db):
    books.post(credit=books.account(), amount=30)
    books.post(credit=books.account("escrow"), amount=12)
    books.post(credit=FEES, amount=3)
    sealed()
    assert Client().get(f"{API}/liabilities").json()["code"] == "not_sealed_yet"
    assert liabilities.tell()

    told = Client().get(f"{API}/liabilities").json()

    assert (told["owed"], told["own"][ISSUANCE], told["own"][FEES]) == (42, -45, 3)
    assert told["owed"] + sum(told["own"].values()) == 0
    digest = merkle.leaf_hash(bytes.fromhex(told["content"]))
    path = [bytes.fromhex(one) for one in told["path"]]
    root = climbed(digest, told["tree_size"], told["checkpoint"]["tree_size"], path)
    assert root.hex() == told["checkpoint"]["root"]
    assert "household" not in str(told)


def test_what_is_owed_is_told_when_it_is_due_and_something_came(committed_db, settings):
    fill(1)
    sealed()
    settings.LIABILITIES_SECONDS = 3600
    assert [liabilities.tell_if_due(), liabilities.tell_if_due()] == [True, False]
    fill(1)
    sealed()
    assert not liabilities.tell_if_due(), "it was told an hour too early"
    settings.LIABILITIES_SECONDS = 0

    assert [liabilities.tell_if_due(), liabilities.tell_if_due()] == [True, False]
