"""ESPHome: bare scalars under `<node>/sensor/<id>/state`, and the JSON of its web server, whose state holds the unit.

A state topic says no unit. What Home Assistant discovery announced for it in the same batch counts; else the unit of
ESPHome's own components for dust, CO2, humidity and the VOC index. A temperature without a unit is refused.
Source: esphome.io, MQTT client component and web server API.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.entity_words import named
from marketplace.appliances.dialects.homeassistant import SENSOR_KINDS
from marketplace.appliances.dialects.messages import ANNOUNCES, CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import is_no_data, read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of
from marketplace.appliances.dialects.unit_words import fold, voc_kind

# The last words of an object id: (kind, the unit of ESPHome's components, or None where they differ)
_IDS: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(rf"(?:.*_)?(?:{words})(?:_?u?m)?(?:_weight)?(?:_conc(?:entration)?|_level|_value)?"), kind, unit)
    for words, kind, unit in (
        (r"(?:pm|particulate_matter)_?1(?:_0)?", "air.pm1", "ug/m3"),
        (r"(?:pm|particulate_matter)_?2_?5", "air.pm25", "ug/m3"),
        (r"(?:pm|particulate_matter)_?10(?:_0)?", "air.pm10", "ug/m3"),
        (r"co2|carbon_dioxide", "air.co2", "[ppm]"),
        (r"voc_index", "air.voc_index", "{voc_index}"),
        (r"tvoc|voc", "air.tvoc_ratio", None),
        (r"humidity", "climate.humidity", "%"),
        (r"temperature|temp", "climate.temperature", None),
        (r"power", "appliance.power", None),
    )
)
# Discovery speaks of Home Assistant's classes; a counter of energy says nothing about one event.
_CLASSES = {name: kind for name, kind in SENSOR_KINDS.items() if name != "energy"}
# What a board measures of itself, and what it only counts.
_OF_ITSELF = frozenset({"internal", "esp", "esp32", "board", "water", "count"})
# Ids of the newer web server are names, in which the µ of a unit is no letter of the alphabet.
_NO_WORD = re.compile(r"[^a-z0-9]+")
_STATE = re.compile(r"(?s)\s*(\S{1,64})(?:[ \u00a0](.{1,24}?))?\s*")
KINDS = frozenset(_CLASSES.values()) | {"air.voc_index", "fridge.temperature"}

Announced = dict[str, tuple[str | None, object]]


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read state messages, alone or behind their announcements, and states of the web server.

    Raises:
        UnreadableBody: the body is not readable, or holds too many messages.
    """
    messages = read_messages(body, headers)
    return answers(messages, partial(_read, headers, _announced(messages)))


def _announced(messages: Sequence[Message]) -> Announced:
    """Collect what discovery says of a state topic: its device class and its unit."""
    found: Announced = {}
    for message in messages:
        said = message.payload
        topic = _first(said, *ANNOUNCES) if isinstance(said, dict) else None
        if isinstance(topic, str):
            # Where a board's topics begin alike, the beginning is said once.
            topic = topic.replace("~", said["~"], 1) if isinstance(said.get("~"), str) else topic
            named, unit = _first(said, "device_class", "dev_cla"), _first(said, "unit_of_measurement", "unit_of_meas")
            found[topic] = (named if isinstance(named, str) else None, unit)
    return found


def _first(said: Mapping[str, Any], *names: str) -> Any:
    return next((said[name] for name in names if name in said), None)


def _read(headers: Mapping[str, str], announced: Announced, _index: int, message: Message) -> Iterator[Result]:
    payload = message.payload
    if isinstance(payload, dict) and payload.keys() & set(ANNOUNCES):
        return
    if isinstance(payload, dict):
        yield from _web(headers, message.index, payload)
        return
    speaker = Speaker(
        dialect="esphome",
        index=message.index,
        source=_node(message.topic) or device_of(headers),
        appliance_type="air_sensor",
    )
    if isinstance(payload, list):
        yield speaker.refused("wrong_shape")
    elif is_no_data(payload) or payload in ("online", "offline"):
        yield speaker.refused("no_data")
    elif message.topic in announced:
        device_class, unit = announced[message.topic]
        yield from _value(speaker, _names(message), payload, unit, device_class)
    elif len(message.levels) >= 3 and message.levels[-1] == "state" and message.levels[-3] == "sensor":
        yield from _value(speaker, _names(message), payload, None, None)


def _names(message: Message) -> tuple[str, str]:
    """Return what a topic calls the board, and what is measured: a board may be told to publish where it likes."""
    return _node(message.topic), next((level for level in reversed(message.levels) if level != "state"), "")


def _node(topic: str) -> str:
    # One board speaks under many topics; what stands before `sensor` is its name.
    return topic.partition("/sensor/")[0]


def _web(headers: Mapping[str, str], index: int, found: Mapping[str, Any]) -> Iterator[Result]:
    speaker = Speaker(dialect="esphome", index=index, source=device_of(headers), appliance_type="air_sensor")
    name, state = found.get("id", found.get("name_id")), found.get("state")
    if not isinstance(name, str) or not found.keys() & {"state", "value"}:
        yield speaker.refused("wrong_shape")
        return
    domain, _dash, object_id = name.replace("/", "-").partition("-")
    if domain != "sensor":
        return
    if is_no_data(found.get("state", found.get("value"))):
        yield speaker.refused("no_data")
        return
    parts = _STATE.fullmatch(state) if isinstance(state, str) else None
    number, unit = (parts[1], parts[2]) if parts else (state, None)
    value = found.get("value", number)
    yield from _value(speaker, ("", object_id), value, unit or found.get("uom"), None)


def _value(
    speaker: Speaker, names: tuple[str, str], payload: object, unit: object, device_class: str | None
) -> Iterator[Result]:
    object_id = fold(names[1])
    board, about = named(names[0]), named(object_id)
    if about.is_setpoint or about.is_outdoors or board.is_outdoors or about.words & _OF_ITSELF:
        return
    said = _NO_WORD.sub("_", object_id.lower()).strip("_")
    by_id = next(((kind, fixed) for pattern, kind, fixed in _IDS if pattern.fullmatch(said)), None)
    kind = _CLASSES.get(device_class) if device_class else by_id and by_id[0]
    if not kind:
        if read_number(payload) is None:
            yield speaker.refused("no_data" if is_no_data(payload) else "not_an_insight")
        return
    unit = unit or (by_id[1] if by_id and by_id[0] == kind else None)
    if kind == "appliance.power" and (about.is_maker or board.is_maker):
        return
    zone = about.fridge_zone or board.fridge_zone
    if kind == "climate.temperature" and zone:
        fridge = replace(speaker, appliance_type="refrigerator")
        yield fridge.measured(kind, payload, "fridge.temperature", unit, zone=zone)
    elif not (kind.startswith("climate.") and (about.is_no_room or board.is_elsewhere)):
        yield speaker.measured(kind, payload, voc_kind(unit) if kind == "air.tvoc_ratio" else kind, unit)


DIALECT = Dialect(name="esphome", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
