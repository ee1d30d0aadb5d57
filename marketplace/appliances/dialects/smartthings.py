"""Samsung SmartThings: a device's status, and events as subscriptions, SmartApps, hubs and connected clouds tell them.

Every attribute carries its own time, and old ones lie beside fresh ones. `dustLevel` is PM10, `fineDustLevel` PM2.5.
Photos (`viewInside`), `ocf` and `execute` are never read. Where a capability knows one unit only, that one stands in.
Source: developer.smartthings.com, device status, subscription events, capability reference.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.messages import STREAMED, read_lines
from marketplace.appliances.dialects.readings import Dialect, Interval, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import read_clock, read_epoch, read_number, read_time, read_uuid
from marketplace.appliances.dialects.smartthings_envelopes import components_of, event_of, items_of
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping, sequence
from marketplace.appliances.dialects.unit_words import ucum, voc_kind

# (capability, attribute): (kind, the unit its capability fixes, or None where there are several)
_NUMBERS: dict[tuple[str, str], tuple[str, str | None]] = {
    ("dustSensor", "dustLevel"): ("air.pm10", "ug/m3"),
    ("dustSensor", "fineDustLevel"): ("air.pm25", "ug/m3"),
    ("fineDustSensor", "fineDustLevel"): ("air.pm25", "ug/m3"),
    ("veryFineDustSensor", "veryFineDustLevel"): ("air.pm1", "ug/m3"),
    ("carbonDioxideMeasurement", "carbonDioxide"): ("air.co2", "[ppm]"),
    ("tvocMeasurement", "tvocLevel"): ("air.tvoc_ratio", None),
    ("formaldehydeMeasurement", "formaldehydeLevel"): ("air.hcho", None),
    ("temperatureMeasurement", "temperature"): ("climate.temperature", None),
    ("relativeHumidityMeasurement", "humidity"): ("climate.humidity", "%"),
    ("powerMeter", "power"): ("appliance.power", "W"),
    ("energyMeter", "energy"): ("appliance.energy", None),
    ("filterState", "filterLifeRemaining"): ("filter.remaining", "%"),
}
_FILTERS = {
    (f"custom.{name}", f"{name}Usage")
    for name in ("dustFilter", "waterFilter", "deodorFilter", "electricHepaFilter", "hepaFilter", "veryFineDustFilter")
} | {(f"samsungce.{name}", f"{name}Usage") for name in ("hoodFilter", "bladeFilter", "drainFilter")}
_REPORT = ("powerConsumptionReport", "powerConsumption")
_CONTACT = ("contactSensor", "contact")
_AIR_QUALITY = ("airQualitySensor", "airQuality")
_WARMTH = "temperatureMeasurement"
_ZONES = {"cooler": "cooler", "refrigerator": "cooler", "freezer": "freezer"}
# What together only a compartment of a fridge has.
_COMPARTMENT = frozenset({"contactSensor", "thermostatCoolingSetpoint"})
_FRIDGE_COMPONENTS = frozenset({*_ZONES, "cvroom", "onedoor"})
_TYPE_OF_CAPABILITY = {
    "refrigeration": "refrigerator",
    "airConditionerMode": "air_conditioner",
    "robotCleanerMovement": "robot_vacuum",
    "samsungce.robotCleanerOperatingState": "robot_vacuum",
    "custom.virusDoctorMode": "air_purifier",
    "airPurifierFanMode": "air_purifier",
    "custom.filterUsageTime": "air_purifier",
    # Without a mode of an air conditioner: purifiers have its fan.
    "airConditionerFanMode": "air_purifier",
}
_OVEN_STATE, _OVEN_MODE, _MICROWAVE = "samsungce.ovenOperatingState", "samsungce.ovenMode", "samsungce.microwavePower"
_COOK_TIME, _OPERATION = "cookTime", "operationalState"
# Their temperature is that of the inside, or of the water.
_NO_ROOM = re.compile(
    r"(?:samsungce\.|custom\.)?"
    r"(?:oven|microwave|kitchen|cook|range|dishwasher|washer|dryer|steamCloset|waterHeater|ehs|meatProbe)"
)
_CAVITY = re.compile(r"cavity|tcc|cook")
_ZONE = re.compile(r"([+-][0-9]{2})([0-9]{2})\Z")
_STAMPS = ("eventTime", "timestamp", "time", "epoch")
_AIR_TYPES = frozenset({"air_conditioner", "air_purifier", "air_sensor", "other"})
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    "air.tvoc_mass",
    "fridge.temperature",
    "fridge.door_openings",
    "microwave.cook",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read device statuses and events, single, listed, streamed, as a SmartApp gets them or as a history keeps them.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    items = [item for document in documents(body, read=read_lines) for item in items_of(document)]
    wire.check_item_count(items)
    no_rooms = {_device(headers, event) for event in map(event_of, items) if _says_no_room(event)}
    return answers(items, partial(_read, headers, no_rooms))


def _says_no_room(event: Mapping[str, Any]) -> bool:
    capability = event.get("capability")
    return isinstance(capability, str) and bool(_NO_ROOM.match(capability))


def _device(headers: Mapping[str, str], event: Mapping[str, Any]) -> str | None:
    return device_of(headers, event.get("deviceId"))


def _read(headers: Mapping[str, str], no_rooms: Set[str | None], index: int, item: object) -> Iterable[Result]:
    found = mapping(item)
    if isinstance(found.get("components"), dict | list):
        return _status(headers, index, found)
    event = event_of(item)
    if "capability" in event and "attribute" in event:
        stamp = next((part[name] for part in (found, event) for name in _STAMPS if name in part), None)
        source = _device(headers, event)
        return _event(index, event, stamp, source, is_no_room=source in no_rooms)
    if "eventType" in found:
        return ()
    if found.keys() & _READ:
        return _component(headers, index, found)
    capability = next(
        (_CAPABILITY_OF[name] for name in found if name in _CAPABILITY_OF and _is_state(found[name])), None
    )
    if capability is None:
        return (Rejection(index, "wrong_shape"),)
    return _component(headers, index, {capability: found}, is_alone=True)


def _is_state(found: object) -> bool:
    return isinstance(found, dict) and "value" in found


def _component(
    headers: Mapping[str, str], index: int, capabilities: Mapping[str, Any], *, is_alone: bool = False
) -> Iterator[Result]:
    """Read one component, or one capability alone, as its own status has it.

    Whose warmth it is, only the address said from which a capability came, or a compartment of a fridge.
    """
    is_compartment = capabilities.keys() >= _COMPARTMENT
    is_warm = _state(capabilities, _WARMTH, "temperature").get("value") is not None
    if is_warm and (is_alone or is_compartment):
        yield Rejection(index, "unit_disputed" if is_alone else "unknown_zone", _WARMTH)
        capabilities = {name: found for name, found in capabilities.items() if name != _WARMTH}
    if capabilities:
        yield from _status(headers, index, {"components": {"main": capabilities}})


def _event(
    index: int, event: Mapping[str, Any], stamp: object, source: str | None, *, is_no_room: bool
) -> Iterator[Result]:
    name = (event.get("capability"), event.get("attribute"))
    component = event.get("componentId", "main")
    if not all(isinstance(part, str) for part in (*name, component)):
        raise ItemRefused("wrong_shape")
    speaker = Speaker(
        dialect="smartthings",
        index=index,
        source=source,
        appliance_type="refrigerator" if component in _FRIDGE_COMPONENTS else "other",
        observed_at=_time(stamp),
        event_id=read_uuid(event.get("eventId")),
    )
    is_no_room = is_no_room or bool(_CAVITY.match(component))
    if name[0] not in _unread(is_no_room=is_no_room, has_door=component in _FRIDGE_COMPONENTS):
        yield from _attribute(speaker, component, name, event)  # type: ignore[arg-type]


def _unread(*, is_no_room: bool, has_door: bool) -> set[str]:
    """Return what says nothing here: warmth that is not a room's, and a contact that is not a fridge's door."""
    return ({_WARMTH} if is_no_room else set()) | (set() if has_door else {_CONTACT[0]})


def _status(headers: Mapping[str, str], index: int, status: Mapping[str, Any]) -> Iterator[Result]:
    components = components_of(status["components"])
    speaker = Speaker(
        dialect="smartthings",
        index=index,
        source=device_of(headers, status.get("deviceId")),
        appliance_type=_appliance_type(components),
    )
    is_no_room = any(map(_CAVITY.match, components)) or any(
        _NO_ROOM.match(name) for found in components.values() for name in found
    )
    doors = _doors(components) if speaker.appliance_type == "refrigerator" else set()
    absent = {name for found in components.values() for name in _disabled(found, "Components")}
    for component, capabilities in components.items():
        if component in absent:
            continue
        unread = _disabled(capabilities, "Capabilities")
        unread |= _unread(is_no_room=is_no_room, has_door=component in doors)
        yield from _cooking(speaker, capabilities)
        for capability in capabilities:
            if capability in _READ and capability not in unread:
                yield from _capability(speaker, component, capability, mapping(capabilities[capability]))


def _doors(components: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return whose doors count: those of the compartments, or the whole fridge's where none has one of its own."""
    return {name for name in _FRIDGE_COMPONENTS & components.keys() if _CONTACT[0] in components[name]} or {"main"}


