"""What auditors and outsiders get to check the books with."""

import base64
import io
import uuid
import zipfile

import pytest
from django.test import Client

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger import merkle, signed_notes
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.test_sealing import climbed, fill, sealed

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
    assert note.split("\n")[1:3] == ["7", base64.b64encode(root).decode()]
    assert Client().get("/ledger/key").text.strip() == signed_notes.verifier_key()


def test_checkpoints_are_listed_and_lead_from_one_to_the_next(auditor):
    for count in (2, 3):
        fill(count)
        sealed()

    body = auditor.get(f"{API}/checkpoints").json()
    sizes = [one["tree_size"] for one in body["data"]]
    answer = auditor.get(f"{API}/checkpoints/consistency", {"old": sizes[-1], "new": sizes[0]}).json()

    assert (sizes[0], body["key"]) == (5, signed_notes.verifier_key())
    assert answer["path"]


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
        assert {"checkpoint", "key", "leaves", "hashes", "accounts.json", "claims.json"} <= set(archive.namelist())
