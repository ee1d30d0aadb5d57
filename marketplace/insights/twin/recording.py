"""Every write of the twin: what just came in moves the states on and is written into the pages of its time."""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from consent.parties import operations as parties
from consent.parties.models import Household, User
from marketplace.appliances import policies
from marketplace.appliances.models import Appliance
from marketplace.insights import vault
from marketplace.insights.copying import array_of, array_of_bytes
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import SealedObject, TwinBook, TwinPage
from marketplace.insights.normalise import NormalReading
from marketplace.insights.twin import pages
from marketplace.insights.twin.books import OpenBook, Place, open_books, page_place, state_place

#: What weight one more late value has in how late a stream is said to be; it counts up from nothing.
LAG_WEIGHT = 0.05
#: How many books the clock closes at a time.
CLOSING = 2_000

# A box of a page is only ever written while its book is locked, so nothing that came meanwhile is lost.
_PAGES = """
SELECT p.book_id, p.kind, p.zone, p.span, p.begins_at, p.box
FROM unnest(%(books)s::uuid[], %(kinds)s::text[], %(zones)s::text[], %(spans)s::text[], %(begins)s::timestamptz[])
    AS want (book_id, kind, zone, span, begins_at)
JOIN insights_twinpage p USING (book_id, kind, zone, span, begins_at)
WHERE p.begins_at BETWEEN %(first)s AND %(last)s"""
_WRITE_PAGES = """
INSERT INTO insights_twinpage (book_id, kind, zone, span, begins_at, box)
SELECT * FROM unnest(%(books)s::uuid[], %(kinds)s::text[], %(zones)s::text[], %(spans)s::text[],
    %(begins)s::timestamptz[], %(boxes)s::bytea[])
ON CONFLICT (book_id, kind, zone, span, begins_at) DO UPDATE SET box = EXCLUDED.box"""
# The state never goes back: what comes late is written in its pages and changes nothing here. Late values are believed
# slowly, since a hub may have kept them; one that comes at once proves that the clock is right.
_WRITE_STATES = """
INSERT INTO insights_twinstate AS was (appliance_id, kind, zone, book_id, observed_at, heard_at, lag_s, box)
SELECT a, k, z, b, o, %(at)s, l * %(weight)s, x
FROM unnest(%(appliances)s::uuid[], %(kinds)s::text[], %(zones)s::text[], %(books)s::uuid[],
    %(observed)s::timestamptz[], %(lags)s::float8[], %(boxes)s::bytea[]) AS said (a, k, z, b, o, l, x)
ORDER BY a, k, z
ON CONFLICT (appliance_id, kind, zone) DO UPDATE SET
    book_id = EXCLUDED.book_id, observed_at = EXCLUDED.observed_at, heard_at = EXCLUDED.heard_at, box = EXCLUDED.box,
    lag_s = COALESCE(
        LEAST(EXCLUDED.lag_s / %(weight)s, COALESCE(was.lag_s, 0) * (1 - %(weight)s) + EXCLUDED.lag_s), was.lag_s
    )
WHERE EXCLUDED.observed_at >= was.observed_at"""

_HOUR, _DAY, _WORD = (span.value for span in TwinPage.Span)
_WRITTEN: dict[str, Callable[[bytes, list[Any]], bytes]] = {
    _HOUR: pages.with_numbers,
    _DAY: pages.with_summaries,
    _WORD: pages.with_words,
}
#: One value, and the row it belongs to: an appliance, or the whole it is a part of.
Heard = tuple[UUID, NormalReading]
#: What one batch brings of each stream: a row, a kind, and its zone or an empty word.
_Streams = Mapping[tuple[UUID, str, str], Sequence[NormalReading]]


class _PageKey(NamedTuple):
    book_id: UUID
    kind: str
    zone: str
    span: str
    begins_at: datetime


class _PageTurn(NamedTuple):
    """What one batch brings to one page."""

    book: OpenBook
    key: _PageKey
    said: list[Any]


@transaction.atomic(savepoint=False)
def record(*, household: Household, heard: Sequence[Heard], at: datetime) -> None:
    """Move the twin of a home's appliances on by what one request brought.

    Four statements, however many values; some more when an appliance speaks for the first time in a month. What came
    before must be left out by the caller. Late and out-of-order values stand in their own time.

    Args:
        heard: each value with the row it belongs to; all of them this household's.
        at: the server's clock when the request came in.
    """
    if not heard:
        return
    streams: dict[tuple[UUID, str, str], list[NormalReading]] = defaultdict(list)
    for appliance_id, one in heard:
        streams[appliance_id, one.kind, one.zone or ""].append(one)
    months = {(stream[0], month) for stream, said in streams.items() for month in _months(said)}
    books = _books(household, months)
    turns = _turns(books, streams)
    _write_pages(turns, _boxes(turns))
    _write_states(books, streams, at)


