"""What a kind of insight says of its values: unit, range, sensitivity, and how people read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from marketplace.insights.words import Text

Number = int | float
#: These units stand close to their number.
CLOSE_UNITS = ("%", "번", "")


class Topic(StrEnum):
    """What a household says a standing no to."""

    AIR = "air"
    FOOD = "food"
    PEST = "pest"
    PRESENCE = "presence"
    POWER = "power"
    CARE = "care"

    @property
    def label(self) -> Text:
        return _TOPIC_LABELS[self]


class Sensitivity(StrEnum):
    """How much a value tells of the people at home; presence is the highest."""

    ORDINARY = "ordinary"
    HABIT = "habit"
    FOOD = "food"
    PEST = "pest"
    PRESENCE = "presence"


_TOPIC_LABELS = {
    Topic.AIR: Text("집 안 공기", "Air at home"),
    Topic.FOOD: Text("먹을거리", "Food"),
    Topic.PEST: Text("벌레와 쥐", "Pests"),
    Topic.PRESENCE: Text("집이 비었는지", "Whether the home is empty"),
    Topic.POWER: Text("전기", "Power"),
    Topic.CARE: Text("가전 상태", "Appliance care"),
}


@dataclass(frozen=True, slots=True)
class SoftFlag:
    """A value that is possible but worth a second look."""

    name: str
    above: int | None = None
    below: int | None = None
    equals: tuple[int, ...] = ()
    zone: str | None = None

    def is_raised_by(self, value: Number, zone: str | None) -> bool:
        if self.zone is not None and self.zone != zone:
            return False
        return (
            (self.above is not None and value > self.above)
            or (self.below is not None and value < self.below)
            or value in self.equals
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One registered kind of insight.

    `bands` are the widths a number is banded to at the rungs `hour` and `day`; the wider is a multiple of the
    narrower, so that the coarser rung follows from the finer. `span` says what a single event must cover. `by_rule` are
    the kinds that Maru concludes itself (`perception`): no appliance may send them.
    """

    code: str
    label: Text
    topic: Topic
    icon: Literal["purifier", "vacuum", "fridge", "cooler", "microwave"]
    unit: str = ""
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    value_type: Literal["number", "flag", "word", "fault"] = "number"
    low: int = 0
    high: int = 0
    decimals: int = 2
    bands: tuple[int, int] = (10, 50)
    sentinels: tuple[int, ...] = ()
    flags: tuple[SoftFlag, ...] = ()
    words: Mapping[str, Text] = field(default_factory=dict)
    zones: Mapping[str, Text] = field(default_factory=dict)
    schemes: frozenset[str] = frozenset()
    span: Literal["none", "window", "interval"] = "none"
    edge_only: bool = False
    needs_confidence: bool = False
    by_rule: bool = False
    yes: Text | None = None

    def holds(self, value: Fraction | Decimal) -> bool:
        """Say whether a number in this kind's unit can occur at all."""
        return self.low <= value <= self.high

    def is_sentinel(self, value: Fraction | Decimal) -> bool:
        """Say whether a number is one that sensors send when they have none."""
        return value in self.sentinels

    def flags_of(self, value: Number, *, zone: str | None) -> tuple[str, ...]:
        """Return the names of the soft flags a number raises."""
        return tuple(flag.name for flag in self.flags if flag.is_raised_by(value, zone))

    def zone_label(self, zone: str, language: str) -> str:
        """Return how a person calls one zone of this appliance."""
        return self.zones[zone].say(language)

    @property
    def is_judged(self) -> bool:
        """Whether a model or a rule concluded it, which may be wrong, rather than a sensor measured it."""
        return self.edge_only or self.needs_confidence or self.by_rule

    @property
    def pretty_unit(self) -> Text:
        return _PRETTY_UNITS[self.unit]

    def show(self, value: Number | bool | str, language: str) -> str:
        """Say one value as a person reads it: `62 µg/m³`, `78%`, `바퀴벌레로 보임`."""
        if isinstance(value, bool):
            return self.yes.say(language) if value and self.yes else _NO.say(language)
        if isinstance(value, str):
            return self.words[value].say(language) if value in self.words else value
        return self.with_unit(show_number(value), language)

    def with_unit(self, number: str, language: str) -> str:
        """Put the unit behind a number, never to be parted from it by a line break."""
        unit = self.pretty_unit.say(language)
        return f"{number}{unit}" if unit in CLOSE_UNITS else f"{number}\N{NO-BREAK SPACE}{unit}"


def show_number(value: Number) -> str:
    """Write a number with thousands apart and no more digits than it has."""
    return f"{value:,}"


_NO = Text("아니에요", "No")
_PRETTY_UNITS = {
    "": Text("", ""),
    "ug/m3": Text("µg/m³", "µg/m³"),
    "[ppm]": Text("ppm", "ppm"),
    "[ppb]": Text("ppb", "ppb"),
    "{voc_index}": Text("", ""),
    "{aqi}": Text("", ""),
    "Cel": Text("°C", "°C"),
    "%": Text("%", "%"),
    "kW.h": Text("kWh", "kWh"),
    "W": Text("W", "W"),
    "{opening}": Text("번", "times"),
    "s": Text("초", "s"),
    "h": Text("시간", "h"),
}
