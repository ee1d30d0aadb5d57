"""Reads that span this room's tables."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

WEEK = timedelta(days=7)


@dataclass
class Line:
    """What one household drew beforehand: how much attention is left, and what it never wants to hear of."""

    asks_left: int = 0
    min_tokens: int = 0
    never_topics: frozenset[str] = frozenset()
    never_organisations: frozenset[UUID] = frozenset()

    def is_open_to(self, topics: Collection[str]) -> bool:
        """Tell whether it may be asked anything about what tells of these topics, whoever asks."""
        return self.asks_left > 0 and self.never_topics.isdisjoint(topics)

    def allows(self, *, topics: Collection[str], organisation_id: UUID, tokens: int) -> bool:
        """Tell whether it wants to hear of all these topics, from this organisation, for so much."""
        return self.is_open_to(topics) and tokens >= self.min_tokens and organisation_id not in self.never_organisations


_LINES = """
SELECT p.household_id,
       CASE WHEN p.paused THEN 0 ELSE p.asks_per_week - (
           SELECT count(*) FROM records_ask a WHERE a.household_id = p.household_id AND a.asked_at > %s) END,
       p.min_tokens,
       ARRAY(SELECT topic FROM records_standingno n
             WHERE n.household_id = p.household_id AND n.organisation_id IS NULL),
       ARRAY(SELECT organisation_id FROM records_standingno n
             WHERE n.household_id = p.household_id AND n.organisation_id IS NOT NULL)
FROM records_preference p WHERE p.household_id = ANY(%s::uuid[])"""


def lines_of(household_ids: Collection[UUID], *, at: datetime) -> dict[UUID, Line]:
    """Return each household's line, in one statement however many they are.

    Whoever asks by it has the preferences locked in an earlier statement, so that no two spend one week: what somebody
    else asked before that lock, this one sees. A household without a preference is missing: unknown means no.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [at - WEEK, list(household_ids)])
        return {
            household_id: Line(left, least, frozenset(topics), frozenset(organisations))
            for household_id, left, least, topics, organisations in cursor.fetchall()
        }
