"""Too much in a while, added up: a door that stood open in all, however often it was shut in between."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.seen import MINUTE, Found, Memory, Rule, Seen, milliseconds, moment_of


@dataclass(frozen=True, kw_only=True)
class Total(Rule):
    """What was told within the last `minutes` adds up to `seconds` or more; over once it is below `calm_seconds`.

    The confidence grows with the sum: a half at `seconds`, one at twice as much.
    """

    seconds: int
    calm_seconds: int
    minutes: int

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        at = seen.ms
        known = memory or _NOTHING
        if at <= known["last"]:
            return memory, []
        spells = [one for one in known["spells"] if one[0] >= at // MINUTE - self.minutes]
        is_in = known["in"] and _sum(spells) >= self.calm_seconds
        spells = _added(spells, seen, at)
        found = [self._found(spells, seen)] if not is_in and _sum(spells) >= self.seconds else []
        return {"last": at, "in": is_in or bool(found), "spells": spells}, found

    def _found(self, spells: list[list[Any]], seen: Seen) -> Found:
        total = _sum(spells)
        return Found(
            value=min(round(total), KINDS[self.concludes].high),
            at=seen.at,
            start=moment_of(min(one[2] for one in spells)),
            confidence=round(min(1, total / (2 * self.seconds)), 2),
            facts={"minutes": self.minutes, "open_s": round(total), "times": sum(one[3] for one in spells)},
            streams=(seen.stream,),
            appliance=seen.appliance,
        )


#: Spells are `[minute, seconds, began, times]`, oldest first; those that end in one minute are one.
_NOTHING: Memory = {"last": 0, "in": False, "spells": []}


def _sum(spells: list[list[Any]]) -> float:
    return float(sum(one[1] for one in spells))


def _added(spells: list[list[Any]], seen: Seen, at: int) -> list[list[Any]]:
    began = milliseconds(seen.interval[0]) if seen.interval else at - int(seen.number * 1000)
    if spells and spells[-1][0] == at // MINUTE:
        last = spells[-1]
        return [*spells[:-1], [last[0], round(last[1] + seen.number, 1), min(last[2], began), last[3] + 1]]
    return [*spells, [at // MINUTE, seen.number, began, 1]]
