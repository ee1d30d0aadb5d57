"""Xiaomi MIoT: properties by name, as an object or as the list a device answers with.

`aqi` is PM2.5 in µg/m³. Averages, maps, schedules and the household's time zone are never read; nor are numbered
properties, for each model counts its own. Source: github.com/rytilahti/python-miio, property mappings; miot-spec.org.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping
from marketplace.appliances.dialects.unit_words import voc_kind

# Without a unit said beside it, a property is in that of the specification; those of gases differ, and must be said.
_NUMBERS: dict[str, tuple[str, str | None]] = {
    "aqi": ("air.pm25", "ug/m3"),
    "pm25": ("air.pm25", "ug/m3"),
    "pm2_5": ("air.pm25", "ug/m3"),
    "pm25_density": ("air.pm25", "ug/m3"),
    "pm2_5_density": ("air.pm25", "ug/m3"),
    "pm10": ("air.pm10", "ug/m3"),
    "pm10_density": ("air.pm10", "ug/m3"),
    "co2": ("air.co2", "[ppm]"),
    "co2_density": ("air.co2", "[ppm]"),
    "humidity": ("climate.humidity", "%"),
    "relative_humidity": ("climate.humidity", "%"),
    "Humidity_Value": ("climate.humidity", "%"),
    "TemperatureValue": ("climate.temperature", "Cel"),
    "temperature": ("climate.temperature", "Cel"),
    "indoor_temperature": ("climate.temperature", "Cel"),
    "temp_dec": ("climate.temperature", "Cel"),
    "tvoc": ("air.tvoc_ratio", None),
    "tvoc_density": ("air.tvoc_ratio", None),
    "hcho_density": ("air.hcho", None),
}
_FILTERS = (
    *("filter_life_remaining", "filter_life_level", "filter_life", "filter1_life"),
    *("filter_left_percentage", "filter_rate", "filter_intermediate", "filter_efficient"),
    *("dust_filter_life_remaining", "upper_filter_life_remaining"),
)
# How the specification and the monitors write their units, in a property beside or in the description.
_UNITS = {"celsius": "Cel", "c": "Cel", "fahrenheit": "[degF]", "f": "[degF]", "percentage": "%", "mg_m3": "mg/m3"}
_NO_UNITS = (None, "", "none")
_TENTHS = Decimal("0.1")
# A plug, a strip and a water filter tell how warm they are themselves, a ventilator how warm what it draws in is.
_OWN_WARMTH = frozenset(
    {"usb_on", "wifi_led", "power_consume_rate", "load_power", "tds_in", "tds_out", "dust_filter_life_remaining"}
)
# The services of which a property of that name is meant; a heater or a fridge has a `temperature` of its own.
_SERVICES = frozenset(
    {"environment", "filter", "air_purifier", "air_fresh", "air_monitor", "vacuum", "brush_cleaner"}
    | {"temperature_humidity_sensor"}
)
# A service and a property may be followed by their numbers.
_NAME = re.compile(r"(?:([a-z0-9_-]+?)(?:-[0-9]{1,2})?[:.])?([A-Za-z0-9_-]+?)(?:-[0-9]{1,2}){0,2}")
_LONGEST_NAME = 64
_FAULTS = ("device_fault", "fault", "error_code")
# Some robots tell there as well that they return, charge or are full.
_NO_FAULTS = range(2100, 2111)
# Who asks a device may name its properties as he likes, and the device answers under these names.
_NAMED_BY = ("did", "name")
_VACUUM_WORDS = frozenset(
    {"cleaning_mode", "operating_mode", "sweep_type", "brush_life_level", "main_brush_life_level", "charging_state"}
)
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    *("air.tvoc_mass", "filter.remaining", "device.fault"),
}


@dataclass(frozen=True, slots=True)
class _Property:
    """One property; `is_placed` where the service that it is of is said."""

    name: str
    value: object
    unit: object
    is_placed: bool


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read one device's properties, or several devices'.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    items = documents(body)
    result = mapping(items[0]).get("result") if len(items) == 1 else None
    if isinstance(result, list):
        items = result
    named = _by_name(items)
    # One device's answer is its properties, one an entry.
    return answers(map(_answered, items) if named is None else [named], partial(_read, headers))


def _answered(item: object) -> object:
    """Return what a device answered with, if that is said around it."""
    result = mapping(item).get("result")
    if isinstance(result, list):
        return _by_name(result) or item
    return result if isinstance(result, dict) else item


def _is_a_property(item: object, label: str) -> bool:
    """Tell a property that is listed with its name from a device that has one."""
    found = mapping(item)
    return label in found and ("value" in found or "code" in found)


def _by_name(entries: list[Any]) -> dict[str, Any] | None:
    """Put properties together by their names, if these are some."""
    label = next((label for label in _NAMED_BY if entries and all(_is_a_property(one, label) for one in entries)), None)
    if label is None:
        return None
    return {
        entry[label]: {"value": entry.get("value") if entry.get("code", 0) == 0 else None, "unit": entry.get("unit")}
        for entry in entries
        if isinstance(entry[label], str)
    }


def _property(name: str, said: object) -> _Property | None:
    """Bring the specification's `environment:pm2.5-density` to the word that others call it by."""
    found = _NAME.fullmatch(name.replace("2.5", "2_5")) if len(name) <= _LONGEST_NAME else None
    if found is None:
        return None
    service, word = (found[1] or "").replace("-", "_"), found[2].replace("-", "_")
    # A fault is the device's, whichever of its services has it.
    if service and service not in _SERVICES and word not in _FAULTS:
        return None
    # It may come with its description around it.
    described = mapping(said)
    return _Property(word, described.get("value", said), described.get("unit"), bool(service))


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    if not isinstance(item, dict):
        yield Speaker(dialect="miot", index=index).refused("wrong_shape")
        return
    properties = [found for name, said in item.items() if (found := _property(name, said)) is not None]
    names = {found.name for found in properties}
    speaker = Speaker(dialect="miot", index=index, source=device_of(headers), appliance_type=_appliance_type(names))
    yield from _numbers(speaker, properties)
    for found in properties:
        if found.name in _FILTERS:
            yield speaker.measured("filter", found.value, "filter.remaining", "%")
    yield from _fault(speaker, [read_number(found.value) for found in properties if found.name in _FAULTS])


