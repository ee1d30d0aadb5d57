"""Home Assistant's histories and compressed states, put back into the state objects they were made of.

Source: developers.home-assistant.io, REST `/api/history/period`, WebSocket `history/history_during_period` and
`subscribe_entities`: rows whose later states leave out what did not change, and short keys with seconds since 1970.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.scalars import read_epoch
from marketplace.appliances.dialects.speaker import mapping, sequence
from marketplace.appliances.dialects.statestream import ATTRIBUTES

# In small letters since 2016; old ones, and the documentation, have others.
ENTITY = re.compile(r"[A-Za-z0-9_]{1,64}\.[A-Za-z0-9_]{1,255}")
#: What each entity said last, for as long as one batch is read.
Told = dict[str, dict[str, Any]]


def spread(document: Any, told: Told) -> list[Any]:
    """Return the state objects of what an envelope held; what is no history stays the one thing it is."""
    if isinstance(document, list):
        return [state for part in document for state in (filled_in(part) if isinstance(part, list) else [part])]
    if isinstance(document, dict) and "entity_id" not in document:
        found = list(_subscribed(document, told) if document.keys() <= {"a", "c", "r"} else _histories(document))
        return found or [document]
    return [document]


def _histories(by_entity: Mapping[str, Any]) -> Iterator[Any]:
    for entity, states in _entities(by_entity):
        yield from filled_in(_expanded(entity, states))


def _subscribed(document: Mapping[str, Any], told: Told) -> Iterator[Any]:
    """Follow `subscribe_entities`: what was added, what changed of it since, and what is gone."""
    for entity, short in _entities(document.get("a")):
        told[entity] = mapping(short)
        yield from _expanded(entity, short)
    for entity, change in _entities(document.get("c")):
        told[entity] = _changed(told.get(entity, {}), mapping(change))
        yield from _expanded(entity, told[entity])
    yield from ({"new_state": None} for _gone in sequence(document.get("r")))


def _changed(short: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a compressed state after a change that names what is new, and the attributes that went."""
    new, gone = mapping(change.get("+")), sequence(mapping(change.get("-")).get("a"))
    state: dict[str, Any] = {"s": None}
    attributes: dict[str, Any] = {}
    for part in (short, new):
        if "lc" in part:
            state.pop("lu", None)
        state |= {name: part[name] for name in ("s", "lc", "lu") if name in part}
        said = mapping(part.get("a"))
        # No more than is read: a long one would be copied with every change.
        attributes |= {name: said[name] for name in ATTRIBUTES if name in said}
    return {**state, "a": {name: value for name, value in attributes.items() if name not in gone}}


def _entities(found: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(found, dict) or not all(ENTITY.fullmatch(name) for name in found):
        return ()
    wire.check_item_count(found)
    return found.items()


def filled_in(states: Iterable[Any]) -> list[Any]:
    """Give every state of one entity what the one before it had said."""
    kept: dict[str, Any] = {}
    whole = []
    for state in states:
        if isinstance(state, dict):
            kept |= {name: state[name] for name in ("entity_id", "attributes") if name in state}
            state = {**state, **kept}
        whole.append(state)
    return whole


def _expanded(entity: str, states: Any) -> Iterable[Any]:
    for short in states if isinstance(states, list) else [states]:
        if not isinstance(short, dict) or "s" not in short:
            # Before 2022 a history came by entity too, in full names.
            yield {"entity_id": entity, **short} if isinstance(short, dict) else short
            continue
        changed, updated = short.get("lc", short.get("lu")), short.get("lu", short.get("lc"))
        state = {"entity_id": entity, "state": short["s"], "last_changed": _moment(changed)}
        yield {**state, "last_updated": _moment(updated), **_attributes(short)}


def _attributes(short: Mapping[str, Any]) -> dict[str, Any]:
    return {"attributes": short["a"]} if "a" in short else {}


def _moment(stamp: Any) -> Any:
    with suppress(ValueError):
        moment = read_epoch(stamp)
        return moment.isoformat() if moment else None
    return stamp
