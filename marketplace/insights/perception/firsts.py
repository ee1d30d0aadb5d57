"""A first sighting: a word that this appliance has not said for a long while."""

from dataclasses import dataclass
from datetime import tzinfo

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.seen import MINUTE, Found, Memory, Rule, Seen

DAY = 24 * 60 * MINUTE


@dataclass(frozen=True, kw_only=True)
class First(Rule):
    """A word is said that was not said for `days`, by a model that is at least `surety` sure.

    In the first `settle_days` after the first word of all nothing is concluded: to a new fridge everything is new. The
    confidence is the model's own.
    """

    days: int
    surety: float = 0.6
    settle_days: int = 0

    def step(self, memory: Memory | None, seen: Seen, *, zone: tzinfo) -> tuple[Memory | None, list[Found]]:
        if (seen.confidence or 0) < self.surety or not isinstance(seen.value, str):
            return memory, []
        at, word = seen.ms, seen.value
        known = memory or {"since": at, "words": {}}
        last = known["words"].get(word)
        if last is not None and at <= last:
            return memory, []
        is_new = last is None or at - last > self.days * DAY
        is_settled = at - known["since"] >= self.settle_days * DAY
        after = {"since": known["since"], "words": {**known["words"], word: at}}
        return after, [self._found(word, seen)] if is_new and is_settled else []

    def _found(self, word: str, seen: Seen) -> Found:
        return Found(
            value=word,
            at=seen.at,
            confidence=round(float(seen.confidence or 0), 2),
            facts={"word": KINDS[seen.kind].words[word], "days": self.days},
            streams=(seen.stream,),
            appliance=seen.appliance,
        )
