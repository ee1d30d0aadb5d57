"""Every write of this room: what came in is sealed at once, or refused by name."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import Household, User
from consent.parties.secrets import keyed_name, keyed_names
from marketplace.appliances import operations as appliances
from marketplace.appliances.caps import daily_cap
from marketplace.appliances.dialects import Reading, Rejection
from marketplace.appliances.errors import ApplianceLeft
from marketplace.appliances.models import Appliance, StreamFlag
from marketplace.appliances.queries import standing_flags
from marketplace.appliances.senders import Sender
from marketplace.insights import perceiving, twin, vault
from marketplace.insights.copying import array_of
from marketplace.insights.ids import timed_ids
from marketplace.insights.models import Conclusion, Insight, WrongWord
from marketplace.insights.normalise import NormalReading, flag_physics, normalise
from marketplace.insights.storing import New, store_new
from marketplace.insights.waiting import HELD, ask_after, hold_streams, take_off_list

TRIES = 3
SAME_EVENT = "insight_once_per_event"
#: What two requests of one moment may both make; the second one starts over.
MET = (SAME_EVENT, "rule_memory_once")


# Not frozen, as `NormalReading` is not.
@dataclass(slots=True)
class ItemResult:
    """What became of one item of a batch."""

    index: int
    status: Literal["accepted", "duplicate", "rejected"]
    insight_id: str | None = None
    rejection: Rejection | None = None


class Identified(NamedTuple):
    """One reading of one appliance, on its way into the vault under `insight_id`."""

    reading: NormalReading
    speaker: appliances.KnownSpeaker
    event_hash: str
    content_hash: str
    insight_id: str

    @property
    def appliance(self) -> Appliance:
        return self.speaker.appliance


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
        KeyAway: a key of the vault is not to be read just now; nothing was taken in, and nothing is lost.
        IntegrityError: three tries in a row met the same event of another request.
    """
    for left in reversed(range(TRIES)):
        try:
            return _record(household, items, dialect, at, sender or Sender())
        except ApplianceLeft:
            if not left:
                raise
        except IntegrityError as exc:
            if not any(name in str(exc) for name in MET) or not left:
                raise
    raise AssertionError("unreachable")


@transaction.atomic(durable=True)
def _record(
    household: Household, items: Sequence[Reading | Rejection], dialect: str, at: datetime, sender: Sender
) -> list[ItemResult]:
    parties.hold_home(household=household)
    vault.check_keys_are_there()
    read = [item if isinstance(item, Rejection) else normalise(item, received_at=at) for item in items]
    refused = [ItemResult(item.index, "rejected", rejection=item) for item in read if isinstance(item, Rejection)]
    normal = flag_physics([item for item in read if isinstance(item, NormalReading)])
    arrivals, surplus = _identified(household, normal, dialect, at, sender)
    appliances.check_may_still_speak(sender=sender, at=at)
    _spend(sender, at)
    fresh, told = _sorted_out(arrivals)
    assurance, heard = str(sender.assurance), [(arrival.speaker.appliance, arrival.reading) for arrival in fresh]
    held = _held(heard, at)
    store_new(household=household, new=_new(fresh, held, assurance, at), assurance=assurance, at=at)
    twin.record(household=household, heard=[(appliance.id, reading) for appliance, reading in heard], at=at)
    perceiving.follow(household=household, heard=heard, held=held, assurance=assurance, at=at)
    return sorted([*refused, *surplus, *told], key=attrgetter("index"))


def _spend(sender: Sender, at: datetime) -> None:
    if sender.key_id is None:
        return
    if sender.message_sha256:
        appliances.spend_message(key_id=sender.key_id, message_sha256=sender.message_sha256, at=at)
    appliances.note_use(key_id=sender.key_id, at=at)


def _identified(
    household: Household, readings: Sequence[NormalReading], dialect: str, at: datetime, sender: Sender
) -> tuple[list[Identified], list[ItemResult]]:
    """Find or bring in the appliance that each reading came from: the sender itself, or what its hub calls it.

    What came from one new appliance too many for a day is returned beside it, refused by name.
    """
    speakers = _speakers(household, readings, dialect, at, sender)
    known = [reading for reading in readings if reading.source in speakers]
    surplus = [_surplus(reading.index) for reading in readings if reading.source not in speakers]
    events = keyed_names("event", (f"{reading.kind}|{reading.zone}|{reading.event_key}" for reading in known))
    contents = keyed_names("content", (reading.content_digest for reading in known))
    arrivals = [
        Identified(reading, speakers[reading.source], event_hash, content_hash, insight_id)
        for reading, event_hash, content_hash, insight_id in zip(
            known, events, contents, timed_ids(len(known)), strict=True
        )
    ]
    return arrivals, surplus