def _disabled(capabilities: Mapping[str, Any], what: str) -> set[str]:
    # What a model does not have stays in its status, with zeros from the day it was set up.
    listed = mapping(mapping(capabilities.get(f"custom.disabled{what}")).get(f"disabled{what}"))
    return {name for name in sequence(listed.get("value")) if isinstance(name, str)}


def _capability(speaker: Speaker, component: str, capability: str, attributes: Mapping[str, Any]) -> Iterator[Result]:
    for attribute, found in attributes.items():
        state = mapping(found)
        # Without a value it was never reported, which a status says of most of what it names.
        if attribute not in _ATTRIBUTES[capability] or state.get("value") is None:
            continue
        try:
            timed = replace(speaker, observed_at=_time(state.get("timestamp")))
        except ItemRefused as refused:
            yield refused.at(speaker.index)
            continue
        yield from _attribute(timed, component, (capability, attribute), state)


def _attribute(speaker: Speaker, component: str, name: tuple[str, str], state: Mapping[str, Any]) -> Iterator[Result]:
    value, path = state.get("value"), ".".join(name)
    if name in _NUMBERS:
        yield from _number(speaker, component, name, value, state.get("unit"))
    elif name in _FILTERS:
        yield speaker.filter_left(path, value)
    elif name == _REPORT:
        yield _energy(speaker, mapping(value))
    elif name == _AIR_QUALITY:
        # A class from 1 to 4 under the name of an index.
        yield speaker.refused("unknown_scheme", path)
    elif name == _CONTACT and value == "open":
        yield speaker.opened(path, zone=_ZONES.get(component))


