"""Receipts verify with a library and with one file of plain Python; one changed byte, and neither takes them."""

import ast
import inspect
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey
from rfc8785 import dumps

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.records import receipts, signing, verify_receipt
from consent.records.models import Receipt
from consent.records.verify_receipt import Broken, canonical, is_signed, verify
from marketplace.insights import vault
from tests import factories

VERIFIER = verify_receipt.__file__


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path):
    """A folder of keys that no other test signs with."""
    settings.KEYS_DIR = tmp_path / "keys"
    return settings.KEYS_DIR


@pytest.fixture
def document():
    """A receipt-shaped document, signed; most of these tests need no deal."""
    text = "# 알림\n\n받는 곳: 해오름초등학교"
    receipt = {
        "dct:identifier": "r1", "maru:payloadDigest": "sha-256:0", "maru:opId": "none",
        "dpv:hasRecordOfActivity": {
            "dct:identifier": "c1",
            "dpv:hasNotice": {"maru:text": text, "maru:noticeSha256": sha256_hex(text.encode())},
            "dpv:hasConsentStatus": [{"@type": ["dpv:ConsentGiven"], "dpv:isIndicatedAtTime": "2026-11-22T00:00:00Z"}],
            "dpv:hasEntity": [{"@type": ["dpv:ThirdParty"], "dpv:hasName": "해오름초등학교"}],
            "dpv:hasProcess": [{"dpv:hasPurpose": {"@id": "dpv:ImprovePublicServices"}}],
        },
    }  # fmt: skip
    _, signature = signing.sign(receipt)
    return {"receipt": receipt, "signature": signature}


