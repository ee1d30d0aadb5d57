"""Home Assistant's `mqtt_statestream`: every attribute under a topic of its own, put together again per entity.

Source: home-assistant.io, mqtt_statestream: `base/domain/object/attribute`, the payload quoted as JSON; and
mqtt_eventstream: whole events under one topic.
"""

from collections.abc import Sequence
from typing import Any

from marketplace.appliances.dialects.messages import decoded

_OF_THE_STATE = frozenset({"state", "last_changed", "last_updated"})
#: The attributes of a state that are read at all.
ATTRIBUTES = frozenset(
    {"device_class", "unit_of_measurement", "last_reset", "current_temperature", "current_humidity"}
    | {"temperature_unit", "friendly_name"}
)


def is_statestream(items: Sequence[Any]) -> bool:
    """Say whether items are messages of a broker rather than state objects."""
    return bool(items) and all(isinstance(item, dict) and {"topic", "payload"} <= item.keys() for item in items)


def assembled(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the topics of one batch together into state objects, in the order in which their entities first spoke.

    What is not one of the topics read here, or no topic at all, becomes an object that the reader refuses.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        levels, value = item["topic"].split("/") if isinstance(item["topic"], str) else [], decoded(item["payload"])
        if isinstance(value, dict) and "event_type" in value:
            # `mqtt_eventstream` publishes whole events.
            found[f"event {len(found)}"] = value
            continue
        if len(levels) < 3:
            found.setdefault("", {})
            continue
        domain, name, attribute = levels[-3:]
        state = found.setdefault(f"{domain}.{name}", {"entity_id": f"{domain}.{name}", "attributes": {}})
        if attribute in _OF_THE_STATE:
            state[attribute] = str(value) if isinstance(value, int | float) else value
        elif attribute in ATTRIBUTES:
            state["attributes"][attribute] = value
    return list(found.values())
