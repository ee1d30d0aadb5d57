"""What a read gives, and what it leaves behind."""

import base64
import hashlib
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties.canonical import canonical_bytes
from consent.parties.errors import InvalidCursor
from consent.parties.models import AuditEntry
from consent.records.models import Receipt
from marketplace.delivery import door
from marketplace.delivery.errors import CopyMismatch, ReleaseNotYours
from marketplace.delivery.models import Access, Release
from marketplace.demand.models import DataRequest
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_():
    return factories.request_to_read()


def reader(request, path="list"):
    return door.Reader(organisation=request.organisation, name="key:1", path=path)


def read(request, **options):
    values = {"cursor": None, "limit": 50, "at": timezone.now()} | options
    return door.read_page(request=request, reader=reader(request), **values)


def test_a_record_is_the_preview_with_its_ids(request_):
    release = factories.release(request=request_)

    [record] = read(request_).records

    document = record.document
    assert document["id"] == str(release.pk)
    assert document["receipt"] == str(Receipt.objects.get(consent=release.consent, act="given").pk)
    preview = {key: document[key] for key in document.keys() - {"id", "receipt", "payload_digest"}}
    assert hashlib.sha256(canonical_bytes(preview)).hexdigest() == document["payload_digest"]
    assert {"kind", "data"} <= document.keys()


def test_each_read_leaves_one_access_and_the_first_one_its_moment(request_):
    release = factories.release(request=request_)
    first, second = timezone.now(), timezone.now()

    read(request_, at=first)
    read(request_, at=second)

    assert Access.objects.filter(release=release).count() == 2
    assert Release.objects.get(pk=release.pk).first_read_at == first


def test_the_order_is_the_order_of_release_and_the_cursor_continues_it(request_):
    ids = [factories.release(request=request_).pk for _ in range(3)]

    first = read(request_, limit=2)
    rest = read(request_, limit=2, cursor=first.next_cursor)

    assert [UUID(record.release.pk) for record in first.records + rest.records] == ids
    assert rest.next_cursor is None


def test_the_resume_cursor_finds_what_was_released_later(request_):
    factories.release(request=request_)
    seen = read(request_)

    later = factories.release(request=request_)

    assert seen.next_cursor is None
    assert [UUID(one.release.pk) for one in read(request_, cursor=seen.resume_cursor).records] == [later.pk]


def test_the_resume_cursor_stays_where_it_was_when_nothing_came(request_):
    factories.release(request=request_)
    seen = read(request_)

    nothing = read(request_, cursor=seen.resume_cursor)

    later = factories.release(request=request_)
    assert [UUID(one.release.pk) for one in read(request_, cursor=nothing.resume_cursor).records] == [later.pk]


def test_a_cursor_opens_only_the_list_that_made_it(request_):
    factories.release(request=request_)
    cursor = read(request_).resume_cursor
    other = factories.request_to_read(of=request_.organisation)

    with pytest.raises(InvalidCursor):
        read(other, cursor=cursor)
    with pytest.raises(InvalidCursor):
        read(request_, cursor=cursor, newest_first=True)


def test_a_record_of_another_data_request_of_the_same_buyer_is_not_found_here(request_):
    elsewhere = factories.release(request=factories.request_to_read(of=request_.organisation))

    with pytest.raises(ReleaseNotYours):
        door.read_record(
            request=request_, release_id=elsewhere.pk, reader=reader(request_, "record"), at=timezone.now()
        )


def test_a_release_whose_consent_names_another_buyer_gives_nothing(request_):
    release, other = factories.release(request=request_), factories.organisation()
    with factories.as_owner():
        Release.objects.update(organisation=other)
    DataRequest.objects.update(organisation=other)
    request_.refresh_from_db()

    assert read(request_).records == []
    with pytest.raises(ReleaseNotYours):
        door.read_record(request=request_, release_id=release.pk, reader=reader(request_), at=timezone.now())


def test_of_a_name_that_is_said_twice_ours_counts(request_):
    factories.release(request=request_)
    [record] = read(request_).records

    line = door._with_ids(b'{"id":"forged","kind":"air.pm25"}', record.release)

    assert record._replace(line=line).document["id"] == record.release.pk


def test_a_copy_that_is_not_what_was_shown_is_noted_once_for_people(request_):
    release = factories.release(request=request_)
    good = factories.release(request=request_)
    with factories.as_owner():
        Release.objects.filter(pk=release.pk).update(payload_digest="0" * 64)

    pages = [read(request_), read(request_)]

    assert all([UUID(one.release.pk) for one in page.records] == [good.pk] for page in pages)
    assert AuditEntry.objects.filter(subject=f"release:{release.pk}", outcome="copy_mismatch").count() == 1
    with pytest.raises(CopyMismatch):
        door.read_record(request=request_, release_id=release.pk, reader=reader(request_), at=timezone.now())


def test_a_consent_without_its_signed_receipt_gives_nothing(request_, monkeypatch):
    monkeypatch.setattr("consent.records.operations._sign_decision", lambda *consent, **about: None)
    factories.release(request=request_)

    assert read(request_).records == []


def test_what_is_logged_of_a_fault_names_the_release_and_never_a_value(request_, caplog):
    release = factories.release(request=request_, values={"value": 424.2424})
    with factories.as_owner():
        Release.objects.filter(pk=release.pk).update(payload_digest="0" * 64)

    read(request_)
    with pytest.raises(CopyMismatch) as refusal:
        door.read_record(request=request_, release_id=release.pk, reader=reader(request_), at=timezone.now())

    assert str(release.pk) in caplog.text
    noted = " ".join(str(vars(entry)) for entry in AuditEntry.objects.all())
    assert "424.2424" not in caplog.text + noted + str(refusal.value)


def test_the_cost_of_a_page_does_not_grow_with_its_records(request_):
    costs = []
    for _ in range(2):
        for _ in range(3):
            factories.release(request=request_)
        with CaptureQueriesContext(connection) as queried:
            read(request_)
        costs.append(len(queried))

    assert costs[0] == costs[1] <= 9


def test_the_keys_of_the_order_do_not_show_in_the_cursor(request_):
    factories.release(request=request_, number=987654321)

    cursor = read(request_).resume_cursor

    padded = cursor + "=" * (-len(cursor) % 4)
    assert b"987654321" not in base64.urlsafe_b64decode(padded)
