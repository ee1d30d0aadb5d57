"""Every write of perception: rules look at what just came in, and what they conclude becomes an insight like any other.

The rules themselves are in `perception` and are pure; what they remember is in `memories`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from consent.parties.canonical import canonical_bytes, sha256_hex, utc_text
from consent.parties.models import Household
from consent.parties.secrets import keyed_name
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.appliances.queries import standing_flags
from marketplace.insights import memories
from marketplace.insights.copying import copy_in
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Conclusion, Evidence, Insight
from marketplace.insights.normalise import NormalReading
from marketplace.insights.perception.core import perceive
from marketplace.insights.perception.doubts import DETECTORS, Doubt, doubt
from marketplace.insights.perception.rules import RULES
from marketplace.insights.perception.seen import Event, Seen
from marketplace.insights.storing import New, store_new
from marketplace.insights.waiting import HELD, ask_after, hold_streams

#: One reading, and the appliance it is about.
Heard = tuple[Appliance, NormalReading]
#: A conclusion on its way into the vault: its insight's id, its event's hash, and what was concluded.
_Fresh = tuple[UUID, str, Event]
_READ = {kind for rule in RULES.values() for kind in rule.reads}
_LISTENED_TO = _READ.union(*(detector.kinds for detector in DETECTORS))


@transaction.atomic(savepoint=False)
def follow(
    *, household: Household, heard: Sequence[Heard], held: Collection[appliances.Stream], assurance: str, at: datetime
) -> None:
    """Show the rules what is new, keep what they conclude, and hold back the streams that they doubt.

    A fixed number of statements: two for readings alone, and as many again for whatever is concluded, doubted, or
    heard for the first time. What a home shares with nobody, and what is held already, the rules never see.

    Args:
        heard: what is new of one request; nothing that came before.
        held: the streams that are held already.
        assurance: how sure it is who said it; a conclusion takes that of the request that completed it.
    """
    seen = _in_order(heard, held)
    if not seen:
        return
    boxes = memories.open_boxes(household=household, subjects=_subjects(seen))
    known = {(subject, key): memory for subject, box in boxes.items() for key, memory in box.said.items()}
    after, events = perceive(known, seen)
    after, doubts = doubt(after, seen)
    memories.remember(household=household, boxes=boxes, known=known, after=after, on=timezone.localdate(at))
    _hold_doubted(doubts, at)
    _keep(household, events, assurance, at)


def _in_order(heard: Sequence[Heard], held: Collection[appliances.Stream]) -> list[Seen]:
    """Return what rules may see by the order of its times: some hubs tell the newest first."""
    streams: dict[appliances.Stream, tuple[Appliance, list[NormalReading]]] = {}
    for appliance, reading in heard:
        if reading.kind in _LISTENED_TO:
            streams.setdefault((appliance.id, reading.kind), (appliance, []))[1].append(reading)
    seen: list[Seen] = []
    for stream, (appliance, readings) in streams.items():
        if stream not in held and appliance.may_be_asked(stream[1]):
            seen += _seen(appliance, readings)
    return sorted(seen, key=lambda one: (one.at, one.kind == "presence.absence", one.appliance, one.kind, one.zone))


def _seen(appliance: Appliance, readings: Sequence[NormalReading]) -> list[Seen]:
    name, type, owner = str(appliance.id), appliance.type, str(appliance.private_to_id or "")
    return [
        Seen(
            appliance=name,
            type=type,
            owner=owner,
            kind=reading.kind,
            zone=reading.zone or "",
            value=reading.value,
            at=reading.observed_at,
            interval=(reading.interval.start, reading.interval.end) if reading.interval else None,
            window_s=reading.window_s,
            confidence=reading.confidence,
            is_timed=reading.time_quality == "source",
            flags=reading.flags,
        )
        for reading in readings
    ]


def _subjects(seen: Sequence[Seen]) -> set[str]:
    """Return whose memories are needed: of those who spoke, and of the home where a rule of homes listens."""
    subjects = {one.appliance for one in seen}
    wanted = any(rule.wants(one) for rule in RULES.values() if rule.scope == "home" for one in seen)
    return subjects | {""} if wanted else subjects


def _hold_doubted(doubts: Sequence[Doubt], at: datetime) -> None:
    """Hold doubted streams back, each for the first reason that was found, until a person has looked."""
    found: dict[appliances.Stream, Doubt] = {}
    for one in doubts:
        found.setdefault((UUID(one.stream[0]), one.stream[1]), one)
    for reason in sorted({one.reason for one in found.values()}):
        facts = {stream: one.facts for stream, one in found.items() if one.reason == reason}
        appliances.raise_flags(streams=facts.keys(), reason=reason, at=at, facts=facts)
    hold_streams(streams=found.keys())


def _keep(household: Household, events: Sequence[Event], assurance: str, at: datetime) -> None:
    """Seal what was concluded and write down that it was, what it was drawn from, and by which rule."""
    fresh = _fresh(events)
    if not fresh:
        return
    # Looked up here: some of it may be drawn from appliances that said nothing in this request.
    held = standing_flags(appliance_ids={appliance_id for _, _, event in fresh for appliance_id, _ in _streams(event)})
    new = [_new(*one, held, assurance, at) for one in fresh]
    store_new(household=household, new=new, assurance=assurance, at=at)
    _write_grounds(fresh, at)


def _new(pk: UUID, name: str, event: Event, held: set[appliances.Stream], assurance: str, at: datetime) -> New:
    payload = _payload(event, assurance)
    content = keyed_name("content", sha256_hex(payload))
    after = ask_after(event.kind, ends_at=_end(event), at=at) if held.isdisjoint(_streams(event)) else HELD
    return New(pk, UUID(event.appliance), event.kind, name, content, payload, after)


def _fresh(events: Sequence[Event]) -> list[_Fresh]:
    """Return what was not concluded before."""
    hashed = {_hash(event): event for event in events}
    if not hashed:
        return []
    stored = Insight.objects.filter(appliance__in={event.appliance for event in events}, event_hash__in=hashed)
    known = set(stored.values_list("event_hash", flat=True))
    return [(uuid4(), name, event) for name, event in hashed.items() if name not in known]


def _write_grounds(fresh: Sequence[_Fresh], at: datetime) -> None:
    """Write down by which rule each was concluded, and from which streams."""
    copy_in(
        Conclusion,
        ("insight_id", "rule", "version", "at"),
        ((pk, event.rule, event.version, at) for pk, _, event in fresh),
    )
    copy_in(
        Evidence,
        ("conclusion_id", "appliance_id", "kind"),
        ((pk, UUID(by), kind) for pk, _, event in fresh for by, kind in sorted(set(event.streams))),
    )


def _hash(event: Event) -> str:
    return keyed_name("event", f"perceived|{event.key}|{event.appliance}")


def _streams(event: Event) -> set[appliances.Stream]:
    """Return the streams that a conclusion was drawn from, and its own."""
    return {(UUID(appliance_id), kind) for appliance_id, kind in ((event.appliance, event.kind), *event.streams)}


def _end(event: Event) -> datetime | None:
    return event.interval[1] if event.interval else None


def _payload(event: Event, assurance: str) -> bytes:
    """Return what is sealed of a conclusion. Its explanation stays at home: `precision` lets only the value out."""
    content: dict[str, Any] = {
        "kind": event.kind,
        "value": event.value,
        "unit": KINDS[event.kind].unit,
        "observed_at": _text(event.at),
        "time_quality": "source",
        "confidence": event.confidence,
        "method": {"type": "rule", "name": event.rule, "version": str(event.version)},
        "flags": [],
        "assurance": assurance,
        "explained": {"ko": event.explained.ko, "en": event.explained.en},
    }
    if event.zone:
        content["zone"] = event.zone
    if event.interval:
        content["interval"] = {"start": _text(event.interval[0]), "end": _text(event.interval[1])}
    return canonical_bytes(content)


def _text(moment: datetime) -> str:
    return utc_text(moment, to="milliseconds")
