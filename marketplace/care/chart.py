"""The months of a wallet as bars; the same figures stand in the table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rewards.redemption.queries import Month

FLOOR, TALLEST, LABEL_GAP = 222, 178, 6
SLOT, LEFT = 66, 6
#: Place and width within a slot: what came in, then what went out.
BARS = ((0, 22), (28, 20))


@dataclass(frozen=True)
class Bar:
    """One bar, and the number over it."""

    css_class: str
    path: str
    value: int
    label_x: int
    label_y: int


@dataclass(frozen=True)
class Slot:
    """The bars of one month, and where its name stands."""

    first: date
    name_x: int
    bars: list[Bar]


def chart_of(months: Sequence[Month]) -> list[Slot]:
    """Return the bars of up to six months, scaled to the tallest; a month without tokens has none."""
    tallest = max((max(month.came_in, month.went_out) for month in months), default=0)
    return [_slot(place, month, tallest) for place, month in enumerate(months)]


def _slot(place: int, month: Month, tallest: int) -> Slot:
    left = LEFT + SLOT * place
    values = ((month.came_in, "a", BARS[0]), (month.went_out, "b", BARS[1]))
    bars = [_bar(value, name, left + offset, width, tallest) for value, name, (offset, width) in values if value]
    return Slot(month.first, left + 24, bars)


def _bar(value: int, css_class: str, x: int, width: int, tallest: int) -> Bar:
    height = max(1, round(TALLEST * value / tallest))
    top = FLOOR - height
    return Bar(css_class, f"M{x} {top}h{width}v{height}h-{width}z", value, x + width // 2, top - LABEL_GAP)
