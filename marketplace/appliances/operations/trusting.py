"""Streams that say too much: counted by the day, held back above the cap, let go by a person."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent.parties import operations as parties
from consent.parties import policies as parties_policies
from consent.parties.models import User
from marketplace.appliances.errors import FlagDecided
from marketplace.appliances.models import DayCount, StreamFlag

Stream = tuple[UUID, str]

# One statement for a whole batch, its rows in one order so that two batches of one home never wait for each other
# both ways round.
_COUNT = """
INSERT INTO appliances_daycount (appliance_id, kind, "on", insights)
SELECT a, k, %(on)s, n FROM unnest(%(appliances)s::uuid[], %(kinds)s::text[], %(counts)s::int[]) AS came(a, k, n)
ORDER BY a, k
ON CONFLICT (appliance_id, kind, "on") DO UPDATE SET insights = appliances_daycount.insights + EXCLUDED.insights
RETURNING appliance_id, kind, insights"""


@transaction.atomic(savepoint=False)
def count_day(*, came: Mapping[Stream, int], on: date) -> dict[Stream, int]:
    """Add what came to the counts of a day, and return the counts as they are now."""
    if not came:
        return {}
    streams = sorted(came)
    values: dict[str, Any] = {
        "on": on,
        "appliances": [appliance_id for appliance_id, _ in streams],
        "kinds": [kind for _, kind in streams],
        "counts": [came[stream] for stream in streams],
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        return {(appliance_id, kind): count for appliance_id, kind, count in cursor.fetchall()}


@transaction.atomic(savepoint=False)
def raise_flags(
    *, streams: Collection[Stream], reason: str, at: datetime, facts: Mapping[Stream, Mapping[str, int]] | None = None
) -> None:
    """Hold streams back until a person has looked. A flag that stands already stays as it is.

    The cap of a day and the detectors of `insights.perception` call it; whatever learns one day is to call it too.

    Args:
        facts: what the flag of each stream is raised for, in counts and hours; never a value.
    """
    StreamFlag.objects.bulk_create(
        [
            StreamFlag(
                appliance_id=appliance_id,
                kind=kind,
                reason=reason,
                facts=dict((facts or {}).get((appliance_id, kind), {})),
                raised_at=at,
            )
            for appliance_id, kind in sorted(streams)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic(savepoint=False)
def decide_flag(*, flag_id: UUID, actor: User, verdict: str, at: datetime) -> StreamFlag:
    """Write down what a person found about a held stream.

    Args:
        verdict: `cleared` lets it go and starts its day anew; `kept` holds it for good.

    Raises:
        StreamFlag.DoesNotExist: there is no such flag.
        NotPermitted: `actor` is no admin of the platform.
        FlagDecided: it was cleared, or is kept already.
    """
    parties_policies.check_is_admin(actor)
    flag = StreamFlag.objects.select_for_update().get(pk=flag_id)
    # Somebody may think better of keeping it; what was cleared is over.
    if flag.verdict == StreamFlag.Verdict.CLEARED or flag.verdict == verdict:
        raise FlagDecided
    flag.verdict, flag.decided_at, flag.decided_by = verdict, at, actor
    flag.save(update_fields=["verdict", "decided_at", "decided_by"])
    if verdict == StreamFlag.Verdict.CLEARED:
        DayCount.objects.filter(appliance=flag.appliance_id, kind=flag.kind).update(insights=0)
    parties.note(actor=str(actor.pk), action=f"stream.{verdict}", subject=f"stream-flag:{flag.pk}", at=at)
    return flag