def _months(said: Sequence[NormalReading]) -> set[date]:
    """Return the months in which one stream spoke, which is nearly always one."""
    first, last = (pages.month_of(pick(one.observed_at for one in said)) for pick in (min, max))
    return {first} if first == last else {pages.month_of(one.observed_at) for one in said}


def _books(household: Household, places: set[Place]) -> Mapping[Place, OpenBook]:
    appliance_ids, months = {place[0] for place in places}, {place[1] for place in places}
    found = open_books(appliance_ids, months, locked=True)
    missing = places - found.keys()
    if not missing:
        return found
    _begin_books(household, missing)
    return open_books(appliance_ids, months, locked=True)


def _begin_books(household: Household, places: Collection[Place]) -> None:
    """Begin the books of a new month; one whose key is gone is begun anew, since nobody can read what stood in it."""
    for month in sorted({month for _, month in places}):
        make_month(month)
    closed = [
        sealed
        for sealed, *place in TwinBook.objects.filter(
            appliance__in={place[0] for place in places}, month__in={place[1] for place in places}
        ).values_list("sealed", "appliance", "month")
        if tuple(place) in places
    ]
    if closed:
        vault.shred(closed)
    ordered = sorted(places)
    ids = [uuid4() for _ in ordered]
    sealed = vault.seal_many(
        [
            vault.Content(
                purpose=SealedObject.Purpose.TWIN,
                household_id=household.pk,
                subject_id=book_id,
                payload=os.urandom(32),
            )
            for book_id in ids
        ]
    )
    TwinBook.objects.bulk_create(
        [
            TwinBook(id=book_id, appliance_id=appliance_id, month=month, sealed_id=key.pk)
            for book_id, (appliance_id, month), key in zip(ids, ordered, sealed, strict=True)
        ],
        ignore_conflicts=True,
    )


def _turns(books: Mapping[Place, OpenBook], streams: _Streams) -> list[_PageTurn]:
    """Return the pages that a batch writes on, with what it writes there."""
    found: dict[_PageKey, _PageTurn] = {}

    def page(stream: tuple[UUID, str, str], span: str, begins_at: datetime) -> list[Any]:
        book = books[stream[0], begins_at.date().replace(day=1)]
        key = _PageKey(book.id, stream[1], stream[2], span, begins_at)
        return found.setdefault(key, _PageTurn(book, key, [])).said

    for stream, said in streams.items():
        if isinstance(said[0].value, bool | str):
            for one in said:
                day = pages.day_of(one.observed_at)
                into = pages.milliseconds(one.observed_at, since=day)
                page(stream, _WORD, day).append((into, one.value, _covers(one)))
            continue
        hour = None
        for one in said:
            if hour is None or not hour <= one.observed_at < hour + pages.HOUR:
                hour = pages.hour_of(one.observed_at)
                day = hour.replace(hour=0)
                of_hour, of_day, gone = page(stream, _HOUR, hour), page(stream, _DAY, day), hour.hour * pages.HOUR_MS
            into, value = pages.milliseconds(one.observed_at, since=hour), float(one.value)
            of_hour.append((into, value))
            of_day.append((gone + into, value))
    return list(found.values())


def _covers(one: NormalReading) -> int | None:
    if one.interval is not None:
        return round((one.interval.end - one.interval.start).total_seconds())
    return one.window_s


def _boxes(turns: Sequence[_PageTurn]) -> list[bytes]:
    """Return the boxes of all pages as they are with what came in."""
    before = _boxes_before([turn.key for turn in turns])
    boxes = []
    for book, key, said in turns:
        place = page_place(*key)
        page = _WRITTEN[key.span](_opened(book, before.get(key), place), said)
        boxes.append(book.key.close(page, place=place))
    return boxes


def _opened(book: OpenBook, box: bytes | None, place: bytes) -> bytes:
    """Return what stands on a page; one that was tampered with is begun anew, or nothing could come in any more."""
    try:
        return b"" if box is None else book.key.open(box, place=place)
    except VaultClosed:
        return b""


