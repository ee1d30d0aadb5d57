"""Charts of what an appliance said: where each line, band, bar and mark goes, and the same figures for a table.

Nothing is drawn that was not said: no line crosses a time in which nothing came, and amounts begin at nothing.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Literal

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import pgettext

from marketplace.care.twin.names import label_of
from marketplace.care.twin.sayings import say_whole
from marketplace.insights import twin
from marketplace.insights.kinds import KINDS, show_number

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: The box of the lines in a drawing of 400 by 190; around it is room for words.
LEFT, RIGHT, TOP, BOTTOM = 44.0, 394.0, 10.0, 160.0
#: What adds up over time is drawn as bars; everything else as a line.
AMOUNTS = frozenset(
    {
        *("appliance.energy", "fridge.door_openings", "fridge.door_open_time", "microwave.cook"),
        "presence.cooled_while_away",
    }
)
#: What begins at nothing by nature. Temperatures do not.
_FROM_ZERO = ("air.", "appliance.power", "climate.humidity", "filter.")
_PERCENT = "%"


@dataclass(frozen=True)
class Range:
    """How much time a chart shows, and into which widths it is divided.

    Attributes:
        width: of one place of a line.
        row: of one row of the table, and of one bar.
    """

    name: Literal["day", "week", "month"]
    span: timedelta
    width: timedelta
    row: timedelta


RANGES = {
    "day": Range("day", DAY, timedelta(minutes=10), HOUR),
    "week": Range("week", 7 * DAY, HOUR, DAY),
    "month": Range("month", 30 * DAY, 6 * HOUR, DAY),
}


@dataclass(frozen=True)
class Window:
    """The time a page shows: up to, and not with, `until`."""

    range: Range
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Tick:
    """One word at an axis, and where."""

    place: str
    word: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Row:
    """One line of the table beside a chart; what was not said stays empty."""

    when: str
    low: str
    mean: str
    high: str
    total: str
    count: int


@dataclass(frozen=True)
class Chart:
    """One stream's chart, ready to be written out.

    Attributes:
        lines: the paths of the means, one for each stretch without a gap.
        bands: the areas between the lowest and the highest of each place.
        dots: what stands alone between two gaps.
    """

    key: str
    kind: str
    label: str
    is_amount: bool
    lines: list[str]
    bands: list[str]
    bars: list[str]
    dots: list[tuple[str, str]]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    rows: list[Row]
    low: str
    high: str
    last: str
    total: str


def window_of(range_name: str, *, back: int, at: datetime) -> Window:
    """Return the time to show: the last day, week or month, or one of those before.

    It ends with the place in which `at` lies; amounts are counted by whole hours or by the days of the home's clock.
    """
    chosen = RANGES[range_name]
    local = timezone.localtime(at)
    if chosen.name == "day":
        end = local.replace(minute=0, second=0, microsecond=0) + HOUR
    else:
        end = timezone.make_aware(datetime.combine(local.date() + DAY, time()))
    until = end - back * chosen.span
    return Window(chosen, until - chosen.span, until)


def back_to(moment: datetime, range_name: str, *, at: datetime) -> int:
    """Return how many of these ranges before the last one the window lies that shows a moment."""
    last = window_of(range_name, back=0, at=at)
    # A window begins with its first moment and ends before its last.
    return max(0, (last.until - moment - timedelta(microseconds=1)) // last.range.span)


def chart_of(stream: twin.Stream, summaries: Sequence[twin.Summary], window: Window) -> Chart | None:
    """Return the chart of one stream, or None if it said nothing in this time.

    Args:
        summaries: not wider than the window's places; those of an amount not wider than an hour.
    """
    kind, zone = stream
    if not summaries:
        return None
    is_amount, chosen = kind in AMOUNTS, window.range
    rows = _joined(summaries, chosen.row, window)
    places = rows if is_amount else _joined(summaries, chosen.width, window)
    values = [one.total for one in places] if is_amount else [v for one in places for v in (one.low, one.high)]
    scale = _scale(kind, values, is_amount=is_amount)
    x, y = _across(window), scale.place
    segments = [] if is_amount else _segments(places, window)
    said: Callable[[float], str] = lambda value: say_whole(kind, _rounded(kind, value))  # noqa: E731
    return Chart(
        key=f"{kind.replace('.', '-')}{'-' if zone else ''}{zone}",
        kind=kind,
        label=label_of(kind, zone),
        is_amount=is_amount,
        lines=[_line([(x(_middle(one)), y(one.mean)) for one in run]) for run in segments if len(run) > 1],
        bands=[_band(run, x, y) for run in segments if len(run) > 1 and any(one.low < one.high for one in run)],
        bars=[_bar(one, x, y) for one in places] if is_amount else [],
        dots=[(f"{x(_middle(run[0])) - 2:.1f}", f"{y(run[0].mean) - 2:.1f}") for run in segments if len(run) == 1],
        x_ticks=_x_ticks(window, x),
        y_ticks=[Tick(f"{y(value):.1f}", _short(value), "end") for value in scale.ticks],
        rows=[_row(one, said, chosen) for one in reversed(rows)],
        low=said(min(values)),
        high=said(max(values)),
        last=said(places[-1].total if is_amount else summaries[-1].mean),
        total=said(sum(one.total for one in rows)),
    )


def spark_of(hours: Sequence[twin.Summary], *, since: datetime, until: datetime) -> list[str]:
    """Return the small line of a card: a day of hourly means, without axes, broken where nothing came."""
    if not hours:
        return []
    low, high = min(one.mean for one in hours), max(one.mean for one in hours)
    room = (high - low) or 1.0
    runs: list[list[tuple[float, float]]] = []
    before: datetime | None = None
    for one in hours:
        if before is None or one.begins_at - before > 2 * HOUR:
            runs.append([])
        runs[-1].append(((one.begins_at - since) / (until - since) * 320, 66 - (one.mean - low) / room * 60))
        before = one.begins_at
    return [_line(run if len(run) > 1 else [*run, (run[0][0] + 3, run[0][1])]) for run in runs]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    ticks: list[float]

    def place(self, value: float) -> float:
        return BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)


def _scale(kind: str, values: Sequence[float], *, is_amount: bool) -> _Scale:
    low, high = min(values), max(values)
    if is_amount or kind.startswith(_FROM_ZERO):
        low = min(low, 0.0)
    if KINDS[kind].unit == _PERCENT:
        low, high = 0.0, 100.0
    room = (1.0 if high <= 0 else 0.0) if is_amount else _least_room(kind)
    high = max(high, low + room)
    step = _nice((high - low) / 3)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [round(place * step, 6) for place in range(first, last + 1)]
    return _Scale(ticks[0], ticks[-1], ticks)


def _least_room(kind: str) -> float:
    """Return what a chart covers at least, so that a tenth of a degree does not look like a storm."""
    return float(KINDS[kind].bands[0]) if KINDS[kind].bands[0] < 10 else 3.0


def _nice(step: float) -> float:
    power = 10 ** math.floor(math.log10(step))
    return next(nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= step * 0.999)


def _joined(summaries: Sequence[twin.Summary], width: timedelta, window: Window) -> list[twin.Summary]:
    return twin.joined(summaries, width=width, since=window.since)


def _segments(places: Sequence[twin.Summary], window: Window) -> list[list[twin.Summary]]:
    """Break a line where nothing came: at more than a few of its own usual pauses, and never across a twelfth."""
    pauses = sorted(after.begins_at - before.begins_at for before, after in pairwise(places))
    usual = pauses[len(pauses) // 2] if pauses else window.range.width
    most = min(max(window.range.width, usual * 2.5), max(window.range.width, window.range.span / 12))
    runs = [[places[0]]]
    for before, after in pairwise(places):
        if after.begins_at - before.begins_at > most:
            runs.append([])
        runs[-1].append(after)
    return runs


def _middle(one: twin.Summary) -> datetime:
    return one.begins_at + one.width / 2


def _across(window: Window) -> Callable[[datetime], float]:
    return lambda moment: LEFT + (moment - window.since) / window.range.span * (RIGHT - LEFT)


def _line(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _band(run: Sequence[twin.Summary], x: Callable[[datetime], float], y: Callable[[float], float]) -> str:
    above = [(x(_middle(one)), y(one.high)) for one in run]
    below = [(x(_middle(one)), y(one.low)) for one in reversed(run)]
    return _line([*above, *below]) + "Z"


def _bar(one: twin.Summary, x: Callable[[datetime], float], y: Callable[[float], float]) -> str:
    left, right = x(one.begins_at), x(one.begins_at + one.width)
    gap = (right - left) * 0.15
    return f"M{left + gap:.1f} {y(0):.1f}V{y(one.total):.1f}H{right - gap:.1f}V{y(0):.1f}Z"


def _x_ticks(window: Window, x: Callable[[datetime], float]) -> list[Tick]:
    first = timezone.localtime(window.since)
    if window.range.name == "day":
        hours = [first + n * HOUR for n in range(25)]
        # The last word would reach over the edge.
        anchors = dict.fromkeys(hours, "middle") | {hours[-1]: "end"}
        return [Tick(f"{x(one):.1f}", format_date(one, "H:i"), anchors[one]) for one in hours if one.hour % 6 == 0]
    days = [first + n * DAY for n in range(window.range.span // DAY)]
    if window.range.name == "week":
        return [Tick(f"{x(one + DAY / 2):.1f}", format_date(one, pgettext("date format", "D"))) for one in days]
    return [Tick(f"{x(one + DAY / 2):.1f}", _day(one)) for one in days[3::7]]


def _day(moment: datetime) -> str:
    return format_date(moment, pgettext("short day", "n/j"))


def _row(one: twin.Summary, said: Callable[[float], str], chosen: Range) -> Row:
    begins = timezone.localtime(one.begins_at)
    when = format_date(begins, pgettext("date format", "n월 j일 H:i" if chosen.row < DAY else "n월 j일"))
    return Row(when, said(one.low), said(one.mean), said(one.high), said(one.total), one.count)


def _rounded(kind: str, value: float) -> float:
    """Return a mean with as many digits as say something: one more than whole numbers, never more than it had."""
    rounded = round(value, min(KINDS[kind].decimals, 1 if abs(value) >= 10 else 2))
    return int(rounded) if float(rounded).is_integer() else rounded


def _short(value: float) -> str:
    return show_number(int(value)) if float(value).is_integer() else show_number(round(value, 3))
