"""Haier hOn: the parameters of an appliance's shadow, every one of them text.

Parameters of sensors a model does not have stand there with a zero; CO2 at 0 gives them away. All times are those of
1970. `mainFilterStatus` says neither used nor left. Source: github.com/Andre0512/hon and its recorded attributes.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping

_AIR = {
    "pm2p5ValueIndoor": ("air.pm25", "ug/m3"),
    "pm10ValueIndoor": ("air.pm10", "ug/m3"),
    "co2ValueIndoor": ("air.co2", "[ppm]"),
    "humidityIndoor": ("climate.humidity", "%"),
}
_UNSAID = ("vocValueIndoor", "ch2oValueIndoor")
_FILTERS = ("mainFilterStatus", "preFilterStatus")
_FRIDGE = {"tempZ1": "cooler", "tempZ2": "freezer"}
# What is around a fridge, a freezer or a wine cellar; 0 says that no sensor is there.
_SURROUNDINGS = {"tempEnv": ("climate.temperature", "Cel"), "humidityEnv": ("climate.humidity", "%")}
# What a compartment says that is not fitted, or not read.
_NO_COMPARTMENT = (-38, -40)
_DOORS: dict[str, str | None] = {
    "doorStatusZ1": "cooler",
    "door2StatusZ1": "cooler",
    "doorStatusZ2": "freezer",
    "door2StatusZ2": "freezer",
    "doorStatusZ3": None,
}
_OF_AN_AIR_CONDITIONER = frozenset({"acType", "windDirectionVertical", "tempIndoor"})
# Two zones of a wine cellar are no fridge and freezer, though its second bears the freezer's name.
_OF_A_CELLAR = (frozenset({"humidityZ1"}), frozenset({"humidityZ2"}), frozenset({"temp", "tempZ2"}))
_ENVELOPES = ("data", "payload", "attributes")
_ERROR = re.compile(r"[0-9A-Fa-f]{1,16}")
_MAC = re.compile(r"[0-9A-Fa-fxX]{2}(?:[:-][0-9A-Fa-fxX]{2}){5}")
KINDS = frozenset(kind for kind, _unit in _AIR.values()) | {
    "climate.temperature",
    "fridge.temperature",
    "fridge.door_openings",
    "device.fault",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read the attributes of one appliance, or of several.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    return answers(documents(body), partial(_read, headers))


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    found = _unwrapped(mapping(item))
    values = _values(mapping(found.get("shadow")).get("parameters", found.get("parameters")))
    if values is None:
        yield Speaker(dialect="haier", index=index).refused("wrong_shape")
        return
    address = mapping(found.get("lastConnEvent")).get("macAddress", found.get("macAddress"))
    speaker = Speaker(
        dialect="haier",
        index=index,
        source=address if isinstance(address, str) and _MAC.fullmatch(address) else device_of(headers),
        appliance_type=_appliance_type(values),
    )
    for reader in (_air, _warmth, _surroundings, _fridge, _fault):
        yield from reader(speaker, values)


def _unwrapped(item: dict[str, Any]) -> dict[str, Any]:
    # The maker's service puts its answer into `payload`; those who asked it hand on what is in there, or all they know.
    for name in _ENVELOPES:
        item = mapping(item.get(name)) or item
    return item


def _values(parameters: object) -> dict[str, Any] | None:
    """Return what each parameter is now: a snapshot names all of them, a push lists those that changed.

    The maker calls it `parNewVal`, those who hand it on `value`.
    """
    if isinstance(parameters, list):
        entries = [entry for entry in map(mapping, parameters) if isinstance(entry.get("parName"), str)]
        return {entry["parName"]: entry.get("parNewVal") for entry in entries}
    if not isinstance(parameters, dict):
        return None
    return {
        name: one.get("parNewVal", one.get("value")) if isinstance(one, dict) else one
        for name, one in parameters.items()
    }


def _appliance_type(values: Mapping[str, Any]) -> str:
    if _is_cellar(values):
        return "other"
    if values.keys() & {*_FRIDGE, *_DOORS, "tempSelZ1", "tempSelZ2", "tempSelZ3"}:
        return "refrigerator"
    if values.keys() & {"mainFilterStatus", "preFilterStatus"}:
        return "air_purifier"
    return "air_conditioner" if values.keys() & _OF_AN_AIR_CONDITIONER else "other"


def _is_cellar(values: Mapping[str, Any]) -> bool:
    return any(names <= values.keys() for names in _OF_A_CELLAR)


def _air(speaker: Speaker, values: Mapping[str, Any]) -> Iterator[Result]:
    # On a purifier 0 µg/m³ is clean air; on the others, or beside an impossible CO2, it is a missing sensor.
    has_sensors = speaker.appliance_type == "air_purifier" and values.get("co2ValueIndoor") not in ("0", 0)
    for name, (kind, unit) in _AIR.items():
        if name in values:
            is_missing = not has_sensors and read_number(values[name]) == 0
            yield speaker.refused("no_data", name) if is_missing else speaker.measured(name, values[name], kind, unit)
    for name in _UNSAID:
        number = read_number(values.get(name))
        if number is not None and (number != 0 or has_sensors):
            yield speaker.refused("missing_unit", name)
    for name in _FILTERS:
        if name in values:
            yield speaker.refused("unit_disputed", name)


def _warmth(speaker: Speaker, values: Mapping[str, Any]) -> Iterator[Result]:
    name = {"air_conditioner": "tempIndoor", "air_purifier": "temp"}.get(speaker.appliance_type, "")
    if name in values:
        # `tempUnit` 0 is Celsius; what other numbers mean is told nowhere.
        unit = "Cel" if read_number(values.get("tempUnit", "0")) == 0 else None
        yield speaker.measured(name, values[name], "climate.temperature", unit)


def _surroundings(speaker: Speaker, values: Mapping[str, Any]) -> Iterator[Result]:
    for name, (kind, unit) in _SURROUNDINGS.items():
        if name in values:
            is_missing = read_number(values[name]) in (0, *_NO_COMPARTMENT)
            yield speaker.measured(name, None if is_missing else values[name], kind, unit)


def _fridge(speaker: Speaker, values: Mapping[str, Any]) -> Iterator[Result]:
    if _is_cellar(values):
        return
    for name, zone in _FRIDGE.items():
        if name in values:
            value = None if read_number(values[name]) in _NO_COMPARTMENT else values[name]
            yield speaker.measured(name, value, "fridge.temperature", "Cel", zone=zone)
    for name, compartment in _DOORS.items():
        if read_number(values.get(name)) == 1:
            # Under one name: two doors of one compartment are one event told twice and not a conflict.
            yield speaker.opened("doorStatus", zone=compartment)


def _fault(speaker: Speaker, values: Mapping[str, Any]) -> Iterator[Result]:
    code = values.get("errors")
    if not isinstance(code, str) or not code.strip("0"):
        return
    if _ERROR.fullmatch(code):
        yield speaker.fault("errors", code.upper())
    else:
        yield speaker.refused("wrong_value", "errors")


DIALECT = Dialect(name="haier", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
