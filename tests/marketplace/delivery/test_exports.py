"""What NDJSON and CSV hold, and when their reads are written down."""

import csv
import io
import json

import pytest
from django.utils import timezone

from consent.parties.tables import FORMULA_STARTS
from marketplace.delivery import door, exports, operations
from marketplace.delivery.models import Access
from tests import factories


def body(response):
    return b"".join(response.streaming_content)


def table(response):
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"))))


def test_every_format_holds_the_same_records(api, data_request):
    for _ in range(3):
        factories.release(request=data_request)
    path = f"/data-requests/{data_request.pk}/records"

    listed = api(path).json()["data"]
    lines = [json.loads(line) for line in body(api(f"{path}?format=ndjson")).splitlines()]
    header, *rows = table(api(f"{path}?format=csv"))

    assert lines == listed
    assert [row[header.index("id")] for row in rows] == [one["id"] for one in listed]
    assert [float(row[header.index("data.value")]) for row in rows] == [one["data"]["value"] for one in listed]


def test_a_field_that_was_dropped_is_absent_everywhere(api, data_request):
    factories.release(request=data_request, values={"value": 58})
    path = f"/data-requests/{data_request.pk}/records"

    answers = [api(path).content, body(api(f"{path}?format=ndjson")), body(api(f"{path}?format=csv"))]

    assert not any(word in answer for answer in answers for word in (b"unit", b"model", b"observed_at"))


def test_csv_starts_with_a_byte_order_mark_and_holds_no_formula(api, data_request):
    factories.release(request=data_request, values={"value": -5, "model": "=HYPERLINK(1)", "zone": "@x", "unit": "\tx"})

    raw = body(api(f"/data-requests/{data_request.pk}/records?format=csv"))

    assert raw.startswith(b"\xef\xbb\xbf")
    header, row = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    cells = dict(zip(header, row, strict=True))
    assert cells["data.model"] == "'=HYPERLINK(1)"
    assert (cells["data.zone"], cells["data.unit"], cells["data.value"]) == ("'@x", "'\tx", "-5")


def test_csv_loses_no_field_that_a_later_chunk_brings(data_request):
    first = factories.release(request=data_request, values={"value": 1})
    later = factories.release(request=data_request, values={"value": 2, "model": "새벽 길 200"})
    reader = door.Reader(data_request.organisation, "key:1", "csv")
    one, two = (
        door.read_record(request=data_request, release_id=each.pk, reader=reader, at=timezone.now())
        for each in (first, later)
    )

    text = b"".join(exports.csv_pieces([[one], [two]])).decode("utf-8-sig")

    assert json.loads(list(csv.reader(io.StringIO(text)))[2][-1]) == {"data.model": "새벽 길 200"}


def test_an_export_without_records_is_a_table_with_a_head_only(api, data_request):
    assert table(api(f"/data-requests/{data_request.pk}/records?format=csv")) == [
        ["id", "kind", "receipt", "payload_digest", "more"]
    ]


def test_each_chunk_is_written_down_before_its_bytes_and_not_earlier(api, data_request, monkeypatch):
    monkeypatch.setattr(door, "CHUNK", 2)
    for _ in range(5):
        factories.release(request=data_request)

    pieces = iter(api(f"/data-requests/{data_request.pk}/records?format=ndjson").streaming_content)

    seen = []
    for piece in pieces:
        seen.append((len(piece.splitlines()), Access.objects.count()))
    assert seen == [(2, 2), (2, 4), (1, 5)]


def test_a_record_withdrawn_between_two_chunks_is_not_in_the_second(api, data_request, monkeypatch):
    monkeypatch.setattr(door, "CHUNK", 1)
    factories.release(request=data_request)
    second = factories.release(request=data_request)
    pieces = iter(api(f"/data-requests/{data_request.pk}/records?format=ndjson").streaming_content)

    next(pieces)
    operations.close_releases(consents=[second.consent], because="withdrawn", at=timezone.now())

    assert str(second.pk).encode() not in b"".join(pieces)


def test_a_page_of_lines_says_in_a_header_where_it_goes_on(api, data_request):
    ids = [str(factories.release(request=data_request).pk) for _ in range(3)]
    path = f"/data-requests/{data_request.pk}/records"

    first = api(f"{path}?format=ndjson&limit=2")
    link = first.headers["Link"]
    rest = api(link[1 : link.index(">")].partition("/api/v1")[2])

    assert link.endswith('; rel="next"')
    assert [json.loads(line)["id"] for line in body(first).splitlines()] == ids[:2]
    assert [json.loads(line)["id"] for line in body(rest).splitlines()] == ids[2:]
    assert "Link" not in rest.headers


def test_nobody_on_the_way_keeps_a_copy(api, data_request):
    release = factories.release(request=data_request)
    path = f"/data-requests/{data_request.pk}/records"

    for each in (path, f"{path}?format=csv", f"{path}/{release.pk}"):
        assert api(each).headers["Cache-Control"] == "no-store"


def test_a_refusal_is_a_problem_in_json_whatever_was_asked_for(api, data_request):
    for accept in ("application/x-ndjson", "text/csv"):
        answer = api(f"/data-requests/{data_request.pk}/records?cursor=broken", headers={"accept": accept})

        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "invalid_cursor"


def test_a_key_without_the_scope_reads_nothing(api, data_request):
    key = factories.buyer_key(of=data_request.organisation, scopes=("requests",))

    assert api(f"/data-requests/{data_request.pk}/records", key=key).status_code == 403


def test_asking_only_for_the_head_is_not_a_read(api, data_request):
    factories.release(request=data_request)

    answer = api(f"/data-requests/{data_request.pk}/records", method="head")

    assert answer.status_code == 405
    assert Access.objects.count() == 0


@pytest.mark.parametrize("text", FORMULA_STARTS)
def test_no_cell_begins_with_any_sign_of_a_formula(text):
    assert exports._cell(f"{text}1") == f"'{text}1"
