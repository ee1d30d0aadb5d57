"""Every write of this room: what came in is sealed at once, or refused by name."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.canonical import canonical_bytes
from consent.parties.models import Household
from consent.parties.secrets import keyed_name
from marketplace.appliances import operations as appliances
from marketplace.appliances.caps import daily_cap
from marketplace.appliances.dialects import Reading, Rejection
from marketplace.appliances.errors import ApplianceLeft
from marketplace.appliances.models import Appliance, StreamFlag
from marketplace.appliances.senders import Sender
from marketplace.insights import notifications, vault
from marketplace.insights.copying import copy_in
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Insight, SealedObject
from marketplace.insights.normalise import NormalReading, flag_physics, normalise

TRIES = 3
SAME_EVENT = "insight_once_per_event"
#: When a held stream is asked about: not in this era. Letting it go gives its insights a day of their own again.
HELD = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ItemResult:
    """What became of one item of a batch."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    insight_id: UUID | None = None
    rejection: Rejection | None = None


@dataclass(frozen=True)
class _Candidate:
    """One reading of one appliance; `heard_as` is the row of the name it was told under, if that is only a part."""

    reading: NormalReading
    appliance: Appliance
    heard_as: Appliance
    event_hash: str
    content_hash: str

    @property
    def key(self) -> tuple[UUID, str]:
        return self.appliance.pk, self.event_hash

    @property
    def told_before_as(self) -> set[UUID]:
        """Every row under which the same event may be known: it was a part of another, or has become one since."""
        rows = {self.appliance.pk, self.heard_as.pk, self.heard_as.once_part_of_id}
        return {row for row in rows if row is not None}


def record_insights(
    *,
    household: Household,
    items: Sequence[Reading | Rejection],
    dialect: str,
    at: datetime,
    sender: Sender | None = None,
) -> list[ItemResult]:
    """Seal and store what one request of one home brought, with one result per item.

    A fixed number of statements, however many items. Another request that brings the same event at the same instant
    makes this one start over, and it then finds the event there.

    Args:
        dialect: part of an appliance's identity; two dialects never speak for the same appliance.
        at: the server's clock when the request came in.
        sender: which key brought it; None is a hub with a key to carry. A signed request is spent in the same
            transaction, so that it is taken in once, or not at all.

    Raises:
        SignatureRefused: what signed it has ended meanwhile.
        KeyEnded: the carried key has ended meanwhile.
        MessageRepeated: this signed request was taken in before.
        ApplianceLeft: in three tries in a row an appliance left in that very moment.
        IntegrityError: three tries in a row met the same event of another request.
    """
    for left in reversed(range(TRIES)):
        try:
            return _record(household, items, dialect, at, sender or Sender())
        except ApplianceLeft:
            if not left:
                raise
        except IntegrityError as exc:
            if SAME_EVENT not in str(exc) or not left:
                raise
    raise AssertionError("unreachable")


@transaction.atomic(durable=True)
def _record(
    household: Household, items: Sequence[Reading | Rejection], dialect: str, at: datetime, sender: Sender
) -> list[ItemResult]:
    parties.hold_home(household=household)
    read = [item if isinstance(item, Rejection) else normalise(item, received_at=at) for item in items]
    refused = [ItemResult(item.index, "rejected", rejection=item) for item in read if isinstance(item, Rejection)]
    normal = flag_physics([item for item in read if isinstance(item, NormalReading)])
    candidates, surplus = _identified(household, normal, dialect, at, sender)
    appliances.check_may_still_speak(sender=sender, at=at)
    _spend(sender, at)
    results = _stored(household, candidates, at, sender)
    notifications.wake_matching_on_commit()
    return sorted([*refused, *surplus, *results], key=lambda result: result.index)


def _spend(sender: Sender, at: datetime) -> None:
    if sender.key_id is None:
        return
    if sender.message_sha256:
        appliances.spend_message(key_id=sender.key_id, message_sha256=sender.message_sha256, at=at)
    appliances.note_use(key_id=sender.key_id, at=at)


def _identified(
    household: Household, readings: Sequence[NormalReading], dialect: str, at: datetime, sender: Sender
) -> tuple[list[_Candidate], list[ItemResult]]:
    """Find or bring in the appliance that each reading came from: the sender itself, or what its hub calls it.

    What came from one new appliance too many for a day is returned beside it, refused by name.
    """
    names = dict.fromkeys(readings, "")
    if sender.appliance_id is not None:
        known = {"": appliances.hear_appliance(appliance_id=sender.appliance_id, at=at)}
    else:
        names = {
            reading: keyed_name("appliance", f"{household.pk}|{dialect}|{reading.source or ''}") for reading in readings
        }
        types = {names[reading]: reading.appliance_type for reading in readings}
        known = appliances.hear_named(household=household, types=types, at=at)
    surplus = [_surplus(reading.index) for reading in readings if names[reading] not in known]
    candidates = [
        _Candidate(
            reading=reading,
            appliance=known[names[reading]].part_of or known[names[reading]],
            heard_as=known[names[reading]],
            event_hash=keyed_name("event", f"{reading.kind}|{reading.zone}|{reading.event_key}"),
            content_hash=keyed_name("content", reading.content_digest),
        )
        for reading in readings
        if names[reading] in known
    ]
    return candidates, surplus


