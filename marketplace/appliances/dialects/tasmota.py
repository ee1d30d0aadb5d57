"""Tasmota: `tele/…/SENSOR` and `StatusSNS`, one object per sensor that hangs on the board.

Only sensors that hang in a room are read; `ESP32` is the board's own heat. `CF…` is dust in a factory's air and `eCO2`
an estimate out of VOC. `AirQuality` is a percentage of something. Source: tasmota.github.io, MQTT and sensor pages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.messages import CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_epoch, read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping

_NUMBERS = {
    "PM1": ("air.pm1", "ug/m3"),
    "PM2.5": ("air.pm25", "ug/m3"),
    "PM10": ("air.pm10", "ug/m3"),
    "CarbonDioxide": ("air.co2", "[ppm]"),
    "TVOC": ("air.tvoc_ratio", "[ppb]"),
    "VOCIndex": ("air.voc_index", "{voc_index}"),
    "Humidity": ("climate.humidity", "%"),
}
_SENSORS = frozenset(
    {"PMS5003", "SDS0X1", "SDS011", "HPMA", "SPS30", "SEN5X", "SCD30", "SCD40", "SCD41", "MHZ19B", "S8", "IAQ"}
    | {"SGP30", "SGP40", "SGP4X", "BME280", "BME680", "HTU21", "SI7021", "SHT3X", "SHT4X", "SHTC3", "AHT1X", "AHT2X"}
    | {"SonoffSC", "VINDRIKTNING", "HM330X", "PMS3003", "PMSA003I", "CCS811", "ENS160", "T67XX", "DHT12"}
    | {"BMP085", "BMP180", "BMP280", "BMP388", "BMP390", "BME68X", "SHT1X", "AM2320", "DHT20", "HDC2010", "HDC2080"}
    | {"MCP9808", "LM75AD", "MHOC401", "SGP41", "K30", "K33"}
    | {"AM2301", "DHT11", "DHT22", "HDC1080", "LYWSD02", "LYWSD03", "MJ_HT_V1", "CGD1", "CGG1", "MHOC303", "ATC"}
)
# Firmware before version 6 wrote the date with dots, and no zone.
_OLD_TIME = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Bluetooth thermometers carry the tail of their address: each is a thing of its own.
_SENSOR = re.compile(r"([A-Za-z0-9_]{2,12})(?:-([0-9A-Za-z]{1,12}))?")
# Sensors that know an index of VOC only, and call it VOC.
_INDEX_AS_VOC = frozenset({"SEN5X"})
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    "climate.temperature",
    "appliance.power",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read messages, or one bare payload.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many messages.
    """
    return answers(read_messages(body, headers), partial(_read, headers))


def _read(headers: Mapping[str, str], _index: int, message: Message) -> Iterator[Result]:
    speaker = Speaker(dialect="tasmota", index=message.index, source=message.topic or device_of(headers))
    if not isinstance(message.payload, dict):
        if message.payload in ("Online", "Offline"):
            return
        yield speaker.refused("wrong_shape")
        return
    telemetry = mapping(message.payload.get("StatusSNS")) or message.payload
    speaker = replace(speaker, observed_at=_time(telemetry))
    unit = telemetry.get("TempUnit")
    yield from _sensor(replace(speaker, appliance_type="air_sensor"), "board", telemetry, unit)
    for key, found in telemetry.items():
        known = _SENSOR.fullmatch(key)
        if known and known[1] in _SENSORS and isinstance(found, dict):
            of = f"{speaker.source or ''}/{key}" if known[2] else speaker.source
            yield from _sensor(replace(speaker, source=of, appliance_type="air_sensor"), known[1], found, unit)
    # Before version 5.11 an energy meter had a topic of its own.
    is_of_a_meter = message.levels[-1:] == ("ENERGY",)
    yield from _energy(speaker, telemetry if is_of_a_meter else mapping(telemetry.get("ENERGY")))


def _sensor(speaker: Speaker, sensor: str, found: Mapping[str, Any], unit: object) -> Iterator[Result]:
    for name, (kind, fixed) in _NUMBERS.items():
        if name in found:
            yield speaker.measured(f"{sensor}.{name}", found[name], kind, fixed)
    if sensor in _INDEX_AS_VOC and "VOC" in found:
        yield speaker.measured(f"{sensor}.VOC", found["VOC"], "air.voc_index", "{voc_index}")
    if "Temperature" in found:
        yield speaker.measured(f"{sensor}.Temperature", found["Temperature"], "climate.temperature", unit)
    if "AirQuality" in found:
        yield speaker.refused("unknown_scheme", f"{sensor}.AirQuality")


def _energy(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    if "Power" in found:
        yield speaker.measured("ENERGY.Power", found["Power"], "appliance.power", "W")
    if "Total" in found:
        # A counter since a time without a zone says nothing about one event.
        yield speaker.refused("missing_interval", "ENERGY.Total")


def _time(telemetry: Mapping[str, Any]) -> datetime | None:
    """Return the time of a message: its own if it states a zone, else the epoch beside it."""
    stamp = telemetry.get("Time")
    if isinstance(stamp, str) and _OLD_TIME.fullmatch(stamp):
        stamp = None
    try:
        return read_time(stamp) or read_epoch(telemetry.get("Epoch"))
    except ValueError as exc:
        raise ItemRefused("wrong_time", "Time") from exc


DIALECT = Dialect(name="tasmota", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
