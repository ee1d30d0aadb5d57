"""What stands on a page of the twin, as bytes: an hour's values, a day's summary of its hours, a day's words.

All of it is pure, and the same whatever order the readings come in: a page holds what was said, not how it arrived.
"""

import json
import math
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketplace.insights.kinds import Number

HOUR, DAY, _MILLISECOND = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=1)
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
#: No registered kind says more decimals; so sums of what was said are exact, in whatever order they are made.
DECIMALS = 4
#: Words and yeses that one day keeps of one stream; above it the last ones stay.
MOST_WORDS = 300
_VALUE = struct.Struct("<Id")
_HOUR_OF_DAY = struct.Struct("<Iddd")
_NO_HOURS = bytes(24 * _HOUR_OF_DAY.size)

Word = str | bool
#: Milliseconds into the page, and a number.
TimedNumber = tuple[int, float]
#: Milliseconds into the page, a word or a yes, and the seconds it speaks for, if it said so.
TimedWord = tuple[int, Word, int | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a stream of numbers said within one width of time; empty widths have none.

    Attributes:
        total: the sum of all values, exact to the kind's decimals.
    """

    begins_at: datetime
    width: timedelta
    count: int
    low: float
    high: float
    total: float

    @property
    def mean(self) -> float:
        return self.total / self.count


def month_of(moment: datetime) -> date:
    """Return the first day of a moment's month, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def hour_of(moment: datetime) -> datetime:
    """Return the hour in which a moment lies."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """Return the day in which a moment lies, in UTC."""
    return hour_of(moment).replace(hour=0)


def milliseconds(moment: datetime, *, since: datetime) -> int:
    """Return how far into a page a moment lies."""
    return (moment - since) // _MILLISECOND


def plain(value: float) -> Number:
    """Return a number as it was said: 62, not 62.0."""
    return int(value) if value.is_integer() else value


def with_numbers(page: bytes, said: Iterable[TimedNumber]) -> bytes:
    """Return an hour's page with further numbers. Of each minute the last one stays, in the order of time."""
    numbers = sorted(said)
    last = _VALUE.unpack_from(page, len(page) - _VALUE.size)[0] if page else -1
    if numbers[0][0] // MINUTE_MS <= last // MINUTE_MS:
        numbers = sorted([*numbers_on(page), *numbers])
        page = b""
    kept = {at // MINUTE_MS: (at, value) for at, value in numbers}
    return page + b"".join(_VALUE.pack(at, value) for at, value in kept.values())


def numbers_on(page: bytes) -> Iterator[TimedNumber]:
    """Yield the numbers on an hour's page, in the order of time."""
    return _VALUE.iter_unpack(page)


def with_summaries(page: bytes, said: Iterable[TimedNumber]) -> bytes:
    """Return a day's page that counts further numbers, each in its hour."""
    page_of_day, hours = bytearray(page or _NO_HOURS), defaultdict(list)
    for at, value in said:
        hours[at // HOUR_MS].append(value)
    for hour, values in hours.items():
        place = hour * _HOUR_OF_DAY.size
        count, low, high, total = _HOUR_OF_DAY.unpack_from(page_of_day, place)
        known = [low, high, *values] if count else values
        total = round(math.fsum((total, *values)), DECIMALS)
        _HOUR_OF_DAY.pack_into(page_of_day, place, count + len(values), min(known), max(known), total)
    return bytes(page_of_day)


def summaries_on(page: bytes, *, begins_at: datetime) -> Iterator[Summary]:
    """Yield the hours of a day's page in which anything was said."""
    for hour, (count, low, high, total) in enumerate(_HOUR_OF_DAY.iter_unpack(page)):
        if count:
            yield Summary(begins_at + hour * HOUR, HOUR, count, low, high, total)


def with_words(page: bytes, said: Iterable[TimedWord]) -> bytes:
    """Return a day's page with further words. The same word within the same minute is said once: the last stays."""
    kept: dict[tuple[int, Word], TimedWord] = {}
    for at, word, covers in sorted([*words_on(page), *said], key=_order):
        kept[at // MINUTE_MS, word] = (at, word, covers)
    return json.dumps(sorted(kept.values(), key=_order)[-MOST_WORDS:], separators=(",", ":")).encode()


def words_on(page: bytes) -> list[TimedWord]:
    """Return the words on a day's page, in the order of time."""
    return [(at, word, covers) for at, word, covers in json.loads(page)] if page else []


def summed(begins_at: datetime, width: timedelta, values: Sequence[float]) -> Summary:
    """Return the summary of some values."""
    return Summary(begins_at, width, len(values), min(values), max(values), round(math.fsum(values), DECIMALS))


def joined(summaries: Sequence[Summary], *, width: timedelta, since: datetime) -> list[Summary]:
    """Return wider summaries, counted from `since`; summaries of the same time from several names become one."""
    found: dict[int, list[Summary]] = {}
    for one in summaries:
        found.setdefault((one.begins_at - since) // width, []).append(one)
    return [_one(found[place], since + place * width, width) for place in sorted(found)]


def _one(summaries: Sequence[Summary], begins_at: datetime, width: timedelta) -> Summary:
    return Summary(
        begins_at,
        width,
        sum(one.count for one in summaries),
        min(one.low for one in summaries),
        max(one.high for one in summaries),
        round(math.fsum(one.total for one in summaries), DECIMALS),
    )


def _order(said: TimedWord) -> tuple[int, str, int]:
    return said[0], str(said[1]), said[2] or 0
