"""Zigbee2MQTT: what a sensor published under its topic. The topic is the name a person gave it: of that nothing counts
but the registered words for a fridge, a boiler or a garden, whose air is not a room's.

The format carries no units; those of the converter's documentation hold. For VOC and formaldehyde they differ from
model to model, so neither is read. Source: zigbee2mqtt.io, devices and their exposes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from marketplace.appliances.dialects.entity_words import named
from marketplace.appliances.dialects.messages import ANNOUNCES, CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import is_no_data, read_epoch, read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of

_NUMBERS = {
    "pm1": ("air.pm1", "ug/m3"),
    "pm25": ("air.pm25", "ug/m3"),
    "pm10": ("air.pm10", "ug/m3"),
    "co2": ("air.co2", "[ppm]"),
    "voc_index": ("air.voc_index", "{voc_index}"),
    "temperature": ("climate.temperature", "Cel"),
    "humidity": ("climate.humidity", "%"),
    "power": ("appliance.power", "W"),
}
_DISPUTED = ("voc", "voc_parts", "formaldehyd", "formaldehyde", "hcho", "eco2")
_SCHEMES = ("air_quality", "aqi")
_OF_A_ROOM = frozenset({"temperature", "humidity"})
_OF_AIR = _OF_A_ROOM | (_NUMBERS.keys() - {"power"}) | {*_DISPUTED, *_SCHEMES}
_FAULTS = ("replace_filter",)
# A strip of sockets says of each by itself what it draws.
_SOCKETS = {f"power_l{number}": f"l{number}" for number in range(1, 9)}
_COUNTERS = ("energy", *(f"energy_l{number}" for number in range(1, 9)))
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    "fridge.temperature",
    "fridge.door_openings",
    "device.fault",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read messages, or one bare payload.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many messages.
    """
    return answers(read_messages(body, headers), partial(_read, headers))


def _read(headers: Mapping[str, str], _index: int, message: Message) -> Iterator[Result]:
    found = message.payload
    speaker = Speaker(dialect="zigbee2mqtt", index=message.index)
    levels = message.levels
    if "bridge" in levels or "set" in levels[2:] or "get" in levels[2:]:
        # What the bridge says of itself, and what a person asked of a thing.
        return
    topic, attribute = _split(message.topic)
    if not isinstance(found, dict) and attribute:
        # One attribute alone under a topic of its own, as `output: attribute` has it.
        found = {attribute: found}
    elif not isinstance(found, dict):
        yield speaker.refused("no_data" if _is_a_word_of_absence(found) else "wrong_shape")
        return
    else:
        topic = message.topic
    if found.keys() & set(ANNOUNCES):
        return
    about = named(topic)
    zone = about.fridge_zone
    speaker = Speaker(
        dialect="zigbee2mqtt",
        index=message.index,
        source=topic or device_of(headers),
        appliance_type="refrigerator" if zone else _appliance_type(found),
        observed_at=_last_seen(found.get("last_seen")),
    )
    if zone:
        yield from _fridge(speaker, zone, found)
    if about.is_elsewhere:
        elsewhere = _OF_AIR if about.is_outdoors else _OF_A_ROOM
        found = {name: value for name, value in found.items() if name not in elsewhere}
    if about.is_maker:
        found = {name: value for name, value in found.items() if name != "power" and name not in _SOCKETS}
    yield from _attributes(speaker, found)


def _attributes(speaker: Speaker, found: Mapping[str, object]) -> Iterator[Result]:
    for name, (kind, unit) in _NUMBERS.items():
        if name in found:
            yield speaker.measured(name, found[name], kind, unit)
    for name, socket in _SOCKETS.items():
        if name in found:
            own = replace(speaker, source=f"{speaker.source or ''}/{socket}")
            yield own.measured("power", found[name], "appliance.power", "W")
    for name in _DISPUTED:
        if name in found:
            yield speaker.refused("unit_disputed", name)
    for name in _SCHEMES:
        if name in found:
            yield speaker.refused("unknown_scheme", name)
    # Counters without a beginning say nothing about one event.
    yield from (speaker.refused("missing_interval", "energy") for name in _COUNTERS if name in found)
    for name in _FAULTS:
        if found.get(name) is True:
            yield speaker.fault(name, name)


def _fridge(speaker: Speaker, zone: str, found: Mapping[str, object]) -> Iterator[Result]:
    if "temperature" in found:
        yield speaker.measured("temperature", found["temperature"], "fridge.temperature", "Cel", zone=zone)
    if found.get("contact") is False:
        yield speaker.opened("contact", zone=zone)


def _split(topic: str) -> tuple[str, str]:
    """Return a thing's topic and one attribute of it, if the topic goes down to one; names may hold slashes."""
    thing, _slash, attribute = topic.rpartition("/")
    return (thing, attribute) if thing.count("/") and attribute != "availability" else ("", "")


def _is_a_word_of_absence(payload: object) -> bool:
    return is_no_data(payload) or payload in ("online", "offline")


def _last_seen(stamp: object) -> datetime | None:
    try:
        return read_epoch(stamp) if isinstance(stamp, int | float) else read_time(stamp)
    except ValueError as exc:
        raise ItemRefused("wrong_time", "last_seen") from exc


def _appliance_type(found: Mapping[str, object]) -> str:
    if "filter_age" in found or "replace_filter" in found:
        return "air_purifier"
    return "air_sensor" if found.keys() & (_NUMBERS.keys() - {"power"}) else "other"


DIALECT = Dialect(name="zigbee2mqtt", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
