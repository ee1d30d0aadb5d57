"""The one door. Only here is a released copy opened for a buyer, whatever the path: list, record, export or page.

Every read locks the release, asks again whether it may be read, opens the release's own copy (never the insight),
compares its hash with what the household signed, writes the access down, and commits, before a byte leaves.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.canonical import sha256_hex
from consent.parties.models import AuditEntry, Organisation
from consent.parties.paging import make_cursor, open_cursor
from consent.parties.policies import check_can_act_for
from marketplace.delivery import policies
from marketplace.delivery.errors import CopyMismatch, ReleaseClosed, ReleaseNotYours
from marketplace.delivery.locked import LockedRelease, load_one, load_page
from marketplace.delivery.models import Release
from marketplace.demand.models import DataRequest
from marketplace.insights.copying import array_of
from marketplace.insights.errors import VaultClosed
from marketplace.insights.vault import Epochs, open_sealed
from rewards.ledger.retry import retry_on_conflict

logger = logging.getLogger(__name__)

CHUNK = 500
#: One statement for a page of reads.
ACCESSES = """
INSERT INTO delivery_access (release_id, reader, path, at)
SELECT release_id, %s, %s, %s FROM unnest(%s::uuid[]) AS read (release_id)
"""


@dataclass(frozen=True)
class Reader:
    """Who reads, for which organisation and by which path; the household sees each read."""

    organisation: Organisation
    name: str
    path: str


class Record(NamedTuple):
    """One record as it leaves: the very bytes the household signed, and behind them three ids of its release."""

    release: LockedRelease
    line: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The same as an object, for those who show it in another form."""
        found: dict[str, Any] = json.loads(self.line)
        return found


@dataclass(frozen=True)
class RecordPage:
    """Some records, the cursor of the next page (None at the end), and the cursor to come back with later."""

    records: list[Record]
    next_cursor: str | None
    resume_cursor: str | None


def read_page(
    *, request: DataRequest, reader: Reader, cursor: str | None, limit: int, at: datetime, newest_first: bool = False
) -> RecordPage:
    """Read the records of a data request that may be read at `at`, in the order they were released.

    What may not be read is not there: no gap, no tombstone. A copy that is not what the household saw is left out,
    and a person is told through the audit trail.

    Raises:
        InvalidCursor: the cursor is broken or belongs to another list.
        NotPermitted, OrganisationSuspended: the organisation may not read.
    """
    name = f"records:{request.pk}:{reader.organisation.pk}:{'down' if newest_first else 'up'}"
    after = int(open_cursor(cursor, name=name)[0]) if cursor else None
    found, more = _read_numbered(
        request=request, reader=reader, after=after, limit=limit, at=at, newest_first=newest_first
    )
    last = found.last_number if found.last_number is not None else after
    onward = make_cursor([str(last)], name=name) if last is not None else None
    return RecordPage(found.records, onward if more else None, onward)


def read_chunks(
    *, request: DataRequest, reader: Reader, cursor: str | None, clock: Callable[[], datetime]
) -> Iterator[list[Record]]:
    """Read everything from `cursor` on, 500 records at a time; each chunk is judged at its own moment.

    The first chunk is read at once, so that a refusal comes before the first byte.

    Raises:
        As `read_page`, also between chunks: an export that was cut off must look cut off.
    """
    page = read_page(request=request, reader=reader, cursor=cursor, limit=CHUNK, at=clock())
    return _further_chunks(page, request=request, reader=reader, clock=clock)


def read_record(*, request: DataRequest, release_id: UUID, reader: Reader, at: datetime) -> Record:
    """Read one record.

    Raises:
        ReleaseNotYours: it is another organisation's or another data request's, or there is none.
        ReleaseClosed: it was withdrawn or revoked, its end has passed, or its copy is gone.
        CopyMismatch: the copy is not what the household was shown.
        NotPermitted, OrganisationSuspended: the organisation may not read.
    """
    with transaction.atomic(durable=True):
        _check_organisation(request, reader)
        releases = load_one(request_id=request.pk, release_id=release_id, reads_for=reader.organisation.pk, at=at)
        found = _read_locked(releases, reader=reader, at=at)
    # Raised after the commit: a note in the audit trail must not vanish with its refusal.
    if found.refusals:
        raise found.refusals[0]
    if not found.records:
        raise ReleaseNotYours(gettext("이 기록은 없어요."))
    return found.records[0]


