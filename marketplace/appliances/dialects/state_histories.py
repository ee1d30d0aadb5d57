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
        return [state for part in document for state in (row(part) if isinstance(part, list) else [part])]
    if isinstance(document, dict):
        told = document["a"] if isinstance(document.get("a"), dict) else document
        if told and all(ENTITY.fullmatch(name) for name in told):
            return [state for entity, found in told.items() for state in row(_compressed(entity, found))]
    return [document]


def row(states: Iterable[Any]) -> list[Any]:
    """Give every state of one entity what the one before it had said."""
    kept: dict[str, Any] = {}
    found = []
    for state in states:
        if isinstance(state, dict):
            kept |= {name: state[name] for name in ("entity_id", "attributes") if name in state}
            state = {**state, **kept}
        found.append(state)
    return found


def _compressed(entity: str, found: Any) -> Iterable[Any]:
    for told in found if isinstance(found, list) else [found]:
        if not isinstance(told, dict) or "s" not in told:
            yield told
            continue
        changed, updated = told.get("lc", told.get("lu")), told.get("lu", told.get("lc"))
        state = {"entity_id": entity, "state": told["s"], "last_changed": _moment(changed)}
        yield {**state, "last_updated": _moment(updated), **_attributes(told)}


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"attributes": told["a"]} if "a" in told else {}


def _moment(stamp: Any) -> Any:
    with suppress(ValueError):
        moment = read_epoch(stamp)
        return moment.isoformat() if moment else None
    return stamp
