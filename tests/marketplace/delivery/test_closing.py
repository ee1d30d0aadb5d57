"""Closing ends every read, destroys the copy, tells the buyer, and leaves a duty to erase what was read."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.delivery import door, operations, queries
from marketplace.delivery.models import Access, Erasure, OutboxMessage, Release
from marketplace.insights.models import DataKey, SealedObject
from tests import factories


def read(release, at=None):
    request = release.request
    reader = door.Reader(request.organisation, "key:1", "record")
    return door.read_record(request=request, release_id=release.pk, reader=reader, at=at or timezone.now())


def test_closing_destroys_this_copy_and_its_key_and_no_other(data_request):
    release, other = factories.release(request=data_request), factories.release(request=data_request)
    sealed_id = release.sealed_id

    unread = operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())

    assert unread == {release.consent_id}
    assert not SealedObject.objects.filter(pk=sealed_id).exists()
    assert not DataKey.objects.filter(sealed=sealed_id).exists()
    assert read(other).document["id"] == str(other.pk)


def test_closing_before_the_first_read_leaves_no_duty(data_request):
    release = factories.release(request=data_request)

    operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())

    assert Erasure.objects.count() == 0


def test_closing_after_a_read_leaves_a_duty_of_ten_days(data_request):
    release, at = factories.release(request=data_request), timezone.now()
    read(release)

    unread = operations.close_releases(consents=[release.consent], because="withdrawn", at=at)

    assert unread == set()
    assert Erasure.objects.get(release=release).due_at == at + timedelta(days=10)


def test_closing_twice_keeps_the_first_closing(data_request):
    release, first = factories.release(request=data_request), timezone.now()
    read(release)
    operations.close_releases(consents=[release.consent], because="withdrawn", at=first)

    operations.close_releases(consents=[release.consent], because="revoked", at=first + timedelta(hours=1))

    release.refresh_from_db()
    assert (release.closed_at, release.closed_because) == (first, "withdrawn")
    assert Erasure.objects.count() == 1


def test_a_refusal_has_nothing_to_close(data_request):
    release = factories.release(request=data_request)
    factories.no_release(release)

    assert operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now()) == set()


def test_the_sweep_destroys_what_nobody_may_read_any_more(data_request):
    now = timezone.now()
    late = factories.release(request=data_request, at=now - timedelta(days=31))
    lasting = factories.release(request=data_request)

    assert operations.close_due_releases(at=now) == 1
    assert operations.close_due_releases(at=now) == 0
    late.refresh_from_db()
    assert (late.closed_because, late.sealed_id) == ("expired", None)
    assert Release.objects.get(pk=lasting.pk).closed_at is None


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"closed_at": timezone.now()}, "release_closed_for_a_reason"),
        ({"closed_at": timezone.now(), "closed_because": "withdrawn"}, "release_closed_keeps_no_copy"),
        ({"number": 1}, "release_numbered_once"),
    ],
)
def test_the_database_refuses(data_request, fields, constraint):
    factories.release(request=data_request, number=1)
    release = factories.release(request=data_request, number=2)

    with pytest.raises(IntegrityError, match=constraint), factories.as_owner():
        Release.objects.filter(pk=release.pk).update(**fields)


def test_an_access_never_changes_and_never_vanishes(data_request):
    read(factories.release(request=data_request))

    for change in (lambda rows: rows.update(path="page"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match=r"denied|only grows"), transaction.atomic():
            change(Access.objects.all())


def test_the_figures_count_what_stands_swept_or_not(data_request):
    now = timezone.now()
    factories.release(request=data_request)
    read(factories.release(request=data_request))
    factories.release(request=data_request, at=now - timedelta(days=31))
    withdrawn = factories.release(request=data_request)
    read(withdrawn)
    operations.close_releases(consents=[withdrawn.consent], because="withdrawn", at=now)
    factories.end_of(factories.release(request=data_request).consent)

    figures = queries.figures_of(data_request, at=now)

    assert figures == queries.Figures(readable=2, unread=1, taken_back=2, ended=1, to_erase=1)


def test_the_deed_writes_its_messages_itself_or_not_at_all(data_request):
    operations.add_endpoint(
        organisation=data_request.organisation, url="https://school.example/hook", actor="key:1", at=timezone.now()
    )

    @transaction.atomic
    def deed():
        factories.release(request=data_request)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deed()

    assert OutboxMessage.objects.count() == 0
