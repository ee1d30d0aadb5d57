"""What the twin shows: the last word of each stream, values as they were said, summaries over a longer time.

Nobody is asked here who may see it: callers pass the ids of appliances that they loaded for somebody.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max, Min, Q
from django.utils import timezone

from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import Number
from marketplace.insights.models import TwinPage, TwinState
from marketplace.insights.twin import pages
from marketplace.insights.twin.books import OpenBook, open_books, page_place, state_place

#: A kind, and the zone it was said of; empty where the kind has none.
Stream = tuple[str, str]
Span = TwinPage.Span
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Point:
    """One value as it was said.

    Attributes:
        covers_s: of a word or a yes, the seconds up to `observed_at` that it speaks for, if it said so.
    """

    appliance_id: UUID
    kind: str
    zone: str
    observed_at: datetime
    value: Number | str | bool
    covers_s: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The last word of one stream.

    Attributes:
        lag_s: how late the values of this stream come, at the least; None if it has no clock of its own.
    """

    appliance_id: UUID
    kind: str
    zone: str
    observed_at: datetime
    heard_at: datetime
    lag_s: float | None
    value: Number | str | bool
    covers_s: int | None
    confidence: Number | None
    flags: tuple[str, ...]


def latest(*, appliance_ids: Iterable[UUID]) -> list[State]:
    """Return the last word of each stream of these appliances, in two statements."""
    rows = list(TwinState.objects.filter(appliance__in=list(appliance_ids)).order_by("appliance", "kind", "zone"))
    if not rows:
        return []
    months = {pages.month_of(row.observed_at) for row in rows}
    books = {book.id: book for book in open_books({row.appliance_id for row in rows}, months).values()}
    return [state for row in rows if (state := _state(row, books)) is not None]


def recent(
    *,
    appliance_ids: Iterable[UUID],
    kinds: Collection[str] | None = None,
    since: datetime,
    until: datetime | None = None,
) -> list[Point]:
    """Return what was said from `since` up to and with `until`, the oldest first, in two statements.

    Of a minute the last number stays; of a word, the last time it was said in a minute.

    Args:
        kinds: only these; all if None.
        until: open if None; what appliances say is at most a minute ahead of the clock.
    """
    pages_said = _pages(appliance_ids, kinds, since, until, spans=(Span.HOUR, Span.WORD))
    found = _points(pages_said, since=since, until=until)
    return sorted(found, key=lambda one: (one.observed_at, one.kind, one.zone))


def history(
    *,
    appliance_ids: Iterable[UUID],
    kinds: Collection[str] | None = None,
    since: datetime,
    until: datetime | None = None,
) -> Iterator[Point]:
    """Yield the same as `recent`, stream by stream and page by page, for whoever takes all of it along."""
    pages_said = _pages(appliance_ids, kinds, since, until, spans=(Span.HOUR, Span.WORD), some_at_a_time=True)
    yield from _points(pages_said, since=since, until=until)


def _points(
    pages_said: Iterable[tuple[OpenBook, TwinPage, bytes]], *, since: datetime, until: datetime | None
) -> Iterator[Point]:
    for book, page, content in pages_said:
        for at, value, covers_s in _values(page.span, content):
            observed_at = page.begins_at + timedelta(milliseconds=at)
            if since <= observed_at and (until is None or observed_at <= until):
                yield Point(book.appliance_id, page.kind, page.zone, observed_at, value, covers_s)


def summaries(
    *, appliance_ids: Iterable[UUID], kinds: Collection[str] | None = None, since: datetime, until: datetime
) -> dict[Stream, list[pages.Summary]]:
    """Return the hours of all streams of numbers that begin within a time, in two statements.

    One sealed page is a day, so a month of one stream is 31 openings however often it spoke. Appliances that are
    asked for together are taken for one thing: their hours are joined.
    """
    found: dict[Stream, list[list[pages.Summary]]] = {}
    for streams in summaries_of_each(appliance_ids=appliance_ids, kinds=kinds, since=since, until=until).values():
        for stream, hours in streams.items():
            found.setdefault(stream, []).append(hours)
    first = pages.hour_of(since)
    return {
        stream: several[0]
        if len(several) == 1
        else pages.joined([one for hours in several for one in hours], width=pages.HOUR, since=first)
        for stream, several in found.items()
    }


