"""Nobody at home, and the cooler on: what two appliances said, brought together once both have said enough."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.seen import MINUTE, Found, Memory, Rule, Seen, milliseconds, moment_of

HOUR = 60 * MINUTE
HORIZON = 32 * 24 * HOUR
MOST_SPANS = 64
MOST_ABSENCES = 16


@dataclass(frozen=True, kw_only=True)
class CooledWhileAway(Rule):
    """During an absence a cooler drew more than `above_w` for `least_minutes` or more in all.

    It is decided once the cooler was heard from at or after the end of the absence, whichever came in first. Between
    two readings a cooler counts as it was at the first of them, for `gap_minutes` at most. The confidence is that of
    the absence.
    """

    above_w: int
    least_minutes: int
    gap_minutes: int = 60
    scope: Literal["appliance", "home"] = "home"

    def wants(self, seen: Seen) -> bool:
        if seen.kind == "presence.absence":
            return seen.value is True and seen.interval is not None
        return seen.kind in self.reads and seen.type == "air_conditioner"

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        known = memory or {"coolers": {}, "absences": []}
        after = self._away(known, seen) if seen.interval and seen.kind == "presence.absence" else self._on(known, seen)
        if after is known:
            return memory, []
        found = []
        absences = []
        for absence in after["absences"]:
            decided = list(absence["decided"])
            for appliance, cooler in sorted(after["coolers"].items()):
                if appliance in decided or cooler["last"] < absence["end"]:
                    continue
                decided.append(appliance)
                hours = _overlap(cooler["spans"], absence) / HOUR
                if hours * 60 >= self.least_minutes:
                    found.append(self._found(appliance, absence, hours))
            absences.append({**absence, "decided": decided})
        return {**after, "absences": absences}, found

    def _away(self, known: Memory, seen: Seen) -> Memory:
        if seen.interval is None:
            return known
        start, end = (milliseconds(moment) for moment in seen.interval)
        if any(one["end"] == end and one["start"] == start for one in known["absences"]):
            return known
        absence = {"start": start, "end": end, "sure": float(seen.confidence or 0), "by": seen.appliance, "decided": []}
        absences = sorted([*known["absences"], absence], key=lambda one: (one["end"], one["start"], one["by"]))
        newest = absences[-1]["end"]
        return {**known, "absences": [one for one in absences if one["end"] > newest - HORIZON][-MOST_ABSENCES:]}

    def _on(self, known: Memory, seen: Seen) -> Memory:
        at = seen.ms
        cooler = known["coolers"].get(seen.appliance, {"last": at - 1, "on": False, "spans": []})
        if at <= cooler["last"]:
            return known
        spans = cooler["spans"]
        if cooler["on"]:
            spans = _joined(spans, cooler["last"], min(at, cooler["last"] + self.gap_minutes * MINUTE))
        spans = [one for one in spans if one[1] > at - HORIZON][-MOST_SPANS:]
        now = {"last": at, "on": seen.number > self.above_w, "spans": spans}
        return {**known, "coolers": {**known["coolers"], seen.appliance: now}}

    def _found(self, appliance: str, absence: dict[str, Any], hours: float) -> Found:
        kind = KINDS[self.concludes]
        return Found(
            value=min(round(hours, kind.decimals), kind.high),
            at=moment_of(absence["end"]),
            start=moment_of(absence["start"]),
            confidence=round(absence["sure"], 2),
            facts={"above_w": self.above_w, "minutes": round(hours * 60)},
            streams=((appliance, self.reads[0]), (absence["by"], "presence.absence")),
            appliance=appliance,
        )


def _joined(spans: list[list[int]], start: int, end: int) -> list[list[int]]:
    if spans and spans[-1][1] == start:
        return [*spans[:-1], [spans[-1][0], end]]
    return [*spans, [start, end]]


def _overlap(spans: list[list[int]], absence: dict[str, Any]) -> int:
    return sum(max(0, min(end, absence["end"]) - max(start, absence["start"])) for start, end in spans)
