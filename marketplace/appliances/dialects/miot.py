"""Xiaomi MIoT: properties by name, as an object or as the list a device answers with.

`aqi` is PM2.5 in µg/m³. Averages, maps, schedules and the household's time zone are never read.
Source: github.com/rytilahti/python-miio, property mappings; miot-spec.org.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping

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
    "temperature": ("climate.temperature", "Cel"),
    "filter_life_remaining": ("filter.remaining", "%"),
    "filter_life_level": ("filter.remaining", "%"),
}
# The services of which a property of that name is meant; a heater or a fridge has a `temperature` of its own.
_SERVICES = ("environment:", "filter:", "air-purifier:", "air-fresh:", "air-monitor:")
_FAULTS = ("device_fault", "fault")
# Who asks a device may name its properties as he likes, and the device answers under these names.
_NAMED_BY = ("did", "name")
_VACUUM_WORDS = frozenset({"cleaning_mode", "operating_mode", "brush_life_level", "charging_state"})
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {"device.fault"}


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
    service = next((service for service in _SERVICES if name.startswith(service)), "")
    return name[len(service) :].replace("-", "_").replace(".", "_")


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    if not isinstance(item, dict):
        yield Speaker(dialect="miot", index=index).refused("wrong_shape")
        return
    item = {_plain_name(name): value for name, value in item.items()}
    speaker = Speaker(dialect="miot", index=index, source=device_of(headers), appliance_type=_appliance_type(item))
    seen: set[str] = set()
    for name, (kind, unit) in _NUMBERS.items():
        if name in item and kind not in seen:
            seen.add(kind)
            yield speaker.measured(name, item[name], kind, unit)
    code = next((read_number(item[name]) for name in _FAULTS if name in item), None)
    if code is not None and code != 0:
        is_plain = code == int(code) and 0 < code < 100_000
        yield speaker.fault("fault", str(int(code))) if is_plain else speaker.refused("wrong_value", "fault")


def _appliance_type(item: Mapping[str, Any]) -> str:
    if item.keys() & _VACUUM_WORDS:
        return "robot_vacuum"
    if item.keys() & {"filter_life_remaining", "filter_hours_used", "purify_volume"}:
        return "air_purifier"
    return "air_sensor" if item.keys() & _NUMBERS.keys() else "other"


DIALECT = Dialect(name="miot", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