def _number(speaker: Speaker, component: str, name: tuple[str, str], value: object, unit: object) -> Iterator[Result]:
    kind, fixed = _NUMBERS[name]
    path, zone = ".".join(name), None
    unit = fixed if unit is None else unit
    if kind == "air.tvoc_ratio":
        if unit is None or ucum(str(unit)) in (None, "[ppm]"):
            # Sensors that know an index only send it under this name as ppm.
            yield speaker.refused("unit_disputed", path)
            return
        kind = voc_kind(unit)
    if kind == "appliance.energy":
        # A counter without a beginning says nothing about one event.
        yield speaker.refused("missing_interval", path)
        return
    if kind == "climate.temperature":
        if component in _FRIDGE_COMPONENTS:
            kind, zone = "fridge.temperature", _ZONES.get(component, "unknown")
        elif speaker.appliance_type not in _AIR_TYPES:
            # A fridge as a whole.
            return
    yield speaker.measured(path, value, kind, unit, zone=zone)


def _energy(speaker: Speaker, report: Mapping[str, Any]) -> Result:
    name = "powerConsumptionReport.deltaEnergy"
    try:
        start, end = _time(report.get("start")), _time(report.get("end"))
    except ItemRefused as refused:
        return refused.at(speaker.index)
    if start is None or end is None or read_number(report.get("deltaEnergy")) is None:
        return speaker.refused("missing_interval", name)
    interval = Interval(start, end)
    delta = report["deltaEnergy"]
    return speaker.measured(name, delta, "appliance.energy", "Wh", interval=interval, observed_at=end)


