"""Every write of this room: what came in is sealed at once, or refused by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from consent.parties.canonical import canonical_bytes
from consent.parties.models import Household
from consent.parties.secrets import keyed_name
from marketplace.appliances.dialects import Reading, Rejection
from marketplace.appliances.models import Appliance
from marketplace.insights import notifications, vault
from marketplace.insights.copying import copy_in
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Insight, SealedObject
from marketplace.insights.normalise import NormalReading, flag_physics, normalise

TRIES = 3
SAME_EVENT = "insight_once_per_event"


@dataclass(frozen=True)
class ItemResult:
    """What became of one item of a batch."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    insight_id: UUID | None = None
    rejection: Rejection | None = None


@dataclass(frozen=True)
class _Candidate:
    reading: NormalReading
    appliance: Appliance
    event_hash: str
    content_hash: str

    @property
    def key(self) -> tuple[UUID, str]:
        return self.appliance.pk, self.event_hash


def record_insights(
    *, household: Household, items: Sequence[Reading | Rejection], dialect: str, at: datetime
) -> list[ItemResult]:
    """Seal and store what one request of one home brought, with one result per item.

    A fixed number of statements, however many items. Another request that brings the same event at the same instant
    makes this one start over, and it then finds the event there.

    Args:
        dialect: part of an appliance's identity; two dialects never speak for the same appliance.
        at: the server's clock when the request came in.

    Raises:
        IntegrityError: three tries in a row met the same event of another request.
    """
    for left in reversed(range(TRIES)):
        try:
            return _record(household, items, dialect, at)
        except IntegrityError as exc:
            if SAME_EVENT not in str(exc) or not left:
                raise
    raise AssertionError("unreachable")


@transaction.atomic(durable=True)
def _record(household: Household, items: Sequence[Reading | Rejection], dialect: str, at: datetime) -> list[ItemResult]:
    read = [item if isinstance(item, Rejection) else normalise(item, received_at=at) for item in items]
    refused = [ItemResult(item.index, "rejected", rejection=item) for item in read if isinstance(item, Rejection)]
    normal = flag_physics([item for item in read if isinstance(item, NormalReading)])
    candidates = _identified(household, normal, dialect, at)
    results = _stored(household, candidates, at)
    notifications.wake_matching_on_commit()
    return sorted([*refused, *results], key=lambda result: result.index)


def _identified(
    household: Household, readings: Sequence[NormalReading], dialect: str, at: datetime
) -> list[_Candidate]:
    """Find or bring in the appliance that each reading came from, by a keyed hash of what its hub calls it."""
    names = {
        reading: keyed_name("appliance", f"{household.pk}|{dialect}|{reading.source or ''}") for reading in readings
    }
    appliances = _appliances(household, {names[reading]: reading.appliance_type for reading in readings}, at)
    return [
        _Candidate(
            reading=reading,
            appliance=appliances[names[reading]],
            event_hash=keyed_name("event", f"{reading.kind}|{reading.zone}|{reading.event_key}"),
            content_hash=keyed_name("content", reading.content_digest),
        )
        for reading in readings
    ]


def _appliances(household: Household, types: Mapping[str, str], at: datetime) -> dict[str, Appliance]:
    known = Appliance.objects.filter(household=household, identity__in=types)
    found = {appliance.identity: appliance for appliance in known}
    missing = types.keys() - found.keys()
    if missing:
        Appliance.objects.bulk_create(
            [
                Appliance(household=household, identity=name, type=_type(types[name]), joined_at=at)
                for name in sorted(missing)
            ],
            ignore_conflicts=True,
        )
        found |= {appliance.identity: appliance for appliance in known.all()}
    Appliance.objects.filter(pk__in=[appliance.pk for appliance in found.values()]).update(last_seen_at=at)
    return found


def _type(guess: str) -> str:
    return guess if guess in Appliance.Type.values else Appliance.Type.OTHER


def _stored(household: Household, candidates: Sequence[_Candidate], at: datetime) -> list[ItemResult]:
    known = _known_events(candidates)
    fresh: list[_Candidate] = []
    results: list[ItemResult] = []
    ids: dict[tuple[UUID, str], UUID] = {}
    for candidate in candidates:
        if candidate.key in known:
            results.append(_repeated(candidate, *known[candidate.key]))
            continue
        ids[candidate.key] = uuid4()
        known[candidate.key] = (ids[candidate.key], candidate.content_hash)
        fresh.append(candidate)
        results.append(ItemResult(candidate.reading.index, "accepted", insight_id=ids[candidate.key]))
    _seal(household, fresh, ids, at)
    return results


def _known_events(candidates: Sequence[_Candidate]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    rows = Insight.objects.filter(
        appliance__in={candidate.appliance.pk for candidate in candidates},
        event_hash__in={candidate.event_hash for candidate in candidates},
    ).values_list("appliance_id", "event_hash", "pk", "content_hash")
    return {(appliance, event): (pk, content) for appliance, event, pk, content in rows}


def _repeated(candidate: _Candidate, insight_id: UUID, content_hash: str) -> ItemResult:
    index = candidate.reading.index
    if content_hash != candidate.content_hash:
        return ItemResult(index, "rejected", rejection=Rejection(index=index, code="conflict"))
    return ItemResult(index, "duplicate", insight_id=insight_id)


def _seal(
    household: Household, fresh: Sequence[_Candidate], ids: Mapping[tuple[UUID, str], UUID], at: datetime
) -> None:
    if not fresh:
        return
    sealed = vault.seal_many(
        [
            vault.Content(
                purpose=SealedObject.Purpose.INSIGHT,
                household_id=household.pk,
                subject_id=ids[candidate.key],
                payload=canonical_bytes(candidate.reading.as_payload()),
            )
            for candidate in fresh
        ]
    )
    copy_in(
        Insight,
        [
            Insight(
                id=ids[candidate.key],
                appliance=candidate.appliance,
                household=household,
                kind=candidate.reading.kind,
                event_hash=candidate.event_hash,
                content_hash=candidate.content_hash,
                sealed=copy,
                received_at=at,
                ask_after=_ask_after(candidate.reading, at),
            )
            for candidate, copy in zip(fresh, sealed, strict=True)
        ],
    )


def _ask_after(reading: NormalReading, at: datetime) -> datetime:
    """Nobody is asked about an absence before the home is lived in again, and a day has passed."""
    if KINDS[reading.kind].topic != Topic.PRESENCE:
        return at
    over = reading.interval.end if reading.interval else at
    return over + timedelta(hours=settings.ABSENCE_EMBARGO_HOURS)


@transaction.atomic(savepoint=False)
def mark_matched(*, insight_ids: Iterable[UUID], at: datetime) -> None:
    """Take insights off the work list of matching."""
    Insight.objects.filter(pk__in=list(insight_ids)).update(matched_at=at)