def _numbers(speaker: Speaker, properties: list[_Property]) -> Iterator[Result]:
    """Read one value a kind: of a name with its service before a bare one, which may be what somebody set."""
    order = list(_NUMBERS)
    by_name = {found.name: found.value for found in properties}
    seen: set[str] = set()
    for found in sorted(
        (found for found in properties if found.name in _NUMBERS),
        key=lambda found: (not found.is_placed, order.index(found.name)),
    ):
        kind, usual = _NUMBERS[found.name]
        unit = _unit(found.unit, by_name.get(f"{found.name}_unit"), usual)
        is_its_own = kind == "climate.temperature" and not found.is_placed and by_name.keys() & _OWN_WARMTH
        if kind in seen or is_its_own or unit is None:
            continue
        seen.add(kind)
        # Of all that have it, the one that heats says it in whole degrees.
        is_in_tenths = found.name == "temp_dec" and "ptc_state" not in by_name
        yield speaker.measured(
            "temperature" if kind == "climate.temperature" else found.name,
            found.value,
            voc_kind(unit) if kind == "air.tvoc_ratio" else kind,
            unit,
            scale=_TENTHS if is_in_tenths else Decimal(1),
        )


def _unit(*said: object) -> object:
    """Return the first unit that is said, in the words of others."""
    first = next((unit for unit in said if unit not in _NO_UNITS), None)
    return _UNITS.get(first, first) if isinstance(first, str) else first


def _fault(speaker: Speaker, codes: list[Decimal | None]) -> Iterator[Result]:
    # Several services may have one each, and most of them none.
    code = next(filter(None, codes), None)
    if code is None or code in _NO_FAULTS:
        return
    if code < 0:
        # What the cloud answers for a property that it could not read.
        yield speaker.refused("no_data", "fault")
        return
    is_plain = code == int(code) and code < 1_000_000
    yield speaker.fault("fault", str(int(code))) if is_plain else speaker.refused("wrong_value", "fault")


def _appliance_type(names: set[str]) -> str:
    if names & _VACUUM_WORDS:
        return "robot_vacuum"
    if names & {*_FILTERS, "filter_hours_used", "purify_volume"}:
        return "air_purifier"
    return "air_sensor" if names & _NUMBERS.keys() else "other"


DIALECT = Dialect(name="miot", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