def _cooking(speaker: Speaker, capabilities: Mapping[str, Any]) -> Iterator[Result]:
    """Read how long a microwave runs; how strong, it says in percent only. An oven with one may also just bake."""
    state = partial(_state, capabilities)
    cook_time, clock_time = state(_COOK_TIME, _COOK_TIME), state(_OVEN_STATE, "operationTime")
    if cook_time and state(_OPERATION, _OPERATION).get("value") == "running":
        yield from _cooked(speaker, cook_time, cook_time.get("value"))
    seconds = read_clock(clock_time.get("value"))
    is_running = state(_OVEN_STATE, "operatingState").get("value") == "running"
    mode = state(_OVEN_MODE, "ovenMode").get("value", "MicroWave")
    if _MICROWAVE in capabilities and is_running and seconds is not None and str(mode).startswith("MicroWave"):
        yield from _cooked(speaker, clock_time, seconds)


def _state(capabilities: Mapping[str, Any], capability: str, attribute: str) -> dict[str, Any]:
    return mapping(mapping(capabilities.get(capability)).get(attribute))


def _cooked(speaker: Speaker, state: Mapping[str, Any], seconds: object) -> Iterator[Result]:
    try:
        at = _time(state.get("timestamp"))
    except ItemRefused as refused:
        yield refused.at(speaker.index)
        return
    yield speaker.measured("operationTime", seconds, "microwave.cook", "s", observed_at=at)


def _time(stamp: object) -> datetime | None:
    try:
        if isinstance(stamp, str):
            # Until 2021 the zone came without its colon.
            return read_time(_ZONE.sub(r"\1:\2", stamp))
        return read_epoch(stamp)
    except ValueError as exc:
        raise ItemRefused("wrong_time", "timestamp") from exc


def _appliance_type(components: Mapping[str, Mapping[str, Any]]) -> str:
    capabilities = {name for found in components.values() for name in found}
    if components.keys() & _FRIDGE_COMPONENTS:
        return "refrigerator"
    if capabilities & {_MICROWAVE, _COOK_TIME}:
        return "microwave"
    found = next((kind for name, kind in _TYPE_OF_CAPABILITY.items() if name in capabilities), None)
    if found is None and capabilities & {"dustSensor", "fineDustSensor", "carbonDioxideMeasurement"}:
        return "air_sensor"
    return found or "other"


_READ = frozenset({capability for capability, _attribute_name in {*_NUMBERS, *_FILTERS}}) | {
    _REPORT[0],
    _CONTACT[0],
    _AIR_QUALITY[0],
}
_ATTRIBUTES = {
    capability: frozenset(
        attribute for found, attribute in {*_NUMBERS, *_FILTERS, _REPORT, _CONTACT, _AIR_QUALITY} if found == capability
    )
    for capability in _READ
}

_CAPABILITY_OF = {attribute: capability for capability, found in _ATTRIBUTES.items() for attribute in found}

DIALECT = Dialect(name="smartthings", kinds=KINDS, content_types=STREAMED, parse=parse)