@dataclass(frozen=True)
class _Found:
    records: list[Record]
    refusals: list[Exception]
    last_number: int | None


def _further_chunks(
    page: RecordPage, *, request: DataRequest, reader: Reader, clock: Callable[[], datetime]
) -> Iterator[list[Record]]:
    yield page.records
    while page.next_cursor:
        page = read_page(request=request, reader=reader, cursor=page.next_cursor, limit=CHUNK, at=clock())
        yield page.records


@retry_on_conflict
@transaction.atomic(durable=True)
def _read_numbered(
    *, request: DataRequest, reader: Reader, after: int | None, limit: int, at: datetime, newest_first: bool
) -> tuple[_Found, bool]:
    _check_organisation(request, reader)
    releases = load_page(
        request_id=request.pk,
        reads_for=reader.organisation.pk,
        after=after,
        newest_first=newest_first,
        limit=limit + 1,
        at=at,
    )
    return _read_locked(releases[:limit], reader=reader, at=at), len(releases) > limit


def _check_organisation(request: DataRequest, reader: Reader) -> None:
    """Ask the database, not the session: a suspension counts from the next read on."""
    now = Organisation.objects.get(pk=reader.organisation.pk)
    owner = now if request.organisation_id == now.pk else Organisation.objects.get(pk=request.organisation_id)
    check_can_act_for(owner, actor_organisation=now)


def _read_locked(releases: list[LockedRelease], *, reader: Reader, at: datetime) -> _Found:
    """Read releases whose rows this transaction holds locked."""
    records: list[Record] = []
    refusals: list[Exception] = []
    epochs = Epochs()
    for release in releases:
        try:
            records.append(_opened(release, epochs=epochs, at=at))
        except (ReleaseClosed, ReleaseNotYours, CopyMismatch) as refusal:
            refusals.append(refusal)
    _write_down([record.release for record in records], reader=reader, at=at)
    return _Found(records, refusals, releases[-1].number if releases else None)


def _opened(release: LockedRelease, *, epochs: Epochs, at: datetime) -> Record:
    try:
        policies.check_can_read(release)
    except ReleaseClosed:
        if release.is_open and release.sealed is None:
            _tell_people(release, outcome="copy_missing", at=at)
        raise
    try:
        payload = open_sealed(release.sealed, epochs=epochs)  # type: ignore[arg-type]
    except VaultClosed as exc:
        _tell_people(release, outcome="copy_unreadable", at=at)
        raise ReleaseClosed(gettext("이 기록의 사본은 열 수 없어요.")) from exc
    # The consent's digest is the signed one and its row cannot change; the release's must say the same.
    is_same = sha256_hex(payload) == release.payload_digest == release.signed_digest
    if release.receipt_id is None or not is_same:
        _tell_people(release, outcome="copy_mismatch", at=at)
        raise CopyMismatch(gettext("보여 드린 것과 달라서 내드리지 않아요. 마루가 살펴볼게요."))
    return Record(release, _with_ids(payload, release))


def _with_ids(payload: bytes, release: LockedRelease) -> bytes:
    """Return the signed object with the release's ids in it. They come last: of a name said twice, the last counts."""
    own = f',"id":"{release.pk}","payload_digest":"{release.payload_digest}","receipt":"{release.receipt_id}"}}'
    return payload[:-1] + own.encode()


def _write_down(releases: list[LockedRelease], *, reader: Reader, at: datetime) -> None:
    """Write every read of this page down in one statement, and a second one where something was read first."""
    if not releases:
        return
    with connection.cursor() as cursor:
        ids = array_of([release.pk for release in releases])
        cursor.execute(ACCESSES, [reader.name, reader.path, at, ids])
    unread = [release.pk for release in releases if release.is_unread]
    if unread:
        Release.objects.filter(pk__in=unread).update(first_read_at=at)


def _tell_people(release: LockedRelease, *, outcome: str, at: datetime) -> None:
    """Leave one line in the audit trail and the log, once per release and fault. Never the payload."""
    known = AuditEntry.objects.filter(subject=f"release:{release.pk}", action="record.read", outcome=outcome)
    if not known.exists():
        parties.note(actor="door", action="record.read", subject=f"release:{release.pk}", outcome=outcome, at=at)
        logger.error("release %s is not handed out: %s", release.pk, outcome)
