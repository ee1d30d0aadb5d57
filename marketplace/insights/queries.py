"""How often each rule concluded something, and how often a member said that it is wrong. Counts, and never whose."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Conclusion, WrongWord
from marketplace.insights.perception.rules import RULES
from marketplace.insights.words import Text

#: How far back conclusions are counted; words are counted for ever too.
COUNTED = timedelta(days=30)


@dataclass(frozen=True)
class RuleCount:
    """One rule, or one kind that models on the edge conclude, with its counts.

    Attributes:
        version: empty for a kind of the edge.
        concluded: in the last 30 days; None where no rule of Maru's concludes it.
        wrong, wrong_ever: the words of members in those days, and all of them.
    """

    name: str
    version: str
    label: Text
    concluded: int | None
    wrong: int
    wrong_ever: int


def rule_counts(*, at: datetime) -> list[RuleCount]:
    """Return the counts of every rule in force, of older versions that were called wrong, and of the edge's models."""
    since = at - COUNTED
    concluded = {
        (rule, version): count
        for rule, version, count in Conclusion.objects.filter(at__gt=since)
        .values_list("rule", "version")
        .annotate(count=Count("*"))
    }
    words = WrongWord.objects.values_list("kind", "rule", "version")
    called = {
        (kind, rule, version): (lately, ever)
        for kind, rule, version, lately, ever in words.annotate(
            lately=Count("pk", filter=Q(at__gt=since)), ever=Count("*")
        )
    }
    in_force = {(rule.concludes, rule.name, rule.version) for rule in RULES.values()}
    return [
        RuleCount(
            name=rule or kind,
            version="" if version is None else str(version),
            label=_label(kind, rule),
            concluded=concluded.get((rule, version), 0) if rule else None,
            wrong=called.get((kind, rule, version), (0, 0))[0],
            wrong_ever=called.get((kind, rule, version), (0, 0))[1],
        )
        for kind, rule, version in sorted(
            in_force | called.keys(), key=lambda one: (one[1] or "~" + one[0], one[2] or 0)
        )
    ]


def _label(kind: str, rule: str) -> Text:
    if rule in RULES:
        return RULES[rule].label
    return KINDS[kind].label if kind in KINDS else Text(kind, kind)
