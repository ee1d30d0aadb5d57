"""What does not look like a measured home: values that stand still, times without jitter, jumps that cannot be.

A doubt holds a stream back until a person has looked; it accuses nobody, and it names counts and hours, never a value.
Detectors that learn what is usual in a home would join `DETECTORS`; there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.insights.perception.seen import MINUTE, Memory, Seen, Stream

HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One stream that a person should look at, and why in counts."""

    stream: Stream
    reason: str
    facts: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """The very same value for `hours` and `least` readings, of a kind that always moves.

    Clean air honestly stays at 0 µg/m³ and a room at 24 °C: dust counts only from `beyond` on, and temperature and
    humidity only where the sensor tells parts of a degree. Where a sensor stops at its end, it has a soft flag instead.
    """

    reason = "frozen"
    hours: Mapping[str, int]
    beyond: Mapping[str, int]
    in_parts: frozenset[str]
    least: int = 48

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.hours)

    def step(self, memory: Memory | None, seen: Seen) -> tuple[Memory | None, dict[str, int] | None]:
        at, value = seen.ms, seen.number
        if memory and at <= memory["last"]:
            return memory, None
        is_same = memory is not None and memory["value"] == value and at - memory["last"] <= 6 * HOUR
        if not is_same or memory is None or not self._should_move(seen):
            return {"last": at, "value": value, "since": at, "count": 1}, None
        count, stood = memory["count"] + 1, (at - memory["since"]) // HOUR
        if stood < self.hours[seen.kind] or count < self.least:
            return {**memory, "last": at, "count": count}, None
        return {"last": at, "value": value, "since": at, "count": 1}, {"hours": stood, "readings": count}

    def _should_move(self, seen: Seen) -> bool:
        is_coarse = seen.kind in self.in_parts and float(seen.number).is_integer()
        return not seen.flags and not is_coarse and seen.number >= self.beyond.get(seen.kind, -1000)


@dataclass(frozen=True, kw_only=True)
class TooRegular:
    """Things that happen to a home, `least` times in a row exactly as long apart, to the thousandth of a second.

    Only where the sender tells the time itself. What is counted or looked at by the hour is regular by itself, so that
    measured kinds, windows and what a fridge sees at each look are none of its kinds.
    """

    reason = "too_regular"
    kinds: frozenset[str]
    least: int = 8

    def step(self, memory: Memory | None, seen: Seen) -> tuple[Memory | None, dict[str, int] | None]:
        if not seen.is_timed or seen.window_s is not None:
            return memory, None
        at = seen.ms
        if memory is None or at <= memory["last"]:
            return memory or {"last": at, "apart": 0, "times": 0}, None
        apart = at - memory["last"]
        times = memory["times"] + 1 if apart == memory["apart"] else 1
        if times < self.least:
            return {"last": at, "apart": apart, "times": times}, None
        return {"last": at, "apart": 0, "times": 0}, {"times": times}


@dataclass(frozen=True, kw_only=True)
class Impossible:
    """Jumps and orders that cannot be, again and again: each weighs as much as `weight` sound readings.

    `per_minute` is by how much a kind can change at most within a minute. One wrong reading has a soft flag; this is
    for a stream that keeps on.
    """

    reason = "impossible"
    per_minute: Mapping[str, int]
    kinds: frozenset[str]
    most_kw: int = 10
    weight: int = 4
    limit: int = 40

    def step(self, memory: Memory | None, seen: Seen) -> tuple[Memory | None, dict[str, int] | None]:
        at, value = seen.ms, seen.number
        if memory and at <= memory["last"]:
            return memory, None
        known = memory or {"last": 0, "value": value, "score": 0, "times": 0}
        cannot_be = self._jumps(known, seen, at) or self._says_so(seen)
        score = known["score"] + self.weight if cannot_be else max(0, known["score"] - 1)
        times = known["times"] + cannot_be if score else 0
        if score < self.limit:
            return {"last": at, "value": value, "score": score, "times": times}, None
        return {"last": at, "value": value, "score": 0, "times": 0}, {"times": times}

    def _jumps(self, known: Memory, seen: Seen, at: int) -> bool:
        most = self.per_minute.get(seen.kind)
        return most is not None and at - known["last"] <= MINUTE and abs(seen.number - known["value"]) > most

    def _says_so(self, seen: Seen) -> bool:
        if seen.kind == "appliance.energy":
            window_s = seen.window_s or _seconds(seen)
            return bool(window_s) and seen.number * 3600 > self.most_kw * window_s
        return "dust_sizes_disagree" in seen.flags


def _seconds(seen: Seen) -> float:
    return (seen.interval[1] - seen.interval[0]).total_seconds() if seen.interval else 0


_DUST = ("air.pm1", "air.pm25", "air.pm10")
_JUMPS = {"climate.temperature": 15, "fridge.temperature": 25, "air.co2": 20_000}
DETECTORS: tuple[Frozen | TooRegular | Impossible, ...] = (
    Frozen(
        hours={
            **dict.fromkeys(_DUST, 24),
            "air.co2": 24,
            "air.tvoc_ratio": 24,
            "climate.temperature": 48,
            "climate.humidity": 48,
        },
        beyond={**dict.fromkeys(_DUST, 10), "air.tvoc_ratio": 1},
        in_parts=frozenset({"climate.temperature", "climate.humidity"}),
    ),
    TooRegular(kinds=frozenset({"pest.sighting", "microwave.cook", "vacuum.obstacle", "presence.absence"})),
    Impossible(per_minute=_JUMPS, kinds=frozenset({*_DUST, *_JUMPS, "appliance.energy"})),
)
#: By kind: the detectors that look at it, and what their memories of it are called, but for its zone.
_LOOKING = {
    kind: [(detector, f"{detector.reason}|{kind}|") for detector in DETECTORS if kind in detector.kinds]
    for kind in {kind for detector in DETECTORS for kind in detector.kinds}
}


def doubt(
    memories: Mapping[tuple[str, str], Memory], readings: Iterable[Seen]
) -> tuple[dict[tuple[str, str], Any], list[Doubt]]:
    """Take readings in, one after the other, and return what is remembered now and which streams are doubted."""
    after, doubts = dict(memories), []
    for seen in readings:
        for detector, name in _LOOKING.get(seen.kind, ()):
            key = (seen.appliance, name + seen.zone)
            memory, facts = detector.step(after.get(key), seen)
            if memory is not None:
                after[key] = memory
            if facts is not None:
                doubts.append(Doubt(stream=seen.stream, reason=detector.reason, facts=facts))
    return after, doubts
