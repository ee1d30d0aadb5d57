"""What appliances said, in words people use: values with their units, faults, filter life, clocks that are off."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext, ngettext

from consent.parties.languages import language
from marketplace.care.twin.names import in_order, label_of
from marketplace.insights import twin
from marketplace.insights.kinds import CLOSE_UNITS, KINDS, Number, show_number

Value = int | float | str | bool
#: A fault is news this long.
FAULT_NEWS = timedelta(days=7)
#: From here on a filter is called low.
LOW_FILTER = 10
#: A clock that is off by more shows on the page.
SKEW_SECONDS = 120
FILTER, FAULT = "filter.remaining", "device.fault"


@dataclass(frozen=True)
class Said:
    """The last word of one stream. `number` is all there is to say where there is no unit."""

    kind: str
    label: str
    number: str
    unit: str
    at: datetime

    @property
    def space(self) -> str:
        """What stands between the number and its unit."""
        return "" if self.unit in CLOSE_UNITS else "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Health:
    """How an appliance is doing, as far as it said.

    Attributes:
        fault: what it complained about within a week.
        filter_left: per cent; None if it never said.
        clock_off: minutes by which its times lie behind when they came; None while that is nothing to look at.
        keeps_values: that is no fault of its clock, which is checked with every signature: it sends late what it kept.
    """

    fault: Said | None
    filter_left: Number | None
    filter_at: datetime | None
    clock_off: int | None
    keeps_values: bool = False

    @property
    def clock_lag(self) -> str:
        """The same as a person says it: minutes, hours from two on, days from two on."""
        hours = round((self.clock_off or 0) / 60)
        if hours < 2:
            return _minutes(self.clock_off or 0)
        return _hours(hours) if hours < 48 else _days(round(hours / 24))

    @property
    def filter_is_low(self) -> bool:
        return self.filter_left is not None and self.filter_left <= LOW_FILTER

    @property
    def filter_percent(self) -> str:
        return "" if self.filter_left is None else f"{show_number(self.filter_left)}%"


def said_by(states: Iterable[twin.State]) -> list[Said]:
    """Return the last words of an appliance, what people look for first; of several names the latest counts."""
    newest: dict[twin.Stream, twin.State] = {}
    for state in states:
        stream = state.kind, state.zone
        if state.kind in KINDS and (stream not in newest or newest[stream].observed_at < state.observed_at):
            newest[stream] = state
    places = {kind: place for place, kind in enumerate(in_order(kind for kind, _ in newest))}
    return [_said(newest[stream]) for stream in sorted(newest, key=lambda one: (places[one[0]], one[1]))]


def health_of(states: Sequence[twin.State], *, at: datetime, signing: Collection[UUID] = ()) -> Health:
    """Return how an appliance is doing at `at`.

    Args:
        signing: the appliances that sign by themselves what they send.
    """
    faults = [one for one in states if one.kind == FAULT and one.observed_at > at - FAULT_NEWS]
    filters = [(one.value, one) for one in states if one.kind == FILTER and not isinstance(one.value, str)]
    fault = max(faults, key=lambda one: one.observed_at, default=None)
    promptest = _promptest(states)
    left, worn = min(filters, key=lambda found: found[0], default=(None, None))
    return Health(
        fault=_said(fault) if fault else None,
        filter_left=left,
        filter_at=worn.observed_at if worn else None,
        clock_off=round((promptest.lag_s or 0) / 60) if promptest else None,
        keeps_values=promptest is not None and promptest.appliance_id in signing,
    )


def say(kind: str, value: Value) -> tuple[str, str]:
    """Return a value as a person reads it, and its unit apart where it has one."""
    registered = KINDS[kind]
    if kind == FAULT:
        return gettext("고장 코드 %(code)s") % {"code": str(value).partition(":")[2] or value}, ""
    if isinstance(value, str | bool):
        return registered.show(value, language()), ""
    if registered.unit == "s":
        return duration(value), ""
    return show_number(value), registered.pretty_unit.say(language())


def say_whole(kind: str, value: Value) -> str:
    """Return a value with its unit, in one piece."""
    number, unit = say(kind, value)
    return KINDS[kind].with_unit(number, language()) if unit else number


def duration(seconds: float) -> str:
    """Return a time in minutes and seconds, or hours and minutes: no more than two of them."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        parts = [_hours(hours), _minutes(minutes) if minutes else ""]
    else:
        parts = [_minutes(minutes) if minutes else "", _seconds(rest) if rest or not minutes else ""]
    return " ".join(part for part in parts if part)


def _days(count: int) -> str:
    return ngettext("%(count)s일", "%(count)s일", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)s시간", "%(count)s시간", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)s분", "%(count)s분", count) % {"count": count}


def _seconds(count: int) -> str:
    return ngettext("%(count)s초", "%(count)s초", count) % {"count": count}


def _said(state: twin.State) -> Said:
    number, unit = say(state.kind, state.value)
    return Said(state.kind, label_of(state.kind, state.zone), number, unit, state.observed_at)


def _promptest(states: Iterable[twin.State]) -> twin.State | None:
    """Return the promptest of its streams if even that one lies behind.

    Only what is measured tells of a clock: an event is said once somebody, or a model, is sure of it.
    """
    measured = [one for one in states if one.kind in KINDS and KINDS[one.kind].value_type == "number"]
    timed = [one for one in measured if one.lag_s is not None]
    promptest = min(timed, key=lambda one: one.lag_s or 0, default=None)
    return promptest if promptest and (promptest.lag_s or 0) > SKEW_SECONDS else None
