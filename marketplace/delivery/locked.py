"""A release as the door locks it: one row of one statement, which locks it, with all that a reading must know.

No model instances and no objects for ids: of a page of five hundred they cost more than opening its copies.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from consent.records.models import Receipt
from marketplace.delivery.models import Release
from marketplace.delivery.models.releases import ReleaseQuerySet, readable
from marketplace.insights.vault import SealedRow, row_of


class LockedRelease(NamedTuple):
    """One release, what was signed for it, whether it may be read now, and its sealed copy if there is one.

    Attributes:
        is_yours: it was released to the organisation that reads, and the consent names the same one.
        signed_digest: what the household was shown, as the consent says it.
        receipt_id: None where nothing was signed.
        is_open: it was not closed; it may have ended all the same.
        may_be_read: the answer to the one question of `models.releases.readable`.
        sealed: the release's own copy, with its key; None where the copy is gone.
    """

    pk: str
    number: int
    kind: str
    is_yours: bool
    is_unread: bool
    is_open: bool
    payload_digest: str
    signed_digest: str
    receipt_id: str | None
    may_be_read: bool
    sealed: SealedRow | None


_OF_RELEASE = (
    *("text_id", "number", "kind", "is_yours", "is_unread", "is_open"),
    *("payload_digest", "consent__payload_digest", "receipt_id", "may_be_read"),
)
_OF_COPY = ("copy_id", "sealed__purpose", "copy_household_id", "copy_subject_id", "sealed__nonce", "sealed__ciphertext")
_OF_KEY = ("data_key__epoch", "data_key__nonce", "data_key__wrapped", "data_key__commitment")
_COLUMNS = (*_OF_RELEASE, *_OF_COPY, *(f"sealed__{name}" for name in _OF_KEY))
_COPY_AT = len(_OF_RELEASE)


def load_page(
    *, request_id: UUID, reads_for: UUID, after: int | None, newest_first: bool, limit: int, at: datetime
) -> list[LockedRelease]:
    """Lock the releases of a data request from a number on and return them in order, judged at `at`.

    Whose consent ended is told row by row; among all consents nothing is looked for.

    Args:
        reads_for: the organisation that reads.
        after: the last number before these; None begins at the beginning.
    """
    statement, parameters = _page(after is None, newest_first, limit)
    known: dict[Any, Any] = {_AT: at, _READS_FOR: reads_for, _REQUEST: request_id, _AFTER: after}
    with connection.cursor() as cursor:
        cursor.execute(statement, [known.get(one, one) for one in parameters])
        return [_release_of(row) for row in cursor.fetchall()]


def load_one(*, request_id: UUID, release_id: UUID, reads_for: UUID, at: datetime) -> list[LockedRelease]:
    """Lock one release of a data request and return it, or nothing, judged at `at`."""
    found = Release.objects.filter(pk=release_id, request=request_id)
    return [_release_of(row) for row in _asked(found, reads_for=reads_for, at=at)]


#: Stand for what changes from page to page, in a statement that is composed once.
_AT, _READS_FOR, _REQUEST, _AFTER = datetime.min.replace(tzinfo=UTC), UUID(int=1), UUID(int=2), 2**60


@lru_cache(maxsize=64)
def _page(from_the_start: bool, newest_first: bool, limit: int) -> tuple[str, tuple[Any, ...]]:
    """Compose the statement of a page: each time anew, that costs as much as opening a quarter of its copies."""
    rows = Release.objects.lasting(_AT).filter(request=_REQUEST, organisation=_READS_FOR)
    if not from_the_start:
        rows = rows.filter(number__lt=_AFTER) if newest_first else rows.filter(number__gt=_AFTER)
    ordered = rows.order_by("-number" if newest_first else "number")[:limit]
    return _asked(ordered, reads_for=_READS_FOR, at=_AT).query.sql_with_params()


def _asked(releases: ReleaseQuerySet, *, reads_for: UUID, at: datetime) -> "QuerySet[Release, tuple[Any, ...]]":
    """Ask for all that a reading must know, in one statement that locks the releases.

    One is enough, although it sees the other tables as they were when it began: whoever ends a consent writes to the
    release's row in the same transaction, and PostgreSQL looks at that row anew once it has the lock, and judges what
    it finds. A key that was wrapped anew meanwhile, the vault loads again.
    """
    signed = Receipt.objects.filter(consent=OuterRef("consent"), act=Receipt.Act.GIVEN)
    known = releases.lock().annotate(
        text_id=_as_text("pk"),
        is_yours=_is(Q(organisation=reads_for, consent__recipient=reads_for)),
        is_unread=_is(Q(first_read_at=None)),
        is_open=_is(Q(closed_at=None)),
        may_be_read=_is(readable(at)),
        receipt_id=Subquery(signed.values(text_id=_as_text("pk"))[:1]),
        copy_id=_as_text("sealed"),
        copy_household_id=_as_text("sealed__household_id"),
        copy_subject_id=_as_text("sealed__subject_id"),
    )
    return known.values_list(*_COLUMNS)


def _as_text(field: str) -> Cast:
    return Cast(field, models.TextField())


def _is(asked: Q) -> models.ExpressionWrapper:
    return models.ExpressionWrapper(asked, models.BooleanField())


def _release_of(row: tuple[Any, ...]) -> LockedRelease:
    if row[_COPY_AT] is None:
        return LockedRelease._make((*row[:_COPY_AT], None))
    return LockedRelease._make((*row[:_COPY_AT], row_of(row[_COPY_AT:])))
