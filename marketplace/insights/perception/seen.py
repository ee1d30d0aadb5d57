"""What rules read and what they conclude. Everything in this package is pure: no clock, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, Literal

from marketplace.insights.kinds import Number
from marketplace.insights.words import Text

#: What a rule remembers of one subject: JSON, small and bounded.
Memory = dict[str, Any]
#: One kind of one appliance, which is what is flagged, held and switched off.
Stream = tuple[str, str]
MINUTE = 60_000


# Not frozen, though nobody changes one: to make a frozen one takes four times as long, and a request brings hundreds.
@dataclass(slots=True, kw_only=True)
class Seen:
    """One reading as rules see it.

    Attributes:
        at: when it was measured; `ms` is the same as memories hold time.
        owner: the member whose own the appliance is; empty where it is the home's.
        is_timed: the sender said the time itself.
        flags: what was strange about it when it came.
    """

    appliance: str
    kind: str
    value: Number | bool | str
    at: datetime
    type: str = "other"
    owner: str = ""
    zone: str = ""
    interval: tuple[datetime, datetime] | None = None
    window_s: int | None = None
    confidence: Number | None = None
    is_timed: bool = True
    flags: tuple[str, ...] = ()
    ms: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.ms = milliseconds(self.at)

    @property
    def number(self) -> Number:
        """The value where it is a measured one.

        Raises:
            TypeError: it is a word or a flag.
        """
        value = self.value
        if type(value) is float or type(value) is int:
            return value
        raise TypeError(self.kind)

    @property
    def stream(self) -> Stream:
        return self.appliance, self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one step of a rule concluded. `facts` are what its explanation names."""

    value: Number | bool | str
    at: datetime
    confidence: float
    facts: Mapping[str, Any]
    streams: tuple[Stream, ...]
    appliance: str
    start: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One conclusion of one rule, ready to become an insight. `key` names it once and for ever."""

    rule: str
    version: int
    kind: str
    zone: str
    value: Number | bool | str
    at: datetime
    interval: tuple[datetime, datetime] | None
    confidence: float
    explained: Text
    streams: tuple[Stream, ...]
    appliance: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One declared rule: what it reads, what it concludes, and the sentence that says why.

    Attributes:
        reads: kinds; the first is the one that it is mainly about.
        concludes: the registered kind of its events.
        said: the explanation, with `{…}` for the facts of a finding.
        scope: whether it remembers for each appliance, or for a home (and apart for each member's own things).
    """

    name: str
    version: int
    label: Text
    reads: tuple[str, ...]
    concludes: str
    said: Text

    scope: Literal["appliance", "home"] = "appliance"

    @cached_property
    def title(self) -> str:
        """Name and version, under which its memory is kept."""
        return f"{self.name}@{self.version}"

    def wants(self, seen: Seen) -> bool:
        """Tell whether a reading is one that this rule looks at."""
        return seen.kind in self.reads

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        """Take one reading in, and return what is remembered from now on and what it concludes."""
        raise NotImplementedError

    def explain(self, facts: Mapping[str, Any]) -> Text:
        """Say in both languages why the rule concluded what it did."""
        spoken = {
            language: {
                name: fact.say(language) if isinstance(fact, Text) else _plain(fact) for name, fact in facts.items()
            }
            for language in ("ko", "en")
        }
        return Text(self.said.ko.format(**spoken["ko"]), self.said.en.format(**spoken["en"]))


def _plain(fact: Any) -> Any:
    return int(fact) if isinstance(fact, float) and fact.is_integer() else fact


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970, which is how memories hold time."""
    return (moment - _EPOCH) // _MILLISECOND


def minutes_from(first: int, minutes: list[list[Any]]) -> list[list[Any]]:
    """Leave of the minutes that are remembered, each a list that begins with its number, those from `first` on.

    They are in order, and one that comes drives out one at most: so they are looked at from the oldest on.
    """
    gone = 0
    while gone < len(minutes) and minutes[gone][0] < first:
        gone += 1
    return minutes[gone:]


def moment_of(count: int) -> datetime:
    """Return the moment of a count of milliseconds."""
    return _EPOCH + timedelta(milliseconds=count)


_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
