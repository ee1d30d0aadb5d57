"""Reads that span this room's tables."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from consent.records.models import Ask, Preference, StandingNo

WEEK = timedelta(days=7)


@dataclass
class Line:
    """What one household drew beforehand: how much attention is left, and what it never wants to hear of."""

    asks_left: int = 0
    min_tokens: int = 0
    never_topics: set[str] = field(default_factory=set)
    never_organisations: set[UUID] = field(default_factory=set)

    def allows(self, *, topic: str, organisation_id: UUID, tokens: int) -> bool:
        return (
            self.asks_left > 0
            and tokens >= self.min_tokens
            and topic not in self.never_topics
            and organisation_id not in self.never_organisations
        )


def lines_of(household_ids: list[UUID], *, at: datetime) -> dict[UUID, Line]:
    """Return each household's line, in three statements however many they are.

    The preferences are locked until the transaction ends, so that two matchings never spend one week twice. A
    household without a preference is missing: unknown means no.
    """
    preferences = Preference.objects.select_for_update().filter(household__in=household_ids).order_by("household")
    lines = {
        found.household_id: Line(asks_left=0 if found.paused else found.asks_per_week, min_tokens=found.min_tokens)
        for found in preferences
    }
    asked = Ask.objects.filter(household__in=lines, asked_at__gt=at - WEEK).values("household").annotate(n=Count("pk"))
    for row in asked:
        lines[row["household"]].asks_left -= row["n"]
    for no in StandingNo.objects.filter(household__in=lines):
        line = lines[no.household_id]
        if no.organisation_id:
            line.never_organisations.add(no.organisation_id)
        else:
            line.never_topics.add(no.topic)
    return lines
