"""Anybody may have a receipt checked: the page says what it proves and what not, and keeps nothing."""

import json
import os
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from consent.records import receipts
from consent.records.forms import MAX_RECEIPT_BYTES
from consent.records.models import Receipt
from marketplace.brokerage import operations as brokerage
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/receipts/verify"


@pytest.fixture
def consent():
    return factories.deal(by=factories.member(name="윤하늘")).consent


def text_of(consent):
    kept = Receipt.objects.filter(consent=consent).latest("at")
    document = {"receipt": receipts.as_document(bytes(kept.body)), "signature": kept.signature}
    return json.dumps(document, ensure_ascii=False)


def heading(page):
    return re.search(r"<h1>(.*?)</h1>", page.text)[1]


def as_file(text, name="receipt.json"):
    return {"file": SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)}


@pytest.mark.parametrize("way", ["file", "pasted"])
def test_says_in_words_what_a_genuine_receipt_proves_and_what_it_does_not(consent, client, way):
    text = text_of(consent)

    page = client.post(PAGE, as_file(text) if way == "file" else {"text": text})

    assert (page.status_code, heading(page)) == (200, "마루가 서명한 그대로예요")
    for said in (
        consent.recipient.name_ko, consent.payload_digest, str(consent.op_id), "허락했어요.",
        "안에 든 글은 정하실 때 보여 드린 바로 그 글이에요.", "그 뒤에 철회했는지는 몰라요.", "불이익이 없어요.",
    ):  # fmt: skip
        assert said in page.text
    assert "윤하늘" not in page.text


def test_a_withdrawal_s_receipt_shows_both_steps_and_what_it_replaces(consent, client):
    first = consent.receipts.get()
    brokerage.withdraw_consent(consent_id=consent.pk, actor=consent.decided_by, at=timezone.now())

    page = client.post(PAGE, {"text": text_of(consent)})

    assert "철회했어요." in page.text
    assert str(first.pk) in page.text


def test_one_changed_character_is_not_ours_and_nothing_of_it_is_repeated(consent, client):
    bent = text_of(consent).replace("불이익이 없어요", "불이익이 <script>많아요")

    page = client.post(PAGE, {"text": bent})

    assert heading(page) == "마루가 서명한 그대로가 아니에요"
    assert "많아요" not in page.text
    assert consent.recipient.name_ko not in page.text


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", 422, "파일을 고르시거나 글을 붙여 넣어 주세요."),
        ("{", 422, "읽을 수 없는 파일이에요."),
        ("[" * 5000, 422, "읽을 수 없는 파일이에요."),
        ("[]", 422, "영수증 파일이 아니에요."),
        ('{"receipt": {}, "signature": 1}', 422, "영수증 파일이 아니에요."),
        ('{"receipt": {}, "signature": "a..b"}', 200, "마루가 서명한 그대로가 아니에요"),
        ("x" * (MAX_RECEIPT_BYTES + 1), 422, "너무 커요"),
        ("x" * 10 * MAX_RECEIPT_BYTES, 413, "너무 커요"),
    ],
    ids=["nothing", "cut off", "deep", "a list", "no text", "not ours", "large", "huge"],
)
@pytest.mark.parametrize("way", ["file", "pasted"])
def test_whatever_comes_is_answered_with_a_sentence(client, text, status, said, way):
    page = client.post(PAGE, as_file(text or b" ") if way == "file" else {"text": text})

    assert (page.status_code, said in page.text) == (status, True)


def test_bytes_that_are_no_text_are_answered_too(client):
    page = client.post(PAGE, as_file(b"\xff\xfe\x00\x80"))

    assert page.status_code == 422


def test_nothing_of_what_was_handed_in_is_kept(consent, client, tmp_path, monkeypatch, django_assert_num_queries):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    text = text_of(consent)

    with django_assert_num_queries(0):
        page = client.post(PAGE, as_file(text))

    assert page.headers["Cache-Control"] == "no-store"
    assert "sessionid" not in page.cookies
    assert os.listdir(tmp_path) == []


def test_the_checker_and_the_keys_can_be_taken_along(client):
    page = client.get(PAGE).text

    taken = client.get("/receipts/verify_receipt.py")

    assert 'href="/receipts/verify_receipt.py"' in page
    assert 'href="/.well-known/jwks.json"' in page
    assert b"".join(taken.streaming_content).startswith(b"#!/usr/bin/env python3")
    assert "attachment" in taken.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/notices/v99/ko",
        pytest.param(f"/notices/v{'9' * 5000}/ko", id="long"),
        "/notices/v2/fr",
        "/notices/v2/..%2Fv1.ko",
    ],
)
def test_a_notice_that_was_never_written_is_not_there(client, path):
    assert client.get(path).status_code == 404


def test_speaks_english(consent, client):
    client.cookies["django_language"] = "en"

    page = client.post(PAGE, {"text": text_of(consent)})

    assert heading(page) == "Exactly as Maru signed it"
    assert consent.recipient.name_ko in page.text  # as it was signed
