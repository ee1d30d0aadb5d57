"""Tasmota: `tele/…/SENSOR` and `StatusSNS`, one object per sensor that hangs on the board.

A sensor of air is known by what it measures, one of warmth by its name: `ESP32` is the board's own heat. `CF…` is dust
in a factory's air and `eCO2` an estimate out of VOC. `AirQuality` is a percentage of something.
Source: tasmota.github.io, MQTT and sensor pages.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.entity_words import Named, named
from marketplace.appliances.dialects.messages import CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_epoch, read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping

_NUMBERS = {
    "PM1": ("air.pm1", "ug/m3"),
    "PM1_0": ("air.pm1", "ug/m3"),
    "PM2.5": ("air.pm25", "ug/m3"),
    "PM2_5": ("air.pm25", "ug/m3"),
    "PM10": ("air.pm10", "ug/m3"),
    "CarbonDioxide": ("air.co2", "[ppm]"),
    "TVOC": ("air.tvoc_ratio", "[ppb]"),
    "VOC": ("air.voc_index", "{voc_index}"),
    "VOCIndex": ("air.voc_index", "{voc_index}"),
    "Humidity": ("climate.humidity", "%"),
}
# What only a sensor of air measures: whatever it is called, its warmth is the room's.
_OF_AIR = _NUMBERS.keys() - {"Humidity"}
# Sensors of warmth that hang in a room, not on a pipe; as all do that tell its dew point, whatever they are called.
_OF_A_ROOM = frozenset(
    {"BME280", "BME680", "BME68X", "BMP085", "BMP180", "BMP280", "BMP388", "BMP390", "BMP581", "SHT1X", "SHT3X"}
    | {"SHT4X", "SHTC3", "AHT1X", "AHT2X", "AM2301", "AM2320", "DHT11", "DHT12", "DHT20", "DHT22", "HTU21", "SI7021"}
    | {"HDC1080", "HDC2010", "HDC2080", "MCP9808", "LM75AD", "SonoffSC"}
    | {"LYWSD02", "LYWSD03", "MJ_HT_V1", "CGD1", "CGG1", "MHOC303", "MHOC401", "ATC", "IBSTH2"}
)
_WARM_AND_DAMP = frozenset({"Temperature", "Humidity"})
# Firmware before version 6 wrote the date with dots, and no zone.
_OLD_TIME = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
# Bluetooth thermometers carry the tail of their address: each is a thing of its own.
_SENSOR = re.compile(r"([A-Za-z0-9_]{2,12})(?:-([0-9A-Za-z-]{1,12}))?")
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {
    "climate.temperature",
    "fridge.temperature",
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
    about = named(message.topic)
    fridge = about.fridge_zone
    speaker = replace(speaker, observed_at=_time(telemetry), appliance_type="refrigerator" if fridge else "other")
    unit = telemetry.get("TempUnit")
    yield from _sensor(speaker, telemetry, unit, about)
    for key, found in telemetry.items():
        known = _SENSOR.fullmatch(key)
        if known and isinstance(found, dict) and _is_read(known[1], found, fridge):
            of = f"{speaker.source or ''}/{key}" if known[2] else speaker.source
            # Sensirion's SGP4x knows an index of VOC only, and its driver calls that TVOC.
            found = {"VOC": found.get("TVOC")} if known[1].startswith("SGP4") else found
            yield from _sensor(replace(speaker, source=of), found, unit, about)
    if about.is_maker:
        return
    # Before version 5.11 an energy meter had a topic of its own.
    is_of_a_meter = message.levels[-1:] == ("ENERGY",)
    yield from _energy(speaker, telemetry if is_of_a_meter else mapping(telemetry.get("ENERGY")))


def _is_read(sensor: str, found: Mapping[str, Any], fridge: str | None) -> bool:
    # A probe on a wire may hang anywhere, unless its topic is named after a fridge.
    is_of_a_room = sensor in _OF_A_ROOM or "DewPoint" in found or not found.keys().isdisjoint(_OF_AIR)
    return is_of_a_room or (fridge is not None and sensor.startswith("DS18"))


def _sensor(speaker: Speaker, found: Mapping[str, Any], unit: object, about: Named) -> Iterator[Result]:
    if fridge := about.fridge_zone:
        if "Temperature" in found:
            yield speaker.measured("Temperature", found["Temperature"], "fridge.temperature", unit, zone=fridge)
        return
    if about.is_outdoors:
        return
    if about.is_elsewhere:
        found = {name: value for name, value in found.items() if name not in _WARM_AND_DAMP}
    speaker = replace(speaker, appliance_type="air_sensor")
    for name, (kind, fixed) in _NUMBERS.items():
        if name in found:
            yield speaker.measured(name, found[name], kind, fixed)
    if "Temperature" in found:
        yield speaker.measured("Temperature", found["Temperature"], "climate.temperature", unit)
    if "HCHO" in found:
        # The driver counts it in ppb, which cannot be weighed without its air's pressure.
        yield speaker.refused("unknown_unit", "HCHO")
    if "AirQuality" in found:
        yield speaker.refused("unknown_scheme", "AirQuality")


def _energy(speaker: Speaker, found: Mapping[str, Any]) -> Iterator[Result]:
    power = found.get("Power")
    if isinstance(power, list):
        # A plug with several channels says of each by itself what it draws.
        for number, watts in enumerate(power, 1):
            own = replace(speaker, source=f"{speaker.source or ''}/l{number}")
            yield own.measured("ENERGY.Power", watts, "appliance.power", "W")
    elif "Power" in found:
        yield speaker.measured("ENERGY.Power", power, "appliance.power", "W")
    if "Total" in found:
        # A counter since a time without a zone says nothing about one event.
        yield speaker.refused("missing_interval", "ENERGY.Total")


def _time(telemetry: Mapping[str, Any]) -> datetime | None:
    """Return the time of a message: its own if it states a zone, else the epoch beside it."""
    stamp = telemetry.get("Time")
    if isinstance(stamp, str) and _OLD_TIME.fullmatch(stamp):
        stamp = None
    try:
        if isinstance(stamp, int):
            return read_epoch(stamp)
        return read_time(stamp) or read_epoch(telemetry.get("Epoch"))
    except ValueError as exc:
        raise ItemRefused("wrong_time", "Time") from exc


DIALECT = Dialect(name="tasmota", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
