"""Home Assistant's histories and compressed states, put back into the state objects they were made of.

Source: developers.home-assistant.io, REST `/api/history/period`, WebSocket `history/history_during_period` and
`subscribe_entities`: rows whose later states leave out what did not change, and short keys with seconds since 1970.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from marketplace.appliances.dialects.scalars import read_epoch

# In small letters since 2016; old ones, and the documentation, have others.
ENTITY = re.compile(r"[A-Za-z0-9_]{1,64}\.[A-Za-z0-9_]{1,255}")


def spread(document: Any) -> list[Any]:
    """Return the state objects of what an envelope held; what is no history stays the one thing it is."""
    if isinstance(document, list):
        return [state for part in document for state in (filled_in(part) if isinstance(part, list) else [part])]
    if isinstance(document, dict):
        by_entity = document["a"] if isinstance(document.get("a"), dict) else document
        if by_entity and all(ENTITY.fullmatch(name) for name in by_entity):
            return [state for entity, states in by_entity.items() for state in filled_in(_expanded(entity, states))]
    return [document]


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
            yield short
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
