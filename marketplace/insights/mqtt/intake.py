"""From publications to insights: who may speak under a topic, what is said there, and how it is stored as a request is.

What is signed proves itself, whatever the broker does. What is not is believed as the broker's rules have it: only
who signed in as a pairing publishes under its name. A pairing whose key signs is never believed without a signature.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from consent.parties.models import Household
from marketplace.appliances import operations as appliances
from marketplace.appliances import signatures, topics, wire
from marketplace.appliances.dialects import Reading, Rejection
from marketplace.appliances.errors import KeyEnded, MessageRepeated, SignatureRefused
from marketplace.appliances.models import BrokerLogin, PairedKey
from marketplace.appliances.operations import HOLD, Arriving
from marketplace.appliances.senders import Sender, sender_of
from marketplace.appliances.signatures import Signed
from marketplace.insights import operations, vault
from marketplace.insights.mqtt.entities import Entities, is_of_an_entity
from marketplace.insights.mqtt.frames import read_frame
from marketplace.insights.mqtt.publications import Publication
from marketplace.insights.mqtt.refusals import Refusal, is_of_the_house, nothing_lost, refuse, refusing, set_aside
from marketplace.insights.operations import ItemResult

logger = logging.getLogger(__name__)
#: So often something unforeseen is tried again, alone, before it is set aside.
_TRIES = 3
_PAUSE_SECONDS = 0.2
#: What makes one transaction: more is another one.
_MOST_ITEMS = wire.MAX_ITEMS
#: Before this year a clock was never set.
_FIRST_YEAR = 2001


@dataclass
class _Part:
    """What one publication, or several that tell of one state, brings: its readings, and where its results go."""

    places: list[Publication]
    items: list[Reading | Rejection]


@dataclass(frozen=True)
class _Call:
    """What is stored at once: of one home, in one dialect, brought by one key."""

    household: Household
    dialect: str
    sender: Sender
    parts: list[_Part]


class Intake:
    """What one bridge needs to remember between two deliveries.

    Args:
        client: what the bridge calls itself at the broker; packet numbers are counted by it.
    """

    def __init__(self, *, client: str) -> None:
        self._client = client
        self._entities = Entities()

    def take_in(self, publications: Sequence[Publication], *, at: datetime) -> None:
        """Store what publications bring, or refuse them by name; afterwards each of them is done.

        Those that are done already are passed over, so that this may be called again with the same ones.

        Raises:
            NotNow: the database or a key of the vault is away; what is not done stays so.
        """
        waiting = [one for one in publications if not one.is_done]
        with nothing_lost():
            vault.check_keys_are_there()
            for call in self._calls(waiting, at):
                _record(call, at)
            _note([one for one in waiting if one.is_done], at)

    def _calls(self, publications: Sequence[Publication], at: datetime) -> list[_Call]:
        """Return what is to be stored, signed batches one by one, the rest by home, dialect and key."""
        keys = _keys_of({one.pairing_id for one in publications}, at)
        signed: list[_Call] = []
        plain: dict[tuple[UUID, str], list[Publication]] = {}
        for one in publications:
            with refusing(one):
                topic, frame = topics.read_topic(one.topic), read_frame(one.payload)
                own = keys.get(topic.pairing_id, [])
                if frame.signed is None:
                    _carried(own)
                    plain.setdefault((topic.pairing_id, topic.dialect.name), []).append(one)
                    continue
                one.message_id = frame.signed.message_id
                key = _signer(own, frame.key_id, frame.signed, frame.body, at)
                items = topic.dialect(frame.unpacked(), _headers(topic.rest), received_at=at)
                sender = sender_of(key, message_sha256=frame.signed.message_sha256)
                signed.append(_Call(key.pairing.household, topic.dialect.name, sender, [_Part([one], items)]))
        return signed + self._plain_calls(plain, keys, at)

    def _plain_calls(
        self, plain: dict[tuple[UUID, str], list[Publication]], keys: dict[UUID, list[PairedKey]], at: datetime
    ) -> list[_Call]:
        found: list[tuple[PairedKey, str, list[_Part]]] = []
        for (pairing_id, dialect), several in plain.items():
            found.append((_carried(keys[pairing_id]), dialect, self._parts(pairing_id, several, at)))
        self._name([part for _, _, parts in found for part in parts], at)
        return [
            _Call(key.pairing.household, dialect, sender_of(key), some)
            for key, dialect, parts in found
            for some in _in_transactions(parts)
        ]

    def _parts(self, pairing_id: UUID, publications: Sequence[Publication], at: datetime) -> list[_Part]:
        """Read what carries no signature, publication by publication; attributes of one state together."""
        parts: list[_Part] = []
        of_entities: list[tuple[int, str, bytes]] = []
        for place, one in enumerate(publications):
            topic = topics.read_topic(one.topic)
            if topic.dialect.name == "homeassistant" and is_of_an_entity(topic.rest, one.payload):
                of_entities.append((place, topic.rest, one.payload))
                continue
            with refusing(one):
                body = read_frame(one.payload).unpacked()
                parts.append(_Part([one], topic.dialect(body, _headers(topic.rest), received_at=at)))
        if of_entities:
            dialect = topics.read_topic(publications[of_entities[0][0]].topic).dialect
            turns, alone = self._entities.turns(pairing_id, of_entities)
            for turn in turns:
                places = [publications[place] for place in turn.places]
                with refusing(*places):
                    parts.append(_Part(places, dialect(turn.body(), {}, received_at=at)))
            for place in alone:
                publications[place].take([])
        return parts

    def _name(self, parts: Sequence[_Part], at: datetime) -> None:
        """Give what says neither its id nor its time an id, the same one if the broker delivers it again."""
        nameless = [part for part in parts if any(_is_nameless(item) for item in part.items)]
        counted = [part for part in nameless if part.places[0].packet]
        arriving = [Arriving(one.packet, one.digest(), one.again) for one in (part.places[0] for part in counted)]
        tokens = appliances.name_arrivals(client=self._client, arriving=arriving, at=at) if arriving else []
        named = {id(part): token for part, token in zip(counted, tokens, strict=True)}
        for part in nameless:
            token = named.get(id(part)) or uuid4()
            part.items = [
                replace(item, event_id=f"{token}|{place}") if isinstance(item, Reading) and _is_nameless(item) else item
                for place, item in enumerate(part.items)
            ]


# --- who speaks --------------------------------------------------------------------------------------------------


def _keys_of(pairing_ids: Iterable[UUID | None], at: datetime) -> dict[UUID, list[PairedKey]]:
    """Return the open keys of pairings that may sign in at the broker, the newest first, in one statement."""
    found: dict[UUID, list[PairedKey]] = {}
    logins = BrokerLogin.objects.standing().filter(pairing__in=[one for one in pairing_ids if one])
    rows = PairedKey.objects.open(at).filter(pairing__broker_login__in=logins)
    for key in rows.select_related("pairing__household", "pairing__broker_login").order_by("-made_at", "pk"):
        found.setdefault(key.pairing_id, []).append(key)
    return found


def _carried(keys: Sequence[PairedKey]) -> PairedKey:
    """Return the key that stands for what a pairing says without a signature.

    Raises:
        KeyEnded: it has none any more, or never had.
        SignatureRefused: it signs, and what it does not sign is not believed.
    """
    if not keys:
        raise KeyEnded
    if any(key.signs for key in keys):
        raise SignatureRefused
    return keys[0]


def _signer(keys: Sequence[PairedKey], key_id: UUID | None, signed: Signed, body: bytes, at: datetime) -> PairedKey:
    """Return the key that signed a body, if it is one of the topic's own pairing.

    Raises:
        SignatureRefused: it is another's, has ended, or did not sign this.
        ClockTooFarOff: it was signed before the pairing came to the broker, or longer ago than a broker may hold it.
    """
    key = next((key for key in keys if key.signs and key.pk == key_id), None)
    if key is None:
        raise SignatureRefused
    signatures.check_signature(signed, body, public_key=bytes(key.public_key or b""))
    signatures.check_clock(signed, at=at, held=HOLD)
    signatures.check_not_before(signed, made_at=max(key.made_at, key.pairing.broker_login.made_at))
    return key


def _headers(rest: str) -> dict[str, str]:
    return {"x-mqtt-topic": rest} if rest else {}


def _is_nameless(item: Reading | Rejection) -> bool:
    if isinstance(item, Rejection) or item.event_id is not None or item.interval is not None:
        return False
    return item.observed_at is None or item.observed_at.year < _FIRST_YEAR


# --- what is stored ----------------------------------------------------------------------------------------------


def _in_transactions(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Divide what one key brings in one dialect, so that no transaction is larger than that of a request."""
    found: list[list[_Part]] = []
    room = 0
    for part in parts:
        if len(part.items) > room:
            found.append([])
            room = max(_MOST_ITEMS, len(part.items))
        found[-1].append(part)
        room -= len(part.items)
    return found


