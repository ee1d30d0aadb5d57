"""Home Assistant's statestream over a broker: one attribute a publication, put together again per state.

A state says neither its unit nor its class; those come under topics of their own, after it. What an entity said of
itself is remembered, so that a state is understood although the rest of it comes only with the next delivery.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

#: What an entity says of itself once and for all; what it says of one state is not remembered.
_LASTING = frozenset({"device_class", "unit_of_measurement", "temperature_unit", "friendly_name"})
_ATTRIBUTES = _LASTING | {"last_changed", "last_updated", "last_reset", "current_temperature", "current_humidity"}
_MAX_CHARACTERS = 256
_MAX_ENTITIES = 20_000
#: Of one pairing: beyond that it forgets its own, and not what other homes said.
_MAX_OF_ONE = 1_000


@dataclass
class Turn:
    """One state of one entity, with the publications that tell of it."""

    base: str
    attributes: dict[str, str]
    places: list[int] = field(default_factory=list)

    def body(self) -> bytes:
        """Return it as a broker's messages are forwarded: a list of topics and payloads."""
        messages = [{"topic": f"{self.base}/{name}", "payload": text} for name, text in self.attributes.items()]
        return json.dumps(messages).encode()


class Entities:
    """What entities said of themselves, the ones heard last; names are in memory only.

    Args:
        most: how many are remembered in all; the pairings heard longest ago go first.
        most_of_one: how many of one pairing.
    """

    def __init__(self, *, most: int = _MAX_ENTITIES, most_of_one: int = _MAX_OF_ONE) -> None:
        self._known: OrderedDict[UUID, OrderedDict[str, dict[str, str]]] = OrderedDict()
        self._count, self._most, self._most_of_one = 0, most, most_of_one
        self._lock = Lock()

    def turns(self, pairing_id: UUID, publications: Sequence[tuple[int, str, bytes]]) -> tuple[list[Turn], list[int]]:
        """Put publications together into states, in the order in which the states came.

        Args:
            publications: the place of each publication in its batch, its topic under the dialect, and what it says.

        Returns:
            The states, and the places of what told of no state here: attributes alone, and what is no attribute.
        """
        with self._lock:
            return self._turns(pairing_id, publications)

    def _turns(self, pairing_id: UUID, publications: Sequence[tuple[int, str, bytes]]) -> tuple[list[Turn], list[int]]:
        turns: list[Turn] = []
        current: dict[str, Turn] = {}
        alone: list[int] = []
        for place, topic, payload in publications:
            base, _, name = topic.rpartition("/")
            text = payload[: 2 * _MAX_CHARACTERS].decode("utf-8", "replace")
            if name == "state":
                current[base] = Turn(base, {**self._recalled(pairing_id, base), "state": text})
                turns.append(current[base])
            elif name in _LASTING and len(text) <= _MAX_CHARACTERS:
                self._remember(pairing_id, base, name, text)
            if base not in current:
                alone.append(place)
                continue
            if name in _ATTRIBUTES:
                current[base].attributes[name] = text
            current[base].places.append(place)
        return turns, alone

    def _recalled(self, pairing_id: UUID, base: str) -> dict[str, str]:
        own = self._known.get(pairing_id)
        return dict(own.get(base, {})) if own else {}

    def _remember(self, pairing_id: UUID, base: str, name: str, text: str) -> None:
        if len(base) > _MAX_CHARACTERS:
            return
        own = self._known.setdefault(pairing_id, OrderedDict())
        self._known.move_to_end(pairing_id)
        self._count += base not in own
        own.setdefault(base, {})[name] = text
        own.move_to_end(base)
        if len(own) > self._most_of_one:
            own.popitem(last=False)
            self._count -= 1
        while self._count > self._most and len(self._known) > 1:
            _, gone = self._known.popitem(last=False)
            self._count -= len(gone)


def is_of_an_entity(topic: str, payload: bytes) -> bool:
    """Say whether a publication under Home Assistant's name is one attribute rather than a whole state object."""
    return topic.count("/") >= 2 and not payload.lstrip().startswith((b"{", b"["))
