"""Xiaomi MIoT: properties by name, as an object or as the list a device answers with.

`aqi` is PM2.5 in µg/m³. Averages, maps, schedules and the household's time zone are never read; nor are numbered
properties, for each model counts its own. Source: github.com/rytilahti/python-miio, property mappings; miot-spec.org.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping
from marketplace.appliances.dialects.unit_words import voc_kind

_NUMBERS = {
    "aqi": ("air.pm25", "ug/m3"),
    "pm25": ("air.pm25", "ug/m3"),
    "pm2_5": ("air.pm25", "ug/m3"),
    "pm25_density": ("air.pm25", "ug/m3"),
    "pm2_5_density": ("air.pm25", "ug/m3"),
    "pm10_density": ("air.pm10", "ug/m3"),
    "co2": ("air.co2", "[ppm]"),
    "co2_density": ("air.co2", "[ppm]"),
    "humidity": ("climate.humidity", "%"),
    "relative_humidity": ("climate.humidity", "%"),
    "Humidity_Value": ("climate.humidity", "%"),
    "TemperatureValue": ("climate.temperature", "Cel"),
}
_FILTERS = (
    *("filter_life_remaining", "filter_life_level", "filter_life", "filter1_life"),
    *("filter_left_percentage", "filter_rate", "filter_intermediate", "filter_efficient"),
)
# What monitors say in a property beside; without it a temperature is in Celsius, and a VOC is not read.
_UNITS = {"c": "Cel", "f": "[degF]", "mg_m3": "mg/m3", "ppb": "[ppb]"}
_TENTHS = Decimal("0.1")
# A plug and a strip tell how warm they are themselves.
_PLUG_WORDS = frozenset({"usb_on", "wifi_led", "power_consume_rate"})
# The services of which a property of that name is meant; a heater or a fridge has a `temperature` of its own.
_SERVICES = frozenset({"environment", "filter", "air_purifier", "air_fresh", "air_monitor", "vacuum", "brush_cleaner"})
_NAME = re.compile(r"(?:([a-z0-9_-]+)[:.])?([A-Za-z0-9_-]+)")
_FAULTS = ("device_fault", "fault", "error_code")
# Some robots tell there as well that they return, charge or are full.
_NO_FAULTS = range(2100, 2111)
# Who asks a device may name its properties as he likes, and the device answers under these names.
_NAMED_BY = ("did", "name")
_VACUUM_WORDS = frozenset(
    {"cleaning_mode", "operating_mode", "sweep_type", "brush_life_level", "main_brush_life_level", "charging_state"}
)
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    *("air.tvoc_mass", "air.tvoc_ratio", "filter.remaining", "device.fault"),
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read one device's properties, or several devices'.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    items = documents(body)
    if len(items) == 1 and isinstance(mapping(items[0]).get("result"), list):
        items = mapping(items[0])["result"]
    label = next((label for label in _NAMED_BY if items and all(label in mapping(item) for item in items)), None)
    if label is not None:
        # One device's answer: its properties, one an entry.
        items = [_by_name(items, label)]
    return answers(items, partial(_read, headers))


def _by_name(entries: list[Any], label: str) -> dict[str, Any]:
    """Put properties together by their names."""
    return {
        entry[label]: entry.get("value") if entry.get("code", 0) == 0 else None
        for entry in entries
        if isinstance(entry[label], str)
    }


def _plain_name(name: str) -> str:
    """Bring the specification's `environment:pm2.5-density` to the word that others call it by."""
    said = _NAME.fullmatch(name.replace("2.5", "2_5"))
    if said is None:
        return ""
    service, word = (said[1] or "").replace("-", "_"), said[2].replace("-", "_")
    # A fault is the device's, whichever of its services has it.
    return word if not service or service in _SERVICES or word in _FAULTS else ""


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    if not isinstance(item, dict):
        yield Speaker(dialect="miot", index=index).refused("wrong_shape")
        return
    # A property may come with its description around it.
    named = [(_plain_name(name), mapping(value).get("value", value)) for name, value in item.items()]
    item = dict(named)
    speaker = Speaker(dialect="miot", index=index, source=device_of(headers), appliance_type=_appliance_type(item))
    seen: set[str] = set()
    for name, (kind, unit) in _NUMBERS.items():
        if name in item and kind not in seen:
            seen.add(kind)
            yield speaker.measured(name, item[name], kind, unit)
    if not item.keys() & _PLUG_WORDS:
        yield from _temperature(speaker, item)
    if "tvoc" in item and "tvoc_unit" in item:
        stated = _unit(item["tvoc_unit"])
        yield speaker.measured("tvoc", item["tvoc"], voc_kind(stated), stated)
    for name in _FILTERS:
        if name in item:
            yield speaker.measured("filter", item[name], "filter.remaining", "%")
    yield from _fault(speaker, [read_number(value) for name, value in named if name in _FAULTS])


def _temperature(speaker: Speaker, item: Mapping[str, Any]) -> Iterator[Result]:
    if "temperature" in item:
        unit = _unit(item["temperature_unit"]) if "temperature_unit" in item else "Cel"
        yield speaker.measured("temperature", item["temperature"], "climate.temperature", unit)
    elif "temp_dec" in item:
        # Of all that have it, the one that heats says it in whole degrees.
        scale = Decimal(1) if "ptc_state" in item else _TENTHS
        yield speaker.measured("temperature", item["temp_dec"], "climate.temperature", "Cel", scale=scale)


def _unit(said: object) -> str | None:
    return _UNITS.get(said) if isinstance(said, str) else None


def _fault(speaker: Speaker, codes: list[Decimal | None]) -> Iterator[Result]:
    # Several services may have one each, and most of them none.
    code = next(filter(None, codes), None)
    if code is None or code in _NO_FAULTS:
        return
    is_plain = code == int(code) and 0 < code < 1_000_000
    yield speaker.fault("fault", str(int(code))) if is_plain else speaker.refused("wrong_value", "fault")


def _appliance_type(item: Mapping[str, Any]) -> str:
    if item.keys() & _VACUUM_WORDS:
        return "robot_vacuum"
    if item.keys() & {*_FILTERS, "filter_hours_used", "purify_volume"}:
        return "air_purifier"
    return "air_sensor" if item.keys() & {*_NUMBERS, "temperature", "temp_dec"} else "other"


DIALECT = Dialect(name="miot", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