def _record(call: _Call, at: datetime) -> None:
    """Store one call. What nobody foresaw is looked for part by part, and set aside."""
    try:
        _store_or_refuse(call, at)
    except Exception as exc:
        if is_of_the_house(exc):
            raise
        for part in call.parts:
            _record_alone(replace(call, parts=[part]), at)


def _record_alone(call: _Call, at: datetime) -> None:
    for left in reversed(range(_TRIES)):
        try:
            _store_or_refuse(call, at)
            return
        except Exception as exc:
            if is_of_the_house(exc):
                raise
            if left:
                time.sleep(_PAUSE_SECONDS)
            else:
                set_aside(call.parts[0].places, exc)


def _store_or_refuse(call: _Call, at: datetime) -> None:
    try:
        _store(call, at)
    except MessageRepeated:
        call.parts[0].places[0].repeat()
    except Refusal as refusal:
        # A refusal is about the home or the key, and holds for every part.
        for part in call.parts:
            refuse(part.places, refusal.code)


def _store(call: _Call, at: datetime) -> None:
    if len(call.parts) == 1:
        # A batch of its own has its numbers already; to number hundreds of readings anew takes a while.
        (part,) = call.parts
        _take(part, _recorded(call, part.items, at))
        return
    places = [(part, item) for part in call.parts for item in part.items]
    results = _recorded(call, [replace(item, index=place) for place, (_, item) in enumerate(places)], at)
    by_part: dict[int, list[ItemResult]] = {}
    for result in results:
        part, item = places[result.index]
        by_part.setdefault(id(part), []).append(replace(result, index=item.index))
    for part in call.parts:
        _take(part, by_part.get(id(part), []))


def _recorded(call: _Call, items: Sequence[Reading | Rejection], at: datetime) -> list[ItemResult]:
    return operations.record_insights(
        household=call.household, items=items, dialect=call.dialect, at=at, sender=call.sender
    )


def _take(part: _Part, results: list[ItemResult]) -> None:
    for one in part.places:
        one.take(results)


def _note(publications: Sequence[Publication], at: datetime) -> None:
    """Count what was refused, whole publications and single items; say the whole ones, once per pairing and code."""
    known = _keys_of({one.pairing_id for one in publications if one.code}, at)
    whole = Counter((one.pairing_id, one.code) for one in publications if one.code)
    for (pairing_id, code), times in whole.items():
        logger.warning("publications refused: %s, pairing %s, %s times", code, pairing_id or "unreadable", times)
    # By identity: the publications that tell of one state share its results.
    items = {
        id(result): (one.pairing_id, result.rejection.code)
        for one in publications
        for result in one.results
        if result.rejection
    }
    counts: Counter[tuple[UUID | None, str]] = Counter(items.values())
    for (pairing_id, code), times in whole.items():
        counts[pairing_id if pairing_id in known else None, code] += times
    appliances.note_turned_away(counts=counts, at=at)
