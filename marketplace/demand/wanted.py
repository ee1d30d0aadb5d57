"""Which open data requests one insight meets, found without trying each: by kind, by area, by sorted thresholds."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from math import inf, isfinite
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from marketplace.demand.conditions import Value, is_sure_enough
from marketplace.demand.models import DataRequest, LeastAssurance, RequestVersion


class Want(NamedTuple):
    """One open data request in the version that it asks by, and how sure it wants to be of who said it.

    `rank` is its place in the row, the oldest first.
    """

    rank: int
    request_id: UUID
    organisation_id: UUID
    version_id: int
    least: str = LeastAssurance.ANY


class _Bound(NamedTuple):
    """A number, and the request that is met from there on; `other_end` closes the span, or leaves it open."""

    number: float
    other_end: float
    want: Want


@dataclass
class _Shelf:
    """What is wanted of one kind in one area. Each request stands in the one place where it can be met.

    Attributes:
        any: met by every value.
        words: met by a word.
        above: met above a number, and below another one if there is one; sorted by the first.
        below: met below a number; sorted by its negative, so that both are looked up alike.
    """

    any: list[Want] = field(default_factory=list)
    words: dict[str, list[Want]] = field(default_factory=lambda: defaultdict(list))
    above: list[_Bound] = field(default_factory=list)
    below: list[_Bound] = field(default_factory=list)

    def put(self, want: Want, *, above: float | None, below: float | None, words: Iterable[str]) -> None:
        if words:
            # A word never meets a threshold, so a request with both is met by nothing.
            for word in set(words) if above is None and below is None else ():
                self.words[word].append(want)
        elif above is not None:
            self.above.append(_Bound(above, inf if below is None else below, want))
        elif below is not None:
            self.below.append(_Bound(-below, inf, want))
        else:
            self.any.append(want)

    def sort(self) -> None:
        self.above.sort(key=itemgetter(0))
        self.below.sort(key=itemgetter(0))

    def met_by(self, value: Value) -> list[Want]:
        if isinstance(value, str):
            return [*self.any, *self.words.get(value, ())]
        if isinstance(value, bool):
            return list(self.any)
        if not isfinite(value):
            return []
        # Both ends exclude their own number.
        over = [bound.want for bound in self.above[: _reached(self.above, value)] if value < bound.other_end]
        under = [bound.want for bound in self.below[: _reached(self.below, -value)]]
        return [*self.any, *over, *under]


def _reached(bounds: list[_Bound], number: Any) -> int:
    return bisect_left(bounds, number, key=itemgetter(0))


class Wanted:
    """What may be asked for at one moment: the very answers of `conditions.is_met`, for a thousand requests at once."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[str, str], _Shelf] = defaultdict(_Shelf)
        self._all: dict[tuple[str, str], list[Want]] = defaultdict(list)

    def put(
        self,
        want: Want,
        *,
        kinds: Iterable[str],
        area_id: str,
        above: float | None,
        below: float | None,
        words: Iterable[str],
    ) -> None:
        for kind in set(kinds):
            self._shelves[kind, area_id].put(want, above=above, below=below, words=words)
            self._all[kind, area_id].append(want)

    def sort(self) -> None:
        """Make ready to be asked, once everything was put in."""
        for shelf in self._shelves.values():
            shelf.sort()

    def has(self, *, kind: str, areas: Iterable[str]) -> bool:
        """Tell whether any value of this kind could meet anything there."""
        return any((kind, area) in self._shelves for area in areas)

    def all_of(self, *, kind: str, areas: Iterable[str], assurance: str = "") -> Iterator[Want]:
        """Yield the requests for this kind there that would take it, whatever the value."""
        there = chain.from_iterable(self._all[kind, area] for area in areas if (kind, area) in self._all)
        return (want for want in there if is_sure_enough(want.least, assurance))

    def met_by(self, value: Value, *, kind: str, areas: Iterable[str], assurance: str = "") -> list[Want]:
        """Return the requests that an insight meets, the oldest first.

        Args:
            areas: where its home is: the district, and the city around it.
            assurance: how sure it is who said it; empty where that was not noted.
        """
        shelves = [self._shelves[kind, area] for area in areas if (kind, area) in self._shelves]
        met = (want for shelf in shelves for want in shelf.met_by(value))
        return sorted(want for want in met if is_sure_enough(want.least, assurance))


def wanted(*, kinds: Collection[str], areas: Collection[str], at: datetime) -> Wanted:
    """Return what may be asked for at `at` about these kinds in these areas; not to be written to.

    One statement tells which versions ask. What they say is frozen: it is read and laid out once in a process, for to
    lay out a thousand takes as long as to match five hundred insights with them.
    """
    statement, parameters = _asking(tuple(sorted(kinds)), tuple(sorted(areas)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [at if one == _AT else one for one in parameters])
        return _laid_out(tuple(cursor.fetchall()))


#: Stands for the time, in a statement that is composed once.
_AT = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def _asking(kinds: tuple[str, ...], areas: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    asking = DataRequest.objects.asking(_AT).filter(current__kinds__overlap=list(kinds), current__area__in=areas)
    in_turn = asking.order_by("opened_at", "pk").values_list("current", Cast("pk", TextField()))
    return in_turn.query.sql_with_params()


@lru_cache(maxsize=16)
def _laid_out(asking: tuple[tuple[int, str], ...]) -> Wanted:
    """Lay out what versions say, by their numbers and by their requests' ids, which no other database has."""
    numbers = [number for number, _ in asking]
    rows = RequestVersion.objects.filter(pk__in=numbers).values_list(
        "pk", "request", "request__organisation", "kinds", "area", "above", "below", "words", "least_assurance"
    )
    said = {row[0]: row for row in rows} if numbers else {}
    found = Wanted()
    for rank, number in enumerate(numbers):
        _, request_id, organisation_id, of_kinds, area_id, above, below, words, least = said[number]
        want = Want(rank, request_id, organisation_id, number, least)
        found.put(want, kinds=of_kinds, area_id=area_id, above=above, below=below, words=words)
    found.sort()
    return found