def summaries_of_each(
    *, appliance_ids: Iterable[UUID], kinds: Collection[str] | None = None, since: datetime, until: datetime
) -> dict[UUID, dict[Stream, list[pages.Summary]]]:
    """Return the same as `summaries`, each appliance by itself."""
    found: dict[UUID, dict[Stream, list[pages.Summary]]] = {}
    for book, page, content in _pages(appliance_ids, kinds, since, until, spans=(Span.DAY,)):
        within = [
            one for one in pages.summaries_on(content, begins_at=page.begins_at) if since <= one.begins_at < until
        ]
        if within:
            found.setdefault(book.appliance_id, {}).setdefault((page.kind, page.zone), []).extend(within)
    return found


def fine_summaries(
    *,
    appliance_ids: Iterable[UUID],
    kinds: Collection[str] | None = None,
    since: datetime,
    until: datetime,
    width: timedelta,
) -> dict[Stream, list[pages.Summary]]:
    """Return summaries narrower than an hour, counted from `since`, for a time of about a day; in two statements.

    They are made of one number a minute, which is all that is kept.
    """
    found: dict[Stream, dict[int, list[float]]] = {}
    size = width // timedelta(milliseconds=1)
    for _, page, content in _pages(appliance_ids, kinds, since, until, spans=(Span.HOUR,)):
        places = found.setdefault((page.kind, page.zone), {})
        into, last = pages.milliseconds(page.begins_at, since=since), pages.milliseconds(until, since=since)
        for at, value in pages.numbers_on(content):
            if 0 <= into + at < last:
                places.setdefault((into + at) // size, []).append(value)
    return {
        stream: [pages.summed(since + place * width, width, places[place]) for place in sorted(places)]
        for stream, places in found.items()
        if places
    }


def nearest(
    *, appliance_ids: Collection[UUID], since: datetime, until: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return when something was said before and after a time in which nothing was, as near as can be."""
    said = TwinPage.objects.filter(book__appliance__in=list(appliance_ids), span__in=(Span.HOUR, Span.WORD))
    # What begins within a day of the end holds nothing of the time itself.
    around = said.aggregate(
        before=Max("begins_at", filter=Q(begins_at__lt=since)),
        after=Min("begins_at", filter=Q(begins_at__gt=until - pages.DAY)),
    )
    before = after = None
    if around["before"]:
        points = recent(appliance_ids=appliance_ids, since=around["before"], until=since)
        before = points[-1].observed_at if points else None
    if around["after"]:
        points = recent(appliance_ids=appliance_ids, since=until, until=around["after"] + pages.DAY)
        after = points[0].observed_at if points else None
    return before, after


def _pages(
    appliance_ids: Iterable[UUID],
    kinds: Collection[str] | None,
    since: datetime,
    until: datetime | None,
    *,
    spans: Collection[str],
    some_at_a_time: bool = False,
) -> Iterator[tuple[OpenBook, TwinPage, bytes]]:
    """Yield the pages that reach into a time, opened; those that do not open are left out."""
    months = _months(since, until or timezone.now() + pages.DAY)
    books = {book.id: book for book in open_books(appliance_ids, months).values()}
    if not books:
        return
    rows = TwinPage.objects.filter(book__in=books.keys(), span__in=spans, begins_at__gt=since - pages.DAY)
    rows = rows if until is None else rows.filter(begins_at__lte=until)
    rows = rows if kinds is None else rows.filter(kind__in=kinds)
    ordered = rows.order_by("kind", "zone", "begins_at")
    for row in ordered.iterator(chunk_size=CHUNK) if some_at_a_time else ordered:
        book, place = books[row.book_id], page_place(row.book_id, row.kind, row.zone, row.span, row.begins_at)
        try:
            yield book, row, book.key.open(bytes(row.box), place=place)
        except VaultClosed:
            continue


def _months(since: datetime, until: datetime) -> set[date]:
    first, last = pages.month_of(since), pages.month_of(until)
    count = (last.year - first.year) * 12 + last.month - first.month
    return {date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(count + 1)}


def _values(span: str, content: bytes) -> Iterator[tuple[int, Number | str | bool, int | None]]:
    if span == Span.WORD:
        yield from pages.words_on(content)
        return
    for at, value in pages.numbers_on(content):
        yield at, pages.plain(value), None


def _state(row: TwinState, books: Mapping[UUID, OpenBook]) -> State | None:
    book = books.get(row.book_id)
    if book is None:
        return None
    try:
        said = json.loads(
            book.key.open(bytes(row.box), place=state_place(book.id, row.kind, row.zone, row.observed_at))
        )
    except VaultClosed:
        return None
    return State(
        appliance_id=row.appliance_id,
        kind=row.kind,
        zone=row.zone,
        observed_at=row.observed_at,
        heard_at=row.heard_at,
        lag_s=row.lag_s,
        value=said["value"],
        covers_s=said.get("covers_s"),
        confidence=said.get("confidence"),
        flags=tuple(said.get("flags", ())),
    )
