"""Samsung SmartThings: a device's status, and the events of subscriptions and SmartApps.

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
from marketplace.appliances.dialects.readings import Dialect, Interval, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import read_epoch, read_number, read_time, read_uuid
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping, sequence
from marketplace.appliances.dialects.unit_words import ucum

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
}
_FILTERS = {
    (f"custom.{name}", f"{name}Usage")
    for name in ("dustFilter", "waterFilter", "deodorFilter", "electricHepaFilter", "hepaFilter", "veryFineDustFilter")
} | {("samsungce.hoodFilter", "hoodFilterUsage")}
_REPORT = ("powerConsumptionReport", "powerConsumption")
_CONTACT = ("contactSensor", "contact")
_AIR_QUALITY = ("airQualitySensor", "airQuality")
_ZONES = {"cooler": "cooler", "freezer": "freezer"}
_FRIDGE_COMPONENTS = frozenset({"cooler", "freezer", "cvroom", "onedoor"})
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
# Their temperature is that of the inside, or of the water.
_NO_ROOM = re.compile(
    r"(?:samsungce\.|custom\.)?"
    r"(?:oven|microwave|kitchen|cooktop|range|dishwasher|washer|dryer|steamCloset|waterHeater|ehs|meatProbe)"
)
_CAVITY = "cavity"
# How a list of activities says what an event says.
_ACTIVITY = {"attributeName": "attribute", "attributeValue": "value"}
_CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9]):([0-5][0-9])")
_STAMPS = ("eventTime", "timestamp", "time", "epoch")
_AIR_TYPES = frozenset({"air_conditioner", "air_purifier", "air_sensor", "other"})
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    "air.tvoc_mass",
    "fridge.temperature",
    "fridge.door_openings",
    "microwave.cook",
    "filter.remaining",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read device statuses and events, single, listed, as a SmartApp gets them or as a history keeps them.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    items = [event for item in documents(body) for event in _listed(mapping(item), item)]
    wire.check_item_count(items)
    no_rooms = {_device(event) for event in map(_event_of, items) if _says_no_room(event)} - {None}
    return answers(items, partial(_read, headers, no_rooms))


def _listed(found: Mapping[str, Any], item: object) -> list[Any]:
    """Return the events of a SmartApp's call or of a page of a device's history; else the item itself."""
    if isinstance(found.get("eventData"), dict):
        return sequence(found["eventData"].get("events"))
    return found["items"] if isinstance(found.get("items"), list) else [item]


def _event_of(item: object) -> dict[str, Any]:
    found = mapping(item)
    event = mapping(found.get("deviceEvent")) or found
    return {_ACTIVITY.get(name, name): value for name, value in event.items()} if event.keys() & _ACTIVITY else event


def _says_no_room(event: Mapping[str, Any]) -> bool:
    capability = event.get("capability")
    return isinstance(capability, str) and bool(_NO_ROOM.match(capability))


def _device(event: Mapping[str, Any]) -> str | None:
    return device_of({}, event.get("deviceId"))


def _read(headers: Mapping[str, str], no_rooms: Set[str | None], index: int, item: object) -> Iterable[Result]:
    found = mapping(item)
    if isinstance(found.get("components"), dict):
        return _status(headers, index, found)
    event = _event_of(item)
    if "capability" in event and "attribute" in event:
        stamp = next((part[name] for part in (found, event) for name in _STAMPS if name in part), None)
        return _event(index, event, stamp, is_no_room=_device(event) in no_rooms)
    if "eventType" in found:
        return ()
    if found.keys() & _READ:
        # One component alone, as its own status has it.
        return _status(headers, index, {"components": {"main": found}})
    return (Rejection(index, "wrong_shape"),)


def _event(index: int, event: Mapping[str, Any], stamp: object, *, is_no_room: bool) -> Iterator[Result]:
    name = (event.get("capability"), event.get("attribute"))
    # A hub and a history call it by its shorter name.
    component = event.get("componentId", event.get("component", "main"))
    if not all(isinstance(part, str) for part in (*name, component)):
        raise ItemRefused("wrong_shape")
    speaker = Speaker(
        dialect="smartthings",
        index=index,
        source=_device(event),
        appliance_type="refrigerator" if component in _FRIDGE_COMPONENTS else "other",
        observed_at=_time(stamp),
        event_id=read_uuid(event.get("eventId")),
    )
    if name[0] == "temperatureMeasurement" and (is_no_room or component.startswith(_CAVITY)):
        return
    yield from _attribute(speaker, component, name, event)  # type: ignore[arg-type]


def _status(headers: Mapping[str, str], index: int, status: Mapping[str, Any]) -> Iterator[Result]:
    components = {name: mapping(found) for name, found in status["components"].items()}
    speaker = Speaker(
        dialect="smartthings",
        index=index,
        source=device_of(headers, status.get("deviceId")),
        appliance_type=_appliance_type(components),
    )
    is_no_room = any(_NO_ROOM.match(name) for found in components.values() for name in found)
    absent = {name for found in components.values() for name in _disabled(found, "Components")}
    for component, capabilities in components.items():
        if component in absent:
            continue
        disabled = _disabled(capabilities, "Capabilities") | ({"temperatureMeasurement"} if is_no_room else set())
        yield from _cooking(speaker, capabilities)
        for capability in capabilities:
            if capability in _READ and capability not in disabled:
                yield from _capability(speaker, component, capability, mapping(capabilities[capability]))


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
    elif name == _CONTACT and component in _FRIDGE_COMPONENTS and value == "open":
        yield speaker.opened(path, zone=_ZONES.get(component))


def _number(speaker: Speaker, component: str, name: tuple[str, str], value: object, unit: object) -> Iterator[Result]:
    kind, fixed = _NUMBERS[name]
    path, zone = ".".join(name), None
    unit = fixed if unit is None else unit
    if kind == "air.tvoc_ratio":
        code = None if unit is None else ucum(str(unit))
        if code in (None, "[ppm]"):
            # Sensors that know an index only send it under this name as ppm.
            yield speaker.refused("unit_disputed", path)
            return
        kind = "air.tvoc_mass" if code in ("mg/m3", "ug/m3") else kind
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
    oven = {name: mapping(found).get("value") for name, found in mapping(capabilities.get(_OVEN_STATE)).items()}
    mode = mapping(mapping(capabilities.get(_OVEN_MODE)).get("ovenMode")).get("value", "MicroWave")
    clock = _CLOCK.fullmatch(str(oven.get("operationTime")))
    is_running = oven.get("operatingState") == "running" and str(mode).startswith("MicroWave")
    if _MICROWAVE not in capabilities or not is_running or not clock:
        return
    hours, minutes, seconds = map(int, clock.groups())
    seconds += hours * 3600 + minutes * 60
    try:
        at = _time(mapping(mapping(capabilities[_OVEN_STATE]).get("operationTime")).get("timestamp"))
    except ItemRefused as refused:
        yield refused.at(speaker.index)
        return
    yield speaker.measured(f"{_OVEN_STATE}.operationTime", seconds, "microwave.cook", "s", observed_at=at)


def _time(stamp: object) -> datetime | None:
    try:
        return read_epoch(stamp) if isinstance(stamp, int | float) else read_time(stamp)
    except ValueError as exc:
        raise ItemRefused("wrong_time", "timestamp") from exc


def _appliance_type(components: Mapping[str, Mapping[str, Any]]) -> str:
    capabilities = {name for found in components.values() for name in found}
    if components.keys() & {"cooler", "freezer"}:
        return "refrigerator"
    if _MICROWAVE in capabilities:
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

DIALECT = Dialect(name="smartthings", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
