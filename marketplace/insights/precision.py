"""Rungs of precision: how exactly one insight leaves the home. Each coarser rung is a function of the finer one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from consent.parties.canonical import utc_text
from marketplace.insights.kinds import KINDS, Kind, Number, show_number

HOME_ZONE = ZoneInfo("Asia/Seoul")


class Rung(StrEnum):
    """From the finest to the coarsest; the area at `day` is the city, else the district."""

    EXACT = "exact"
    HOUR = "hour"
    DAY = "day"

    @property
    def area_level(self) -> str:
        return "city" if self is Rung.DAY else "district"

    def is_finer_than(self, other: "Rung") -> bool:
        order = list(Rung)
        return order.index(self) < order.index(other)


@dataclass(frozen=True, slots=True)
class Band:
    """The span a number lies in: from `low` up to, but without, `high`."""

    low: int
    high: int


Shown = Number | bool | str | Band


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one rung lets out of an insight. `at` and `interval` are texts of the rung's own precision."""

    rung: Rung
    kind: str
    value: Shown
    at: str
    interval: tuple[str, str] | None = None
    zone: str | None = None
    confidence: Number | None = None
    power_w: Number | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the view as JSON; what is not there is absent, not null."""
        registered = KINDS[self.kind]
        value = {"from": self.value.low, "to": self.value.high} if isinstance(self.value, Band) else self.value
        optional = {
            "unit": registered.unit or None,
            "interval": {"start": self.interval[0], "end": self.interval[1]} if self.interval else None,
            "zone": self.zone,
            "confidence": self.confidence,
            "power_w": self.power_w,
        }
        present = {name: found for name, found in optional.items() if found is not None}
        return {"kind": self.kind, "value": value, "observed_at": self.at, **present}


def exact_view(
    *,
    kind: str,
    value: Number | bool | str,
    observed_at: datetime,
    interval: tuple[datetime, datetime] | None = None,
    zone: str | None = None,
    confidence: Number | None = None,
    power_w: Number | None = None,
) -> View:
    """Make the finest view of one insight; every other is coarsened from it."""
    return View(
        rung=Rung.EXACT,
        kind=kind,
        value=value,
        at=_exact_time(observed_at),
        interval=(_exact_time(interval[0]), _exact_time(interval[1])) if interval else None,
        zone=zone,
        confidence=confidence,
        power_w=power_w,
    )


def view_of(payload: Mapping[str, Any], rung: Rung = Rung.EXACT) -> View:
    """Make the view of one sealed payload (`NormalReading.payload`) at one rung.

    Raises:
        KeyError: the payload is of a kind that is no longer registered.
    """
    interval = payload.get("interval")
    exact = exact_view(
        kind=KINDS[payload["kind"]].code,
        value=payload["value"],
        observed_at=datetime.fromisoformat(payload["observed_at"]),
        interval=(datetime.fromisoformat(interval["start"]), datetime.fromisoformat(interval["end"]))
        if interval
        else None,
        zone=payload.get("zone"),
        confidence=payload.get("confidence"),
        power_w=payload.get("power_w"),
    )
    return coarsen(rung, exact)


def coarsen(rung: Rung, view: View) -> View:
    """Return the view at a rung that is as coarse or coarser.

    Raises:
        ValueError: the rung is finer than the view; what is gone cannot be had back.
    """
    if rung.is_finer_than(view.rung):
        raise ValueError("A view cannot be made finer.")
    if rung is view.rung:
        return view
    return replace(
        view,
        rung=rung,
        value=_coarse_value(KINDS[view.kind], rung, view.value),
        at=_coarse_time(rung, view.at),
        interval=(_coarse_time(rung, view.interval[0]), _coarse_time(rung, view.interval[1]))
        if view.interval
        else None,
        confidence=None if view.confidence is None else _floor_tenth(view.confidence),
        power_w=None,
    )


def show(view: View, language: str) -> str:
    """Say a view's value as a person reads it; a band as `60~70 µg/m³`."""
    kind = KINDS[view.kind]
    if not isinstance(view.value, Band):
        return kind.show(view.value, language)
    dash = "–" if language.startswith("en") else "~"
    return kind.with_unit(f"{show_number(view.value.low)}{dash}{show_number(view.value.high)}", language)


def show_time(view: View, language: str) -> str:
    """Say when it was noticed, exactly as it leaves: `11월 20일 금 18:40`, `18시쯤` or the day alone."""
    local = datetime.fromisoformat(view.at)
    if view.rung is not Rung.DAY:
        local = local.astimezone(HOME_ZONE)
    exact = f"{local:%H:%M:%S}".removesuffix(":00")
    if language.startswith("en"):
        day = f"{_DAYS_EN[local.weekday()]} {local.day} {_MONTHS_EN[local.month - 1]}"
        clock = {Rung.EXACT: f", {exact}", Rung.HOUR: f", around {local:%H}:00", Rung.DAY: ""}
    else:
        day = f"{local.month}월 {local.day}일 {_DAYS_KO[local.weekday()]}"
        clock = {Rung.EXACT: f" {exact}", Rung.HOUR: f" {local.hour}시쯤", Rung.DAY: ""}
    return day + clock[view.rung]


def show_confidence(view: View, language: str) -> str:
    """Say how sure the model was: `87%`, or on a coarser rung `80% 이상`; empty when nothing says so."""
    if view.confidence is None:
        return ""
    percent = f"{int(Decimal(str(view.confidence)) * 100)}%"
    if view.rung is Rung.EXACT:
        return percent
    return f"{percent} or more" if language.startswith("en") else f"{percent} 이상"


# Not strftime: its names follow the locale of the process, not the language of the reader.
_DAYS_KO = "월화수목금토일"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _coarse_value(kind: Kind, rung: Rung, value: Shown) -> Shown:
    if isinstance(value, bool | str):
        return value
    width = kind.bands[0] if rung is Rung.HOUR else kind.bands[1]
    start = value.low if isinstance(value, Band) else value
    # Decimal of the shortest text: a float's binary tail must not move a value over the edge of its band.
    low = int(Decimal(str(start)) // width) * width
    if low > start:
        low -= width
    return Band(low, low + width)


def _exact_time(moment: datetime) -> str:
    # To the second, because that is what the page can show: what was shown is what leaves.
    return utc_text(moment, to="seconds")


def _coarse_time(rung: Rung, text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(HOME_ZONE)
    if rung is Rung.DAY:
        return moment.date().isoformat()
    return moment.replace(minute=0, second=0, microsecond=0).isoformat(timespec="minutes")


def _floor_tenth(confidence: Number) -> float:
    return int(Decimal(str(confidence)) * 10) / 10
