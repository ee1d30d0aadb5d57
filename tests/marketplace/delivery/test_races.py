"""Reading, closing and settling at once: each pair has exactly one order, and nothing committed late is lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from marketplace.brokerage import operations as brokerage
from marketplace.delivery import door, operations
from marketplace.delivery.errors import ReleaseClosed
from marketplace.delivery.models import Access, Erasure, Release
from rewards.ledger import operations as ledger
from tests import factories
from tests.conftest import connect_as_owner

READERS = 20
PATIENCE = 20


def read_record(release):
    reader = door.Reader(release.organisation, "key:1", "record")
    return door.read_record(request=release.request, release_id=release.pk, reader=reader, at=timezone.now())


def read_page(request, cursor=None):
    reader = door.Reader(request.organisation, "key:1", "list")
    return door.read_page(request=request, reader=reader, cursor=cursor, limit=50, at=timezone.now())


def in_thread(act, *, name=None):
    """Start `act` on a connection of its own; call `.join()`, then look at `.outcome`."""

    def run():
        with closing(connection):
            try:
                thread.outcome = act()
            except Exception as refusal:
                thread.outcome = refusal

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.outcome = None
    thread.start()
    return thread


def withdraw(release):
    """What a withdrawal does here: the end, then the closing, in one transaction."""
    with transaction.atomic():
        factories.end_of(release.consent)
        return operations.close_releases(consents=[release.consent], because="withdrawn", at=timezone.now())


@pytest.mark.parametrize("place", [0, 7, 19])
def test_twenty_reads_and_one_withdrawal_have_one_order(committed_db, place):
    release = factories.release()
    start = threading.Barrier(READERS + 1)

    def act(number):
        with closing(connection):
            start.wait(PATIENCE)
            if number == place:
                return withdraw(release)
            try:
                return read_record(release).document["id"]
            except ReleaseClosed:
                return None

    with ThreadPoolExecutor(max_workers=READERS + 1) as pool:
        outcomes = list(pool.map(act, range(READERS + 1)))

    closed = outcomes.pop(place)
    given = [one for one in outcomes if one]
    assert Access.objects.filter(release=release).count() == len(given)
    assert (closed == set()) == bool(given)
    assert Erasure.objects.filter(release=release).exists() == bool(given)
    with pytest.raises(ReleaseClosed):
        read_record(release)


def test_no_read_that_starts_after_the_commit_sees_the_record(committed_db):
    """Twenty readers read without a pause; each notes when it began, and the withdrawal when it had committed."""
    release, over = factories.release(), threading.Event()
    tried: list[tuple[float, bool]] = []

    def keep_reading():
        while not over.is_set():
            begun = time.monotonic()
            try:
                seen = bool(read_record(release).document)
            except ReleaseClosed:
                seen = False
            tried.append((begun, seen))

    readers = [in_thread(keep_reading) for _ in range(READERS)]
    deadline = time.monotonic() + PATIENCE
    while len(tried) < READERS and time.monotonic() < deadline:
        time.sleep(0.01)
    withdraw(release)
    committed = time.monotonic()
    while sum(begun > committed for begun, _ in tried) < READERS and time.monotonic() < deadline:
        time.sleep(0.01)
    over.set()
    for thread in readers:
        thread.join(PATIENCE)

    assert [thread.outcome for thread in readers] == [None] * READERS
    assert any(seen for begun, seen in tried if begun < committed)
    after = [seen for begun, seen in tried if begun > committed]
    assert len(after) >= READERS
    assert not any(after)
    assert Access.objects.filter(release=release).count() == sum(seen for _, seen in tried)


def test_a_read_that_meets_a_withdrawal_waits_for_it_and_is_refused(committed_db):
    release = factories.release()

    with transaction.atomic():
        closed = withdraw(release)
        reading = in_thread(lambda: read_record(release))
        reading.join(0.5)
        waited = reading.is_alive()
    reading.join(PATIENCE)

    assert waited
    assert isinstance(reading.outcome, ReleaseClosed)
    assert closed == {release.consent_id}
    assert Access.objects.count() == 0


def test_a_withdrawal_that_meets_a_read_waits_for_it_and_knows_of_it(committed_db, monkeypatch):
    release, opening, go_on = factories.release(), threading.Event(), threading.Event()
    really_open = door.open_sealed

    def slowly(sealed, **options):
        opening.set()
        assert go_on.wait(PATIENCE)
        return really_open(sealed, **options)

    monkeypatch.setattr(door, "open_sealed", slowly)
    reading = in_thread(lambda: read_record(release))
    assert opening.wait(PATIENCE)
    withdrawing = in_thread(lambda: withdraw(release))
    withdrawing.join(0.5)
    waited = withdrawing.is_alive()
    go_on.set()
    for thread in (reading, withdrawing):
        thread.join(PATIENCE)

    assert waited
    assert reading.outcome.document["id"] == str(release.pk)
    assert withdrawing.outcome == set()
    assert Erasure.objects.filter(release=release).count() == 1


def test_the_access_is_committed_before_the_record_is_handed_over(committed_db):
    release = factories.release()

    record = read_record(release)

    seen = in_thread(lambda: Access.objects.filter(release=record.release.pk).count())
    seen.join(PATIENCE)
    assert not connection.in_atomic_block
    assert seen.outcome == 1


@pytest.fixture
def two_asks(committed_db):
    request = factories.open_request()
    return request, [factories.ask(request=request) for _ in range(2)]


def approve(ask):
    person = factories.member(of=ask.household)
    return factories.approve(ask, by=person)


def test_a_deal_that_commits_late_is_delivered_to_who_had_read_past_the_other(two_asks, monkeypatch):
    request, (late, early) = two_asks
    inserted, go_on, capture = threading.Event(), threading.Event(), ledger.capture_hold

    def capture_slowly(**item):
        if threading.current_thread().name == "late":
            inserted.set()
            assert go_on.wait(PATIENCE)
        return capture(**item)

    monkeypatch.setattr(ledger, "capture_hold", capture_slowly)
    settling = in_thread(lambda: approve(late), name="late")
    assert inserted.wait(PATIENCE)
    first = approve(early).release
    page = read_page(request)
    go_on.set()
    settling.join(PATIENCE)

    rest = read_page(request, page.resume_cursor)

    assert [UUID(one.release.pk) for one in page.records] == [first.pk]
    assert [UUID(one.release.pk) for one in rest.records] == [settling.outcome.release.pk]


def test_numbers_are_given_in_the_order_of_commits(two_asks, monkeypatch):
    """Once A has its number, B waits for A's commit before it gets one: a higher number never shows first."""
    request, (first, second) = two_asks
    numbered, go_on, opened = threading.Event(), threading.Event(), brokerage.deciding.delivery.open_release

    def open_slowly(**terms):
        release = opened(**terms)
        if threading.current_thread().name == "first":
            numbered.set()
            assert go_on.wait(PATIENCE)
        return release

    monkeypatch.setattr(operations, "open_release", open_slowly)
    one = in_thread(lambda: approve(first), name="first")
    assert numbered.wait(PATIENCE)
    two = in_thread(lambda: approve(second), name="second")
    two.join(1)
    waited = two.is_alive()
    page = read_page(request)
    go_on.set()
    for thread in (one, two):
        thread.join(PATIENCE)

    assert waited
    assert page.records == []
    order = [one.outcome.release.pk, two.outcome.release.pk]
    assert list(Release.objects.order_by("number").values_list("pk", flat=True)) == order