def _surplus(index: int) -> ItemResult:
    return ItemResult(index, "rejected", rejection=Rejection(index=index, code="too_many_new_appliances"))


def _stored(household: Household, candidates: Sequence[_Candidate], at: datetime, sender: Sender) -> list[ItemResult]:
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
    held = _held(fresh, at)
    _seal(household, fresh, ids, held, at, sender)
    return results


def _known_events(candidates: Sequence[_Candidate]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    """Return what is known already, under the row that each candidate belongs to now."""
    rows = Insight.objects.filter(
        appliance__in={row for candidate in candidates for row in candidate.told_before_as},
        event_hash__in={candidate.event_hash for candidate in candidates},
    ).values_list("appliance_id", "event_hash", "pk", "content_hash")
    told = {(appliance, event): (pk, content) for appliance, event, pk, content in rows}
    return {
        candidate.key: told[row, candidate.event_hash]
        for candidate in candidates
        for row in candidate.told_before_as
        if (row, candidate.event_hash) in told
    }


def _held(fresh: Sequence[_Candidate], at: datetime) -> set[appliances.Stream]:
    """Count what came today, flag what is too much, and return the streams that nobody is asked about for now."""
    came = Counter((candidate.appliance.pk, candidate.reading.kind) for candidate in fresh)
    counts = appliances.count_day(came=came, on=timezone.localdate(at))
    over = {stream for stream, count in counts.items() if count - came[stream] <= daily_cap(stream[1]) < count}
    if over:
        appliances.raise_flags(streams=over, reason=StreamFlag.Reason.TOO_MANY, at=at)
        hold_streams(streams=over)
    standing = StreamFlag.objects.standing().filter(appliance__in={appliance_id for appliance_id, _ in came})
    return set(standing.values_list("appliance_id", "kind")) if came else set()


def _repeated(candidate: _Candidate, insight_id: UUID, content_hash: str) -> ItemResult:
    index = candidate.reading.index
    if content_hash != candidate.content_hash:
        return ItemResult(index, "rejected", rejection=Rejection(index=index, code="conflict"))
    return ItemResult(index, "duplicate", insight_id=insight_id)


def _seal(
    household: Household,
    fresh: Sequence[_Candidate],
    ids: Mapping[tuple[UUID, str], UUID],
    held: Collection[appliances.Stream],
    at: datetime,
    sender: Sender,
) -> None:
    if not fresh:
        return
    sealed = vault.seal_many(
        [
            vault.Content(
                purpose=SealedObject.Purpose.INSIGHT,
                household_id=household.pk,
                subject_id=ids[candidate.key],
                payload=canonical_bytes({**candidate.reading.as_payload(), "assurance": str(sender.assurance)}),
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
                ask_after=HELD
                if (candidate.appliance.pk, candidate.reading.kind) in held
                else _ask_after(candidate.reading, at),
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
def hold_streams(*, streams: Iterable[appliances.Stream]) -> None:
    """Keep what is already in the vault, but not yet matched, from being asked about."""
    for appliance_id, kind in streams:
        waiting = Insight.objects.filter(appliance=appliance_id, kind=kind, matched_at=None)
        waiting.exclude(ask_after=HELD).update(ask_after=HELD)


@transaction.atomic(savepoint=False)
def clear_stream(*, appliance_id: UUID, kind: str) -> int:
    """Put what was held of one stream back on the work list of matching; return how many there were.

    An absence still waits out its embargo, which is over for certain when that long has passed since it came.
    """
    embargo = KINDS[kind].topic == Topic.PRESENCE if kind in KINDS else False
    waits = timedelta(hours=settings.ABSENCE_EMBARGO_HOURS) if embargo else timedelta()
    held = Insight.objects.filter(appliance=appliance_id, kind=kind, matched_at=None, ask_after=HELD)
    return held.update(ask_after=F("received_at") + waits)


@transaction.atomic(savepoint=False)
def mark_matched(*, insight_ids: Iterable[UUID], at: datetime) -> None:
    """Take insights off the work list of matching."""
    Insight.objects.filter(pk__in=list(insight_ids)).update(matched_at=at)