def _boxes_before(keys: Sequence[_PageKey]) -> dict[_PageKey, bytes]:
    begins = [key.begins_at for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(_PAGES, {**_columns(keys), "first": min(begins), "last": max(begins)})
        return {_PageKey(*row[:5]): bytes(row[5]) for row in cursor.fetchall()}


def _write_pages(turns: Sequence[_PageTurn], boxes: Sequence[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_PAGES, {**_columns([turn.key for turn in turns]), "boxes": array_of_bytes(boxes)})


def _columns(keys: Sequence[_PageKey]) -> dict[str, Any]:
    return {
        "books": array_of(key.book_id for key in keys),
        "kinds": array_of(key.kind for key in keys),
        "zones": array_of(key.zone for key in keys),
        "spans": array_of(key.span for key in keys),
        "begins": array_of(key.begins_at.isoformat() for key in keys),
    }


def _write_states(books: Mapping[Place, OpenBook], streams: _Streams, at: datetime) -> None:
    said = []
    for stream, readings in streams.items():
        # Of two of one moment the last one said.
        newest = max(reversed(readings), key=attrgetter("observed_at"))
        said.append((stream, newest, books[stream[0], pages.month_of(newest.observed_at)]))
    columns: dict[str, Any] = {
        "at": at,
        "weight": LAG_WEIGHT,
        "appliances": array_of(stream[0] for stream, _, _ in said),
        "kinds": array_of(stream[1] for stream, _, _ in said),
        "zones": array_of(stream[2] for stream, _, _ in said),
        "books": array_of(book.id for _, _, book in said),
        "observed": array_of(one.observed_at.isoformat() for _, one, _ in said),
        "lags": [
            (at - one.observed_at).total_seconds() if one.time_quality == "source" else None for _, one, _ in said
        ],
        "boxes": array_of_bytes(
            book.key.close(_state(one), place=state_place(book.id, stream[1], stream[2], one.observed_at))
            for stream, one, book in said
        ),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_STATES, columns)


def _state(one: NormalReading) -> bytes:
    said = {"value": one.value, "covers_s": _covers(one), "confidence": one.confidence, "flags": list(one.flags)}
    return json.dumps({name: value for name, value in said.items() if value not in (None, [])}).encode()


@transaction.atomic(savepoint=False)
def forget(*, appliance_ids: Iterable[UUID]) -> int:
    """Destroy the twin of some appliances: the keys, and with them every state and page. Return how many books."""
    sealed = list(TwinBook.objects.filter(appliance__in=list(appliance_ids)).values_list("sealed", flat=True))
    if sealed:
        vault.shred(sealed)
    return len(sealed)


@transaction.atomic(durable=True)
def forget_history(*, appliance_id: UUID, actor: User, at: datetime) -> int:
    """Destroy what a home kept of one appliance, because somebody of it says so; what it says next begins anew.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    # Whoever writes into the twin holds the appliance too: they come before this and are forgotten, or after it.
    appliance = Appliance.objects.select_for_update().get(pk=appliance_id, left_at=None)
    policies.check_can_change(appliance, actor=actor)
    family = Appliance.objects.family_of(appliance).values_list("pk", flat=True)
    books = forget(appliance_ids=list(family))
    parties.note(actor=str(actor.pk), action="twin.forget", subject=f"appliance:{appliance.pk}", at=at)
    return books


@transaction.atomic(savepoint=False)
def make_month(month: date) -> bool:
    """Make the table for the pages of a month, unless it is there; return whether it was made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT insights_twin_make_month(%s)", [month])
        return bool(cursor.fetchone()[0])


@transaction.atomic(durable=True)
def drop_months(*, at: datetime) -> int:
    """Drop the tables of months whose last day is past the horizon; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT insights_twin_drop_months(%s)", [_horizon(at)])
        return int(cursor.fetchone()[0])


@transaction.atomic(durable=True)
def close_books(*, at: datetime, limit: int = CLOSING) -> int:
    """Destroy the keys of months whose last day is past the horizon, some at a time; return how many."""
    # A month is over by the horizon when that lies in a later one.
    over = TwinBook.objects.filter(month__lt=pages.month_of(_horizon(at)))
    sealed = list(over.order_by("month", "pk").values_list("sealed", flat=True)[:limit])
    if sealed:
        vault.shred(sealed)
    return len(sealed)


def keep_months(*, at: datetime) -> None:
    """Do what the clock owes the twin: make the coming month's table, and end the months past the horizon."""
    for month in {pages.month_of(at), pages.month_of(at + timedelta(days=20))}:
        make_month(month)
    drop_months(at=at)
    close_books(at=at)


def _horizon(at: datetime) -> datetime:
    return at - timedelta(days=settings.TWIN_KEEP_DAYS)
