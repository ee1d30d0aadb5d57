"""A weekly pattern: the same word on some days of each of several weeks in a row."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.seen import Found, Memory, Rule, Seen


@dataclass(frozen=True, kw_only=True)
class Weekly(Rule):
    """A word on `days` or more days of each of the last `weeks` weeks, this one among them; then not again for as long.

    Weeks begin on Monday at midnight where the home is. The confidence is that of the least sure of those weeks, and a
    week is as sure as the surest time the word was said in it.
    """

    weeks: int
    days: int
    surety: float = 0.6

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        if (seen.confidence or 0) < self.surety or not isinstance(seen.value, str):
            return memory, []
        word, day = seen.value, seen.at.astimezone(zone).date()
        week, weekday = week_of(day), day.weekday()
        known = memory or {"said": {}, "told": {}}
        said = _noted(known["said"].get(word, []), week, weekday, round(float(seen.confidence or 0), 2))
        said = [one for one in said if one[0] > said[-1][0] - self.weeks]
        told = known["told"].get(word, -self.weeks)
        is_told = week == said[-1][0] and week - told >= self.weeks and self._is_pattern(said, week)
        after = {
            "said": {**known["said"], word: said},
            "told": {**known["told"], word: week} if is_told else known["told"],
        }
        return after, [self._found(said, seen, week, zone)] if is_told else []

    def _is_pattern(self, said: list[list[float]], week: int) -> bool:
        return len(said) == self.weeks and all(int(one[1]).bit_count() >= self.days for one in said)

    def _found(self, said: list[list[float]], seen: Seen, week: int, zone: tzinfo) -> Found:
        monday = date.fromordinal((week - self.weeks + 1) * 7 + 1)
        return Found(
            value=seen.value,
            at=seen.at,
            start=datetime.combine(monday, time(), zone).astimezone(UTC),
            confidence=min(one[2] for one in said),
            facts={
                "word": KINDS[seen.kind].words[str(seen.value)],
                "weeks": self.weeks,
                "days": sum(int(one[1]).bit_count() for one in said),
            },
            streams=(seen.stream,),
            appliance=seen.appliance,
        )


def week_of(day: date) -> int:
    """Number the weeks that begin on Monday, one after the other, over every turn of the year."""
    return (day - timedelta(days=day.weekday())).toordinal() // 7


def _noted(said: list[list[float]], week: int, weekday: int, confidence: float) -> list[list[float]]:
    """Note a day of a week, which may be one that came late. Weeks are `[number, days as bits, surest]`, in order."""
    weeks = {one[0]: one for one in said}
    before = weeks.get(week, [week, 0, 0])
    weeks[week] = [week, int(before[1]) | 1 << weekday, max(before[2], confidence)]
    return [weeks[number] for number in sorted(weeks)]