def run(tmp_path, document, *, keys=None, record=None):
    """Run the verifier as a stranger would: its own process, no site packages, no environment."""
    said = [("receipt", document), ("keys", keys), ("record", record)]
    paths = {name: tmp_path / f"{name}.json" for name, content in said if content is not None}
    for name, content in said:
        if content is not None:
            paths[name].write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    options = [word for name in ("keys", "record") if name in paths for word in (f"--{name}", str(paths[name]))]
    command = [sys.executable, "-I", "-S", VERIFIER, str(paths["receipt"]), *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONIOENCODING": "utf-8"})


def test_verifies_with_a_library_and_the_published_keys_alone(document):
    keys = {key["kid"]: OKPKey.import_key(key) for key in signing.jwks()["keys"]}
    kid = jws.extract_compact(document["signature"].replace("..", ".e30.").encode()).headers()["kid"]

    read = jws.deserialize_compact(
        document["signature"], keys[kid], algorithms=["Ed25519"], payload=dumps(document["receipt"])
    )

    assert read.headers()["typ"] == "consent-receipt+jws"
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(
            document["signature"], keys[kid], algorithms=["Ed25519"], payload=dumps(document["receipt"] | {"a": "b"})
        )


@pytest.mark.django_db
def test_a_real_receipt_and_its_record_verify_with_the_one_file(tmp_path):
    deal = factories.deal()
    kept = Receipt.objects.get(consent=deal.consent)
    document = {"receipt": receipts.as_document(bytes(kept.body)), "signature": kept.signature}
    record = json.loads(vault.open_sealed(deal.release.sealed)) | {"id": "1", "receipt": "2", "payload_digest": "3"}

    done = run(tmp_path, document, keys=signing.jwks(), record=record)
    other = run(tmp_path, document, keys=signing.jwks(), record=record | {"nonce": "0" * 32})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("OK: signed by one of these keys, unchanged\n")
    assert deal.consent.payload_digest in done.stdout
    assert (other.returncode, other.stdout) == (1, "NOT GOOD: the record is not what this receipt was for\n")


def test_without_keys_it_says_that_nothing_is_proved_about_who_signed(tmp_path, document):
    done = run(tmp_path, document)

    assert done.returncode == 0
    assert done.stdout.endswith("SUMS ONLY: --keys proves who signed it\n")


def test_no_byte_of_the_receipt_may_change(document):
    body, jwks = canonical_bytes(document["receipt"]), signing.jwks()

    for place in range(len(body)):
        bent = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        try:
            receipt = json.loads(bent)
        except ValueError:
            continue  # no JSON any more: nobody reads it as a receipt
        assert not signing.is_genuine(receipt, document["signature"])[0], place
        if place % 50 == 0:
            with pytest.raises(Broken):
                verify({**document, "receipt": receipt}, jwks=jwks)
    assert verify(document, jwks=jwks)


def test_no_character_of_the_signature_may_change(document):
    signature = document["signature"]

    for place in range(len(signature)):
        for other in "AB":
            if signature[place] != other:
                bent = signature[:place] + other + signature[place + 1 :]
                assert not signing.is_genuine(document["receipt"], bent)[0], place
    for place in (0, 40, len(signature) - 1):
        bent = signature[:place] + ("A" if signature[place] != "A" else "B") + signature[place + 1 :]
        with pytest.raises(Broken):
            verify({**document, "signature": bent}, jwks=signing.jwks())


@pytest.mark.parametrize(
    ("bent", "said"),
    [
        ("", "not the JSON"),
        ("[]", "and nothing else"),
        ('{"receipt": {}, "signature": "", "more": 1}', "and nothing else"),
        ('{"receipt": {}, "signature": ""}', "not a receipt of Maru"),
        ('{"receipt": {}, "receipt": {}, "signature": ""}', "not the JSON"),
        ('{"receipt": NaN, "signature": ""}', "not the JSON"),
        ("[" * 100_000, "not the JSON"),
        (" " * 1_000_001, "larger"),
    ],
    ids=["empty", "list", "more", "hollow", "twice", "nan", "deep", "huge"],
)
def test_a_file_that_is_no_receipt_is_named_and_never_a_traceback(tmp_path, bent, said):
    done = run(tmp_path, bent)

    assert (done.returncode, done.stderr) == (1, "")
    assert said in done.stdout


def test_a_changed_text_is_named_even_without_keys(tmp_path, document):
    document["receipt"]["dpv:hasRecordOfActivity"]["dpv:hasNotice"]["maru:text"] += " 그리고 다른 곳에도"

    assert "the text is not the one that was shown" in run(tmp_path, document).stdout


def test_another_installation_s_keys_prove_nothing(document, settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "others"

    with pytest.raises(Broken, match="none of these keys"):
        verify(document, jwks=signing.jwks())
    assert signing.is_genuine(document["receipt"], document["signature"]) == (False, "key")


def test_after_a_rotation_another_key_signs_and_the_old_receipt_still_verifies(document, own_keys, capsys):
    before = signing.jwks()

    call_command("rotate_receipt_key")

    _, signature = signing.sign(document["receipt"])
    assert signature.split(".")[0] != document["signature"].split(".")[0]
    for signed in (document["signature"], signature):
        assert signing.is_genuine(document["receipt"], signed) == (True, "ok")
        assert verify({**document, "signature": signed}, jwks=signing.jwks())
    with pytest.raises(Broken, match="none of these keys"):
        verify({**document, "signature": signature}, jwks=before)
    assert "Key 2 signs from now on" in capsys.readouterr().out


def test_a_rotation_destroys_the_old_private_key_and_keeps_its_public_half(document, own_keys):
    signing.rotate_key()
    signing.rotate_key()

    assert sorted(path.name for path in own_keys.glob("receipts-*")) == [
        "receipts-1.pub", "receipts-2.pub", "receipts-3.pem",
    ]  # fmt: skip
    assert b"PRIVATE" not in (own_keys / "receipts-1.pub").read_bytes()
    assert [key.is_current for key in signing.key_archive()] == [False, False, True]
    assert all("d" not in key for key in signing.jwks()["keys"])
    assert len(signing.jwks()["keys"]) == 3


@pytest.mark.parametrize(
    "use",
    [
        lambda document: signing.is_genuine(document["receipt"], document["signature"]) == (True, "ok"),
        lambda document: len(signing.jwks()["keys"]) == 1,
        lambda document: signing.sign(document["receipt"])[1] == document["signature"],
    ],
    ids=["verify", "publish", "sign"],
)
def test_a_key_replaced_between_the_look_and_the_reading_is_looked_for_again(document, own_keys, monkeypatch, use):
    gone, look = [{1: own_keys / "receipts-0.pem"}], signing._key_files
    monkeypatch.setattr(signing, "_key_files", lambda: gone.pop() if gone else look())

    assert use(document)
    assert gone == []


def test_a_rotation_that_broke_off_is_finished_by_the_next(document, own_keys):
    (own_keys / "receipts-2.pem").write_bytes(signing._new_key())

    signing.rotate_key()

    assert [path.name for path in sorted(own_keys.glob("*.pem"))] == ["receipts-3.pem"]
    assert signing.is_genuine(document["receipt"], document["signature"]) == (True, "ok")


@pytest.mark.parametrize(
    "node",
    [
        {"b": 1, "a": [True, None, '\u20ac\r\n"\\\x7f\x1f\u2028한글😀'], "€": 0, "\ud7ff": {}, "😀": -5},
        {"value": 62.5, "low": 0.001, "whole": 62.0, "minus": -3.25, "big": 2**53 - 1},
    ],
)
def test_writes_the_same_bytes_as_the_rfc(node):
    assert canonical(node) == dumps(node)


@pytest.mark.parametrize("node", [2**53, 1e300, 1e-9, -0.0, "\ud800"])
def test_refuses_what_it_would_write_differently(node):
    with pytest.raises(Broken):
        canonical({"a": node})


def test_takes_the_signatures_that_the_library_makes_and_no_other():
    for number in range(8):
        private = Ed25519PrivateKey.generate()
        public, message = private.public_key().public_bytes_raw(), bytes(range(number * 16))
        signature = private.sign(message)
        s = int.from_bytes(signature[32:], "little") + verify_receipt.L

        assert is_signed(public, message, signature)
        assert not is_signed(public, message + b"x", signature)
        assert not is_signed(public, message, signature[:32] + s.to_bytes(32, "little"))
        assert not is_signed(public, message, signature[:-1])
        assert not is_signed(Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature)
        assert not is_signed(b"\xff" * 32, message, signature)


def test_agrees_with_the_first_vector_of_the_rfc():
    """Source: RFC 8032, 7.1, test 1."""
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )

    assert is_signed(public, b"", signature)


def test_imports_nothing_beyond_the_standard_library():
    tree = ast.parse(inspect.getsource(verify_receipt))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
