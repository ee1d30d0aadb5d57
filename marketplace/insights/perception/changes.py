"""A sudden rise or drop: far from where it was some minutes ago, and not for one reading alone."""

from dataclasses import dataclass
from datetime import tzinfo
from operator import itemgetter
from typing import Any, Literal

from marketplace.insights.kinds import KINDS, Number
from marketplace.insights.perception.seen import MINUTE, Found, Memory, Rule, Seen, minutes_from, moment_of
from marketplace.insights.perception.thresholds import LAPSE


@dataclass(frozen=True, kw_only=True)
class Change(Rule):
    """`holds` readings in a row differ by `by` or more from the lowest (or highest) of the last `minutes`.

    `by` is in the unit of the kind it reads. It fires again only after the difference was below half of `by` once. The
    confidence grows with the change: a half at `by`, one at twice as much.
    """

    by: Number
    minutes: int
    direction: Literal["rise", "drop"] = "rise"
    holds: int = 2

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        at, value = seen.ms, seen.number
        if memory and at <= memory["last"]:
            return memory, []
        known = memory if memory and at - memory["last"] <= LAPSE else _NOTHING
        minutes = minutes_from(at // MINUTE - self.minutes, known["minutes"])
        base = self._furthest(minutes)
        change = 0 if base is None else self._change(base[1], value)
        held = known["held"] + 1 if change >= self.by else 0
        armed = known["armed"] or change * 2 < self.by
        fires = armed and held >= self.holds and base is not None
        found = [self._found(base, change, seen)] if fires and base is not None else []
        noted = self._noted(minutes, at, value)
        return {"last": at, "armed": armed and not fires, "held": held, "minutes": noted}, found

    def _change(self, base: Number, value: Number) -> Number:
        return round(value - base if self.direction == "rise" else base - value, 4)

    def _furthest(self, minutes: list[Any]) -> list[Any] | None:
        pick = min if self.direction == "rise" else max
        return pick(minutes, key=itemgetter(1), default=None)

    def _noted(self, minutes: list[list[Any]], at: int, value: Number) -> list[list[Any]]:
        """Keep what a later change could be measured from: never a minute beyond whose value a later one went."""
        pick, minute, kept = min if self.direction == "rise" else max, at // MINUTE, list(minutes)
        if kept and kept[-1][0] == minute:
            value = pick(kept.pop()[1], value)
        while kept and kept[-1][1] != value and pick(kept[-1][1], value) == value:
            kept.pop()
        return [*kept, [minute, value]]

    def _found(self, base: list[Any], change: Number, seen: Seen) -> Found:
        decimals = KINDS[self.concludes].decimals
        return Found(
            value=round(change, decimals) if decimals else round(change),
            at=seen.at,
            start=moment_of(base[0] * MINUTE),
            confidence=round(min(1, change / (2 * self.by)), 2),
            facts={"minutes": self.minutes, "by": self.by, "holds": self.holds},
            streams=(seen.stream,),
            appliance=seen.appliance,
        )


_NOTHING: Memory = {"last": 0, "armed": True, "held": 0, "minutes": []}
