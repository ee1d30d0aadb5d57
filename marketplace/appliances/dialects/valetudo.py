"""Valetudo: a vacuum's MQTT attributes, its consumables over REST, and the obstacles of its map.

A map with its layers is the floor plan and is refused whole: a hub sends the obstacles alone. Of an obstacle its class
and how sure the robot is are read, never its place or its picture. Source: valetudo.cloud, MQTT and obstacle labels.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances.dialects.messages import ANNOUNCES, CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Method, Parsed, Raw, Reading
from marketplace.appliances.dialects.rejections import Rejection
from marketplace.appliances.dialects.scalars import read_time, read_uuid
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping, sequence

_LABEL = re.compile(r"([A-Za-z][A-Za-z0-9 /-]{0,40}?) ?\((100|[1-9]?[0-9])%\)")
# Every class that Dreame, Roborock and Midea know, under the words that are registered. Rooms are none of them.
_CLASSES = {
    "cable": "cable; wire; electric wire; power strip",
    "shoes": "shoe; shoes",
    "sock": "sock; socks",
    "fabric": "fabric; cloth; clothing; textiles; carpet; carpet segment",
    "pet_waste": "feces; poop; pet waste",
    "stain": "stain; liquid stain; solid stain; solid liquid; mixed solid and liquid stain; grain stain; dust stain; "
    "stubborn stain; stain need filter; particles area",
    "pet": "pet; cat; dog",
    "furniture": "furniture; entrapping furniture; furniture leg; black desk leg; pedestal; chair; bar stool; table; "
    "bedside table; end table; dining table; sofa; bed; cupboard; tv cabinet; tv monitor",
    "threshold": "threshold",
    "other_obstacle": "obstacle; unknown; unknown obstacle; ambiguous other; scale; bathroom scale; weighing scale; "
    "toy; trash can; dustpan; bottle; pet bowl; pet house; pet supplies; mirror; floor mirror; flower pot; door stop; "
    "remote control; yoga mat; wheel; roller; cleaner; sweeper; robot cleaner; cleaning robot; charging base; dock; "
    "dock entrance; fall hazard; stuck hazard / base",
}
_OBSTACLES = {label: word for word, labels in _CLASSES.items() for label in labels.split("; ")}
_PEOPLE = frozenset({"human", "person", "people", "child", "baby", "face", "hand", "foot", "body"})
_SUBSYSTEMS = frozenset({"core", "power", "sensors", "motors", "navigation", "attachments", "dock", "unknown"})
_EVENTS = {
    "ErrorStateValetudoEvent": "error",
    "DustBinFullValetudoEvent": "dust_bin_full",
    "ConsumableDepletedValetudoEvent": "consumable_depleted",
}
_DOCK_COMPONENT = "DockComponentStateAttribute"
# What a robot and its dock say of themselves: (class, type, value).
_ATTRIBUTES: dict[tuple[Any, ...], str] = {
    ("StatusStateAttribute", None, "error"): "error",
    ("DockStatusStateAttribute", None, "error"): "dock_error",
    (_DOCK_COMPONENT, "dustbag", "full"): "dustbag_full",
    (_DOCK_COMPONENT, "dustbag", "missing"): "dustbag_missing",
    (_DOCK_COMPONENT, "detergent", "empty"): "detergent_empty",
    (_DOCK_COMPONENT, "detergent", "missing"): "detergent_missing",
    (_DOCK_COMPONENT, "water_tank_clean", "empty"): "water_tank_clean_empty",
    (_DOCK_COMPONENT, "water_tank_clean", "missing"): "water_tank_clean_missing",
    (_DOCK_COMPONENT, "water_tank_dirty", "full"): "water_tank_dirty_full",
    (_DOCK_COMPONENT, "water_tank_dirty", "missing"): "water_tank_dirty_missing",
}
_HOMIE_UNIT = "/$unit"
_MEDIA_LEVELS = frozenset({"MapData", "map-data", "map-data-hass", "segments"})
KINDS = frozenset({"vacuum.obstacle", "filter.remaining", "device.fault"})


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read messages, a list of consumables, or a map that holds obstacles only.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    messages = read_messages(body, headers)
    return answers(messages, partial(_read, headers, _stated_units(messages)))


def _stated_units(messages: list[Message]) -> dict[str, object]:
    """Collect the units of topics that Homie, or the discovery of Home Assistant, says in the same batch."""
    units: dict[str, object] = {}
    for message in messages:
        found = mapping(message.payload)
        announced = next((found[name] for name in ANNOUNCES if isinstance(found.get(name), str)), None)
        if announced is not None:
            units[announced] = found.get("unit_of_measurement", found.get("unit_of_meas"))
        elif message.topic.endswith(_HOMIE_UNIT):
            units[message.topic.removesuffix(_HOMIE_UNIT)] = message.payload
    return units


def _read(headers: Mapping[str, str], units: Mapping[str, object], _index: int, message: Message) -> Iterator[Result]:
    levels, payload = message.levels, message.payload
    speaker = Speaker(
        dialect="valetudo",
        index=message.index,
        source="/".join(levels[:2]) or device_of(headers),
        appliance_type="robot_vacuum",
    )
    found = mapping(payload)
    if found.get("__class") == "ValetudoMap" or isinstance(found.get("entities"), list):
        yield from _map(speaker, found)
    elif mapping(found.get("map")).get("layers"):
        yield speaker.refused("raw_media", "map.layers")
    elif isinstance(found.get("attributes"), list):
        for attribute in found["attributes"]:
            yield from _attribute(speaker, mapping(attribute))
    elif _class(found) in _EVENTS:
        yield from _events(speaker, {"": found})
    elif levels[-1:] == ("status",) and isinstance(payload, str):
        yield from _attribute(speaker, {"__class": "".join(levels[-2:-1]), "value": payload})
    elif levels[-2:-1] == (_DOCK_COMPONENT,):
        yield from _attribute(speaker, {"__class": _DOCK_COMPONENT, "type": levels[-1], "value": payload})
    elif _MEDIA_LEVELS & set(levels):
        yield speaker.refused("raw_media")
    elif levels[-1:] == ("error",) and "severity" in found:
        yield from _error(speaker, found)
    elif levels[-1:] == ("valetudo_events",):
        yield from _events(speaker, found)
    elif levels[-1:] == ("state",) and found.get("state") == "error":
        # Before 2021.04 this was all that was told.
        yield speaker.fault("state", "error")
    elif _is_of_a_filter(levels):
        # Percent, or minutes; the message itself says nowhere which.
        yield speaker.measured("consumable.filter", payload, "filter.remaining", units.get(message.topic))
    elif _class(found) or "remaining" in found:
        yield from _attribute(speaker, found)
    elif not levels and not found:
        yield speaker.refused("wrong_shape")


def _class(found: Mapping[str, Any]) -> str:
    name = found.get("__class")
    return name if isinstance(name, str) else ""


def _is_of_a_filter(levels: tuple[str, ...]) -> bool:
    return any(level.startswith("ConsumableStateAttribute_filter") for level in levels) or (
        "ConsumableMonitoringCapability" in levels and levels[-1].startswith("filter")
    )


def _attribute(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    if found.get("type") == "filter" and "remaining" in found:
        yield _consumable(speaker, mapping(found["remaining"]))
        return
    said = tuple(found.get(name) for name in ("__class", "type", "value"))
    code = _ATTRIBUTES.get(said) if all(part is None or isinstance(part, str) for part in said) else None
    if code is not None:
        yield speaker.fault("attribute", code)


def _map(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    if found.get("layers"):
        yield speaker.refused("raw_media", "layers")
        return
    for entity in sequence(found.get("entities")):
        if mapping(entity).get("type") == "obstacle":
            yield _obstacle(speaker, mapping(entity.get("metaData")))


def _obstacle(speaker: Speaker, obstacle: Mapping[str, Any]) -> Reading | Rejection:
    label = obstacle.get("label")
    parts = _LABEL.fullmatch(label) if isinstance(label, str) else None
    if parts is None:
        return speaker.refused("wrong_value", "label")
    word = parts[1].strip().lower()
    if set(word.split()) & _PEOPLE:
        return speaker.refused("person_refused", "label")
    if word not in _OBSTACLES:
        return speaker.refused("unknown_word", "label")
    return Reading(
        index=speaker.index,
        source=speaker.source,
        appliance_type=speaker.appliance_type,
        # A map is sent again and again; the obstacle keeps its id.
        event_id=read_uuid(obstacle.get("id")),
        kind="vacuum.obstacle",
        value=_OBSTACLES[word],
        unit="",
        confidence=Decimal(parts[2]) / 100,
        method=Method(type="sensor", name="valetudo.obstacle", version="valetudo@1"),
        raw=Raw(_OBSTACLES[word], ""),
    )


def _error(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    subsystem = found.get("subsystem")
    if mapping(found["severity"]).get("level", "none") == "none" or subsystem == "none":
        return
    if isinstance(subsystem, str) and subsystem in _SUBSYSTEMS:
        yield speaker.fault("error.subsystem", subsystem)
    else:
        yield speaker.refused("unknown_word", "subsystem")


def _events(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    for event in map(mapping, found.values()):
        name = event.get("__class")
        if not isinstance(name, str) or name not in _EVENTS or event.get("processed") is not False:
            continue
        try:
            timed = replace(speaker, observed_at=read_time(event.get("timestamp")))
        except ValueError:
            yield speaker.refused("wrong_time", "timestamp")
            continue
        yield replace(timed, event_id=read_uuid(event.get("id"))).fault("event", _EVENTS[name])


def _consumable(speaker: Speaker, remaining: Mapping[str, Any]) -> Result:
    if remaining.get("unit") != "percent":
        # Minutes left of a lifetime that is not told.
        return speaker.refused("unknown_unit", "remaining.unit")
    return speaker.measured("consumable.filter", remaining.get("value"), "filter.remaining", "%")


DIALECT = Dialect(name="valetudo", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