def test_a_page_read_downwards_and_a_closing_that_goes_upwards_never_fail_each_other(committed_db):
    """They lock the same releases from both ends: PostgreSQL breaks one of them off, which then begins again."""
    first = factories.release()
    second = factories.release(request=first.request)
    reader, reading = door.Reader(first.organisation, "key:1", "page"), []

    def read_downwards():
        page = door.read_page(
            request=first.request, reader=reader, cursor=None, limit=5, at=timezone.now(), newest_first=True
        )
        return len(page.records)

    @ledger.retry_on_conflict
    @transaction.atomic
    def close_upwards():
        operations.close_releases(consents=[first.consent], because="withdrawn", at=timezone.now())
        if not reading:
            reading.append(in_thread(read_downwards))
            _wait_for_a_waiting_backend(committed_db)
        operations.close_releases(consents=[second.consent], because="withdrawn", at=timezone.now())

    close_upwards()
    reading[0].join(PATIENCE)

    assert reading[0].outcome in (0, 2)
    assert Release.objects.filter(closed_at=None).count() == 0


def _wait_for_a_waiting_backend(database):
    """Look from outside: inside a transaction the statistics stand still."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + PATIENCE
    with connect_as_owner(database) as owner:
        while not owner.execute(waiting).fetchone()[0]:
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)
