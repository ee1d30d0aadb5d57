"""The forms in which SmartThings' events and statuses come, brought to those of a subscription and of one device.

Source: developer.smartthings.com: SmartApp calls, device history and activities, drivers of a hub, `st-schema`.
"""

from collections.abc import Mapping
from typing import Any

from marketplace.appliances.dialects.speaker import mapping, sequence

# Where a page and a report keep what they list.
_LISTS = ("items", "deviceEvents")
# How activities, a hub's drivers and a client in Python spell the words of an event.
_SPELLINGS = {
    "attributeName": "attribute",
    "attribute_id": "attribute",
    "attributeValue": "value",
    "capability_id": "capability",
    "component": "componentId",
    "component_id": "componentId",
    "device_id": "deviceId",
    "device_uuid": "deviceId",
}
# What stands before the name of a capability where a cloud tells of its devices.
_SCHEMA = "st."


def items_of(document: object) -> list[Any]:
    """Return what a call, a page or a report lists; else the document itself."""
    found = mapping(document)
    status = mapping(found.get("data")).get("status")
    if isinstance(status, dict):
        # As diagnostics have it.
        return [{"components": status}]
    if isinstance(found.get("main"), dict):
        # As a client keeps it: the components by themselves.
        return [{"components": found}]
    if isinstance(found.get("deviceState"), list):
        return [state for device in map(mapping, found["deviceState"]) for state in _states(device)]
    if isinstance(found.get("eventData"), dict):
        return sequence(found["eventData"].get("events"))
    return next((found[name] for name in _LISTS if isinstance(found.get(name), list)), [document])


def _states(device: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**mapping(state), "deviceId": device.get("externalDeviceId")} for state in sequence(device.get("states"))]


def event_of(item: object) -> dict[str, Any]:
    """Return what an event says, in the words of a subscription."""
    found = mapping(item)
    event = mapping(found.get("deviceEvent")) or mapping(found.get("device_event")) or found
    said = {_SPELLINGS.get(name, name): value for name, value in {**event, **mapping(event.get("state"))}.items()}
    if isinstance(said.get("capability"), str):
        said["capability"] = said["capability"].removeprefix(_SCHEMA)
    return said


def components_of(found: Any) -> dict[str, dict[str, Any]]:
    """Return the capabilities of each component, which a list of devices names one by one."""
    if isinstance(found, dict):
        return {name: mapping(capabilities) for name, capabilities in found.items()}
    return {
        component["id"]: {
            capability["id"]: mapping(capability.get("status"))
            for capability in map(mapping, sequence(component.get("capabilities")))
            if isinstance(capability.get("id"), str)
        }
        for component in map(mapping, found)
        if isinstance(component.get("id"), str)
    }