def _speakers(
    household: Household, readings: Sequence[NormalReading], dialect: str, at: datetime, sender: Sender
) -> dict[str | None, appliances.KnownSpeaker]:
    """Return who speaks, by the source that a reading names; without new ones that are too many for a day."""
    if sender.appliance_id is not None:
        own = appliances.hear_appliance(appliance_id=sender.appliance_id, at=at)
        return {reading.source: own for reading in readings}
    named = {
        reading.source: keyed_name("appliance", f"{household.pk}|{dialect}|{reading.source or ''}")
        for reading in {reading.source: reading for reading in readings}.values()
    }
    types = {named[reading.source]: reading.appliance_type for reading in readings}
    heard = appliances.hear_named(household=household, types=types, at=at)
    return {source: heard[name] for source, name in named.items() if name in heard}


def _surplus(index: int) -> ItemResult:
    return ItemResult(index, "rejected", rejection=Rejection(index=index, code="too_many_new_appliances"))


def _sorted_out(arrivals: Sequence[Identified]) -> tuple[list[Identified], list[ItemResult]]:
    """Tell what is new from what came before, in this request or in an earlier one."""
    known = _known_events(arrivals)
    fresh: list[Identified] = []
    told: list[ItemResult] = []
    for arrival in arrivals:
        key = arrival.speaker.appliance.id, arrival.event_hash
        if key in known:
            told.append(_repeated(arrival, *known[key]))
            continue
        known[key] = (arrival.insight_id, arrival.content_hash)
        fresh.append(arrival)
        told.append(ItemResult(arrival.reading.index, "accepted", insight_id=arrival.insight_id))
    return fresh, told


# Pairs, each looked up by itself: two lists would have the index try every appliance with every event, and a plain join
# reads the whole table where PostgreSQL believes it to be small.
_KNOWN = """
SELECT named.appliance_id::text, named.event_hash, i.id::text, i.content_hash
FROM unnest(%s::uuid[], %s::text[]) AS named(appliance_id, event_hash) CROSS JOIN LATERAL (
    SELECT id, content_hash FROM insights_insight
    WHERE appliance_id = named.appliance_id AND event_hash = named.event_hash LIMIT 1) i"""


def _known_events(arrivals: Sequence[Identified]) -> dict[tuple[UUID, str], tuple[str, str]]:
    """Return what is known already, under the row that each arrival belongs to now."""
    belongs = {(row, event): speaker.appliance.id for _, speaker, event, _, _ in arrivals for row in speaker.told_as}
    if not belongs:
        return {}
    rows, events = map(array_of, zip(*belongs, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [rows, events])
        found = cursor.fetchall()
    return {(belongs[row, event], event): (insight_id, content) for row, event, insight_id, content in found}


def _held(heard: Sequence[perceiving.Heard], at: datetime) -> set[appliances.Stream]:
    """Count what came today, flag what is too much, and return the streams that nobody is asked about for now."""
    came = Counter([(appliance.id, reading.kind) for appliance, reading in heard])
    counts = appliances.count_day(came=came, on=timezone.localdate(at))
    over = {stream for stream, count in counts.items() if count - came[stream] <= daily_cap(stream[1]) < count}
    if over:
        appliances.raise_flags(streams=over, reason=StreamFlag.Reason.TOO_MANY, at=at)
        hold_streams(streams=over)
    return standing_flags(appliance_ids={appliance_id for appliance_id, _ in came}) if came else set()


def _repeated(arrival: Identified, insight_id: str, content_hash: str) -> ItemResult:
    index = arrival.reading.index
    if content_hash != arrival.content_hash:
        return ItemResult(index, "rejected", rejection=Rejection(index=index, code="conflict"))
    return ItemResult(index, "duplicate", insight_id=insight_id)


def _new(fresh: Sequence[Identified], held: Collection[appliances.Stream], assurance: str, at: datetime) -> list[New]:
    """Return what is stored of what is new; held streams wait for a person."""
    return [
        New(
            insight_id,
            speaker.appliance.id,
            reading.kind,
            event_hash,
            content_hash,
            reading.payload(assurance=assurance),
            HELD if held and (speaker.appliance.id, reading.kind) in held else _ask_after(reading, at),
        )
        for reading, speaker, event_hash, content_hash, insight_id in fresh
    ]


def _ask_after(reading: NormalReading, at: datetime) -> datetime:
    return ask_after(reading.kind, ends_at=reading.interval.end if reading.interval else None, at=at)


@transaction.atomic(savepoint=False)
def call_wrong(*, insight: Insight, member: User, at: datetime) -> WrongWord:
    """Write down a member's word that a conclusion is wrong; nobody is asked about it any more.

    The word is kept and counted by rule. It changes no rule and trains nothing.

    Args:
        insight: locked; with its `conclusion`, if a rule of Maru's drew it. A matching that has it in hand is waited
            for, and any other finds it no more.
    """
    conclusion: Conclusion | None = getattr(insight, "conclusion", None)
    word = WrongWord.objects.create(
        insight=insight,
        member=member,
        kind=insight.kind,
        rule=conclusion.rule if conclusion else "",
        version=conclusion.version if conclusion else None,
        at=at,
    )
    take_off_list(insight_ids=[insight.pk])
    return word
