"""From when somebody may be asked about an insight: at once, after an embargo, or not before a person has looked.

What is said of a stream holds for what rules drew from it: held with it, let go with it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery

from consent.parties.models import Household
from consent.records.queries import Line, lines_of
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import StreamFlag
from marketplace.insights import notifications
from marketplace.insights.copying import array_of, copy_in
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Evidence, Insight, Waiting
from marketplace.insights.perception.rules import topics_of

#: When a held stream is asked about: not in this era. Letting it go gives its insights a day of their own again.
HELD = datetime(9000, 1, 1, tzinfo=UTC)
_DUE = "SELECT EXISTS (SELECT FROM insights_waiting WHERE ask_after <= %s)"
_OFF = "DELETE FROM insights_waiting WHERE insight_id = ANY(%s::uuid[])"
_HOLD = """
UPDATE insights_waiting w SET ask_after = %s
FROM unnest(%s::uuid[], %s::text[]) AS held (appliance_id, kind)
JOIN insights_insight i ON i.appliance_id = held.appliance_id AND i.kind = held.kind
WHERE w.insight_id = i.id"""
_HOLD_DRAWN = """
UPDATE insights_waiting w SET ask_after = %s
FROM unnest(%s::uuid[], %s::text[]) AS held (appliance_id, kind)
JOIN insights_evidence e ON e.appliance_id = held.appliance_id AND e.kind = held.kind
WHERE w.insight_id = e.conclusion_id"""


_AWAY = timedelta(minutes=10)
_PUT_OFF = """
UPDATE insights_waiting w SET ask_after = %s
FROM insights_insight i JOIN insights_datakey k ON k.sealed_id = i.sealed_id
WHERE w.insight_id = i.id AND w.ask_after <= %s AND k.epoch = %s"""


def ask_after(kind: str, *, ends_at: datetime | None, at: datetime) -> datetime:
    """Return from when on somebody may be asked.

    Nobody is asked about an absence before the home is lived in again, and a day has passed.

    Args:
        ends_at: the end of the time that the insight covers, if it covers one.
    """
    if KINDS[kind].topic != Topic.PRESENCE:
        return at
    return (ends_at or at) + _embargo(kind)


class Entry(NamedTuple):
    """One insight on the list, and from when on somebody may be asked about it."""

    insight_id: UUID | str
    kind: str
    ask_after: datetime


@transaction.atomic(savepoint=False)
def put_on_list(*, household: Household, entries: Sequence[Entry], at: datetime) -> None:
    """Let matching look at insights that this transaction stores, each from its own time on.

    Where the home's line lets nobody ask about such a thing now, that was the look: it does not come onto the list.
    Most homes have been asked all they want to be in a week, whatever their appliances say.
    """
    now = [entry for entry in entries if entry.ask_after <= at]
    line = lines_of([household.pk], at=at).get(household.pk, Line()) if now else Line()
    open_to = [entry for entry in now if line.is_open_to(topics_of(entry.kind))]
    later = [entry for entry in entries if entry.ask_after > at] if len(now) < len(entries) else []
    if open_to or later:
        copy_in(Waiting, ("insight_id", "ask_after"), ((one, after) for one, _, after in (*open_to, *later)))
    if open_to:
        notifications.wake_matching_on_commit()


def is_anything_due(*, at: datetime) -> bool:
    """Tell whether matching has anything to look at, in one small statement: mostly it has not."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [at])
        return bool(cursor.fetchone()[0])


@transaction.atomic(savepoint=False)
def put_off(*, epoch: str, at: datetime) -> None:
    """Look again later at what is due and sealed with the key of one epoch, which is away: the rest need not wait."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, [at + _AWAY, at, epoch])


@transaction.atomic(savepoint=False)
def take_off_list(*, insight_ids: Iterable[UUID | str]) -> None:
    """Let matching look at insights no more; those that are off the list already stay so."""
    with connection.cursor() as cursor:
        cursor.execute(_OFF, [array_of(insight_ids)])


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

    What was drawn from it goes too. What another flag still holds stays: on a stream behind it, or on its own. An
    absence still waits out its embargo, which is over for certain when that long has passed since it came.
    """
    flags = StreamFlag.objects.standing()
    own = flags.filter(appliance=OuterRef("insight__appliance"), kind=OuterRef("insight__kind"))
    behind = Evidence.objects.filter(
        Exists(flags.filter(appliance=OuterRef("appliance"), kind=OuterRef("kind"))), conclusion=OuterRef("pk")
    )
    drawn = Evidence.objects.filter(appliance=appliance_id, kind=kind).values("conclusion")
    named = Q(insight__appliance=appliance_id, insight__kind=kind) | Q(pk__in=drawn)
    free = Waiting.objects.filter(named, ~Exists(own), ~Exists(behind), ask_after=HELD)
    kinds = sorted(set(free.values_list("insight__kind", flat=True)))
    return sum(_let_go(free.filter(insight__kind=one), one) for one in kinds)


def _let_go(held: QuerySet[Waiting], kind: str) -> int:
    came = Subquery(Insight.objects.filter(pk=OuterRef("pk")).values("received_at"))
    return held.update(ask_after=ExpressionWrapper(came + _embargo(kind), DateTimeField()))
