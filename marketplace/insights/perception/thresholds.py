"""Above a line for a while: entered once, left only well below it, so that an event never flickers."""

from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from typing import Any

from marketplace.insights.kinds import KINDS, Number
from marketplace.insights.perception.seen import MINUTE, Found, Memory, Rule, Seen, minutes_from, moment_of

#: After so long without a word nothing is known any more, and the next reading begins anew.
LAPSE = 6 * 60 * MINUTE


@dataclass(frozen=True, kw_only=True)
class Threshold(Rule):
    """Most readings of the last `minutes` were above `above`; over once all of `calm_minutes` were below `below`.

    `above` and `below` are in the unit of the kind it reads. There must be `least` readings, and never more than
    `gap_minutes` between two of them, the last one before the window among them. The confidence is the share of
    readings above the line; with fewer than `enough` of them it is less, in proportion.
    """

    above: Number
    below: Number
    minutes: int
    calm_minutes: int = 15
    least: int = 3
    share: float = 0.8
    enough: int = 6
    gap_minutes: int = 20
    zone: str = ""

    def wants(self, seen: Seen) -> bool:
        return seen.kind in self.reads and seen.zone == self.zone

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        at, value = seen.ms, seen.number
        if memory and at <= memory["last"]:
            return memory, []
        known = memory if memory and at - memory["last"] <= LAPSE else _NOTHING
        buckets = _added(known["minutes"], at, value, is_over=value > self.above)
        before, buckets = self._window(known["before"], buckets, at // MINUTE - self.minutes)
        calm = (at if known["calm"] is None else known["calm"]) if value < self.below else None
        is_in = known["in"] and not (calm is not None and at - calm >= self.calm_minutes * MINUTE)
        found = [] if is_in or value <= self.above else self._found(before, buckets, seen)
        return {"last": at, "in": is_in or bool(found), "calm": calm, "before": before, "minutes": buckets}, found

    def _window(self, before: int | None, buckets: list[list[Any]], first: int) -> tuple[int | None, list[list[Any]]]:
        """Leave the minutes from `first` on, and the last minute before them that anything is known of."""
        left = minutes_from(first, buckets)
        gone = len(buckets) - len(left)
        return (buckets[gone - 1][0] if gone else before), left

    def _is_covered(self, before: int | None, minutes: list[int], first: int) -> bool:
        """Tell whether the whole window was watched: nothing is said of half an hour that began ten minutes ago."""
        if minutes[0] > first:
            if before is None:
                return False
            minutes = [before, *minutes]
        return all(after - one <= self.gap_minutes for one, after in pairwise(minutes))

    def _found(self, before: int | None, buckets: list[list[Any]], seen: Seen) -> list[Found]:
        readings, over = sum(one[1] for one in buckets), sum(one[2] for one in buckets)
        first = seen.ms // MINUTE - self.minutes
        is_covered = self._is_covered(before, [one[0] for one in buckets], first)
        if readings < self.least or over < self.share * readings or not is_covered:
            return []
        mean = sum(one[3] for one in buckets) / readings
        decimals = KINDS[self.concludes].decimals
        return [
            Found(
                value=round(mean, decimals) if decimals else round(mean),
                at=seen.at,
                start=moment_of(buckets[0][0] * MINUTE),
                confidence=round(over / readings * min(1, readings / self.enough), 2),
                facts={"minutes": self.minutes, "above": self.above, "over": over, "readings": readings},
                streams=(seen.stream,),
                appliance=seen.appliance,
            )
        ]


#: What is known before the first reading. Minutes are `[minute, readings, above the line, sum]`, oldest first.
_NOTHING: Memory = {"last": 0, "in": False, "calm": None, "before": None, "minutes": []}


def _added(minutes: list[list[Any]], at: int, value: Number, *, is_over: bool) -> list[list[Any]]:
    minute = at // MINUTE
    if not minutes or minutes[-1][0] != minute:
        return [*minutes, [minute, 1, int(is_over), round(value, 4)]]
    *before, last = minutes
    return [*before, [minute, last[1] + 1, last[2] + is_over, round(last[3] + value, 4)]]
