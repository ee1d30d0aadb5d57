"""Sensor.Community airRohr, "send to own API": one body with many values, all of them text, and no time.

Source: github.com/opendata-stuttgart/sensors-software, airrohr-firmware (`value_type` names, X-Sensor header).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Method, Parsed, Raw, Reading
from marketplace.appliances.dialects.rejections import Rejection
from marketplace.appliances.dialects.scalars import clip, header, is_no_data, read_number
from marketplace.appliances.dialects.speaker import mapping

_PM1, _PM25, _PM10 = ("air.pm1", "ug/m3"), ("air.pm25", "ug/m3"), ("air.pm10", "ug/m3")
_TEMPERATURE, _HUMIDITY, _CO2 = ("climate.temperature", "Cel"), ("climate.humidity", "%"), ("air.co2", "[ppm]")

# The format carries no units; these are the firmware's. P0, P1, P2 are PM1, PM10, PM2.5 (not in order of size).
VALUES: dict[str, tuple[str, str]] = {
    "P0": _PM1,
    "P1": _PM10,
    "P2": _PM25,
    "SDS_P1": _PM10,
    "SDS_P2": _PM25,
    **{f"{sensor}_P0": _PM1 for sensor in ("PMS", "NPM", "IPS", "SPS30", "SEN5X")},
    **{f"{sensor}_P1": _PM10 for sensor in ("PMS", "NPM", "IPS", "SPS30", "SEN5X", "HPM")},
    **{f"{sensor}_P2": _PM25 for sensor in ("PMS", "NPM", "IPS", "SPS30", "SEN5X", "HPM")},
    "temperature": _TEMPERATURE,
    **{
        f"{sensor}_temperature": _TEMPERATURE
        for sensor in ("BMP", "BMP280", "BME280", "HTU21D", "SHT3X", "AHT20", "SCD30", "SEN5X", "DS18B20")
    },
    "humidity": _HUMIDITY,
    **{f"{sensor}_humidity": _HUMIDITY for sensor in ("BME280", "HTU21D", "SHT3X", "AHT20", "SCD30", "SEN5X")},
    **dict.fromkeys(("SCD30_co2_ppm", "MHZ16_CO2", "MHZ19_CO2", "conc_co2_ppm"), _CO2),
    **dict.fromkeys(("SEN5X_VOC", "SGP40_VOC"), ("air.voc_index", "{voc_index}")),
}

# Beside its ratio, the dust of an optical counter is a number of particles and no weight.
_COUNTED = {"P1": "ratioP1", "P2": "ratioP2"}
# What the project's public archive adds: somebody's reading of some day at some place, and no push.
_OF_THE_ARCHIVE = frozenset({"location", "sensor"})

_CHIP = re.compile(r"[a-z0-9]{2,20}-[A-Za-z0-9]{1,32}")
_CHIP_FIELDS = {"esp8266id": "esp8266", "esp32id": "esp32"}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read one airRohr push into readings, one result per entry of `sensordatavalues`.

    The chip's number, when it is there, names the source; without it the key that authenticated does.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many values.
    """
    push = wire.loads(body)
    values = push.get("sensordatavalues") if isinstance(push, dict) else None
    if not isinstance(values, list) or push.keys() & _OF_THE_ARCHIVE:
        return [Rejection(0, "wrong_shape")]
    wire.check_item_count(values)

    source = _source(push, headers)
    named = {entry.get("value_type") for entry in map(mapping, values) if isinstance(entry.get("value_type"), str)}
    disputed = {dust for dust, ratio in _COUNTED.items() if ratio in named}
    seen: set[str] = set()
    return [_read(index, entry, source, disputed, seen) for index, entry in enumerate(values)]


def _read(index: int, entry: object, source: str | None, disputed: set[str], seen: set[str]) -> Reading | Rejection:
    value_type = entry.get("value_type") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(value_type, str):
        return Rejection(index, "wrong_shape")
    if value_type not in VALUES:
        return Rejection(index, "not_an_insight")
    if value_type in disputed:
        return Rejection(index, "unit_disputed")
    if value_type in seen:
        return Rejection(index, "doubled_value")
    seen.add(value_type)

    raw = entry.get("value")
    if is_no_data(raw):
        return Rejection(index, "no_data")
    value = read_number(raw)
    if value is None:
        return Rejection(index, "not_a_number")
    kind, unit = VALUES[value_type]
    return Reading(
        index=index,
        source=source,
        appliance_type="air_sensor",
        kind=kind,
        value=value,
        unit=unit,
        method=Method(type="sensor", name=f"airrohr.{value_type}", version="airrohr@1"),
        raw=Raw(clip(raw), unit),
    )


def _source(push: dict[str, Any], headers: Mapping[str, str]) -> str | None:
    announced = header(headers, "X-Sensor").strip()
    if _CHIP.fullmatch(announced):
        return announced
    for field, chip in _CHIP_FIELDS.items():
        candidate = f"{chip}-{push.get(field)}"
        if field in push and _CHIP.fullmatch(candidate):
            return candidate
    return None


DIALECT = Dialect(
    name="airrohr",
    kinds=frozenset(kind for kind, _unit in VALUES.values()),
    content_types=frozenset({"application/json"}),
    parse=parse,
)
