"""A week of a home's air, a quarter of an hour apart: made up, or recorded somewhere and read from a file.

Made up means worked out: people breathe, cook, sleep and open windows at their hours, and the air follows. The same
seed always gives the same week, and the demo's home lives it again and again.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
QUARTERS_A_DAY = 96
#: What a sensor for the living room measures, under the names that Awair gives it.
COMPONENTS = ("temp", "humid", "co2", "voc", "pm25")
#: The first generation calls its one dust sensor so.
ALIASES = {"dust": "pm25"}
OUTDOORS_CO2, LEAK, OPEN = 420.0, 0.06, 0.5
_A_MONDAY = datetime(2024, 1, 1, tzinfo=ZoneInfo("Asia/Seoul"))

Values = Mapping[str, float]


class WeekUnreadable(Exception):
    """The file holds no moments of a home's air that can be replayed."""


@dataclass(frozen=True)
class Week:
    """Moments a quarter of an hour apart that come round again.

    Attributes:
        first: how many quarters after a Monday's midnight in Seoul the first of them was.
    """

    moments: tuple[Values, ...]
    first: int = 0

    def at(self, moment: datetime) -> Values:
        """Return the air of the quarter that holds a moment: breakfast stays at breakfast time."""
        return self.moments[(quarters_since_monday(moment) - self.first) % len(self.moments)]


def quarters_since_monday(moment: datetime) -> int:
    """Count the quarters of an hour from a Monday's midnight in Seoul, long ago."""
    return (moment - _A_MONDAY) // QUARTER


def quarter_of(moment: datetime) -> datetime:
    """Return when the quarter of an hour began that holds a moment."""
    return _A_MONDAY + quarters_since_monday(moment) * QUARTER


def made_up_week(seed: int = 1) -> Week:
    """Make 672 moments up: daily cycles, cooking, quiet nights, open windows, one hazy day."""
    random = Random(seed)  # noqa: S311 (air, not secrets)
    days = [_day_of(number, random) for number in range(7)]
    air = _Air()
    # The first evening once before, so that Monday does not begin in an empty house.
    for quarter in range(72, QUARTERS_A_DAY):
        air.pass_quarter(days[6], quarter, random)
    return Week(tuple(air.pass_quarter(day, quarter, random) for day in days for quarter in range(QUARTERS_A_DAY)))


@dataclass(frozen=True)
class _Day:
    """One day's habits, in quarters after midnight."""

    is_free: bool
    outdoors: float
    meals: Mapping[int, float]
    window: Sequence[int]
    guests: int


def _day_of(number: int, random: Random) -> _Day:
    is_free = number >= 5
    breakfast, dinner = random.randint(28, 31) + 6 * is_free, random.randint(73, 78)
    meals = {breakfast: random.uniform(12, 25), dinner: random.uniform(45, 80), dinner + 1: random.uniform(35, 60)}
    if is_free:
        meals[random.randint(49, 52)] = random.uniform(25, 45)
    window = [breakfast + 3, breakfast + 4, *([dinner + 4, dinner + 5] if random.random() < 0.6 else [])]
    hazy = 24.0 if number == 3 else 0.0
    return _Day(is_free, random.uniform(6, 14) + hazy, meals, window, random.choice([0, 2, 3]) if is_free else 0)


@dataclass
class _Air:
    """The living room's air, from one quarter of an hour to the next."""

    temp: float = 21.5
    humid: float = 44.0
    co2: float = 700.0
    voc: float = 320.0
    pm25: float = 9.0

    def pass_quarter(self, day: _Day, quarter: int, random: Random) -> Values:
        exchange = OPEN if quarter in day.window else LEAK
        cooking = day.meals.get(quarter, 0.0)
        people = _people(day, quarter)
        outside = 11 + 6 * math.sin((quarter - 36) * math.tau / QUARTERS_A_DAY)
        self.co2 += people * 38 + cooking * 1.5 - exchange * (self.co2 - OUTDOORS_CO2)
        self.pm25 += cooking - (exchange + 0.22) * (self.pm25 - day.outdoors * (0.5 + exchange))
        cleaning = 150 if day.is_free and quarter == 42 else 0
        self.voc += people * 4 + cooking * 4 + cleaning - exchange * (self.voc - 210)
        draught = 0.25 * (exchange - LEAK) * (self.temp - outside)
        self.temp += 0.12 * (22 + 0.02 * people - self.temp) + cooking * 0.006 - draught
        self.humid += cooking * 0.05 + people * 0.06 - exchange * 0.5 * (self.humid - 38)
        return self._measured(random)

    def _measured(self, random: Random) -> Values:
        """Return what a sensor tells: with its noise, and as precisely as it is."""
        return {
            "temp": round(self.temp + random.gauss(0, 0.08), 2),
            "humid": round(self.humid + random.gauss(0, 0.3), 2),
            "co2": round(self.co2 + random.gauss(0, 9)),
            "voc": round(self.voc + random.gauss(0, 7)),
            "pm25": round(max(0.4, self.pm25 + random.gauss(0, 0.6)), 1),
        }


def _people(day: _Day, quarter: int) -> float:
    """Count who is in the living room: few by night, nobody at work and school, everybody in the evening."""
    if quarter < 26 or quarter >= 93:
        return 0.6
    if quarter < 34:
        return 2.5
    if quarter < 70:
        return 1.5 if day.is_free else 0.1
    return 3.0 + day.guests


def recorded_week(file: Path) -> Week:
    """Read a week that was recorded: JSON as Awair's cloud tells it, or CSV with `timestamp` and names of ours.

    Points are replayed a quarter of an hour apart in the order of their times, whatever was between them.

    Raises:
        WeekUnreadable: it cannot be read, or nothing in it can be replayed.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = list(_rows_of_csv(text)) if file.suffix.lower() == ".csv" else list(_rows_of_json(json.loads(text)))
        points = sorted(((_time(row["timestamp"]), _values(row)) for row in rows), key=lambda point: point[0])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise WeekUnreadable(f"{file} holds no week that can be replayed ({type(exc).__name__}).") from exc
    kept = [(at, values) for at, values in points if values]
    if not kept:
        raise WeekUnreadable(f"{file} holds no moment with any of {', '.join(COMPONENTS)}.")
    return Week(tuple(values for _, values in kept), first=quarters_since_monday(kept[0][0]))


def _rows_of_csv(text: str) -> Iterable[Mapping[str, Any]]:
    return csv.DictReader(text.splitlines())


def _rows_of_json(document: Any) -> Iterable[Mapping[str, Any]]:
    for moment in document["data"] if isinstance(document, dict) else document:
        listed = {entry["comp"]: entry["value"] for entry in moment.get("sensors", ())}
        yield {**moment, **listed}


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=_A_MONDAY.tzinfo)


def _values(row: Mapping[str, Any]) -> Values:
    named = {ALIASES.get(name, name): value for name, value in row.items() if value not in (None, "")}
    found = {name: float(named[name]) for name in COMPONENTS if name in named}
    return {name: value for name, value in found.items() if math.isfinite(value)}
