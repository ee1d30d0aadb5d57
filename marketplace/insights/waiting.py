"""From when somebody may be asked about an insight: at once, after an embargo, or not before a person has looked.

What is said of a stream holds for what rules drew from it: held with it, let go with it.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from marketplace.appliances import operations as appliances
from marketplace.appliances.models import StreamFlag
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Evidence, Insight

#: When a held stream is asked about: not in this era. Letting it go gives its insights a day of their own again.
HELD = datetime(9000, 1, 1, tzinfo=UTC)
_HOLD = """
UPDATE insights_insight i SET ask_after = %s
FROM unnest(%s::uuid[], %s::text[]) AS held (appliance_id, kind)
WHERE i.appliance_id = held.appliance_id AND i.kind = held.kind AND i.matched_at IS NULL"""
_HOLD_DRAWN = """
UPDATE insights_insight i SET ask_after = %s
FROM unnest(%s::uuid[], %s::text[]) AS held (appliance_id, kind)
JOIN insights_evidence e ON e.appliance_id = held.appliance_id AND e.kind = held.kind
WHERE i.id = e.conclusion_id AND i.matched_at IS NULL"""


def ask_after(kind: str, *, ends_at: datetime | None, at: datetime) -> datetime:
    """Return from when on somebody may be asked.

    Nobody is asked about an absence before the home is lived in again, and a day has passed.

    Args:
        ends_at: the end of the time that the insight covers, if it covers one.
    """
    if KINDS[kind].topic != Topic.PRESENCE:
        return at
    return (ends_at or at) + _embargo(kind)


def _embargo(kind: str) -> timedelta:
    is_presence = kind in KINDS and KINDS[kind].topic == Topic.PRESENCE
    return timedelta(hours=settings.ABSENCE_EMBARGO_HOURS) if is_presence else timedelta()


@transaction.atomic(savepoint=False)
def hold_streams(*, streams: Collection[appliances.Stream]) -> None:
    """Keep what is in the vault, but not yet matched, from being asked about; and what was drawn from it."""
    if not streams:
        return
    named = sorted(streams)
    columns: list[Any] = [HELD, [appliance_id for appliance_id, _ in named], [kind for _, kind in named]]
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, columns)
        cursor.execute(_HOLD_DRAWN, columns)


@transaction.atomic(savepoint=False)
def clear_stream(*, appliance_id: UUID, kind: str) -> int:
    """Put what was held of one stream back on the work list of matching; return how many there were.

    What was drawn from it goes too, unless another stream behind it is still held. An absence still waits out its
    embargo, which is over for certain when that long has passed since it came.
    """
    held = Insight.objects.filter(matched_at=None, ask_after=HELD)
    count = _let_go(held.filter(appliance=appliance_id, kind=kind), kind)
    drawn = Evidence.objects.filter(appliance=appliance_id, kind=kind).values("conclusion")
    flagged = StreamFlag.objects.standing().filter(appliance=OuterRef("appliance"), kind=OuterRef("kind"))
    still = Evidence.objects.filter(Exists(flagged), conclusion__in=drawn).values("conclusion")
    free = held.filter(pk__in=drawn).exclude(pk__in=still)
    return count + sum(_let_go(free.filter(kind=one), one) for one in sorted(set(free.values_list("kind", flat=True))))


def _let_go(insights: QuerySet[Insight], kind: str) -> int:
    return insights.update(ask_after=F("received_at") + _embargo(kind))
