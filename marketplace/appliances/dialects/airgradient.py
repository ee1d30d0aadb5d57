"""AirGradient: what a monitor answers at `/measures/current`, posts to its server or publishes over MQTT.

`pm02` is PM2.5 and `pm01` PM1; the API of the portable ones says `pm25`. The format carries no units; they are the
firmware's. A monitor says no time, but its cloud and those who hand its words on later do. Just after a start keys are
missing. What hangs outside tells nothing of the home and is not read.
Source: github.com/airgradienthq/arduino, docs/local-server.md.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.messages import CONTENT_TYPES, Message, read_messages
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_number, read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of

# The compensated twins are left: one value per kind, and the plain ones are there in every firmware.
_NUMBERS = {
    "pm01": ("air.pm1", "ug/m3"),
    "pm02": ("air.pm25", "ug/m3"),
    "pm10": ("air.pm10", "ug/m3"),
    "rco2": ("air.co2", "[ppm]"),
    "tvocIndex": ("air.voc_index", "{voc_index}"),
    # As the first firmwares wrote it.
    "tvoc_index": ("air.voc_index", "{voc_index}"),
    "atmp": ("climate.temperature", "Cel"),
    "rhum": ("climate.humidity", "%"),
    # As the portable ones write it.
    "pm25": ("air.pm25", "ug/m3"),
    "co2": ("air.co2", "[ppm]"),
    "temperature": ("climate.temperature", "Cel"),
    "humidity": ("climate.humidity", "%"),
}
# How the models that hang outside begin; one firmware writes a nought for the O.
_OUTDOORS = ("O-", "0-")
_TIMES = ("timestamp", "measurementTime")
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values())


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read measures, single, listed or as MQTT messages.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    return answers(read_messages(body, headers), partial(_read, headers))


def _read(headers: Mapping[str, str], _index: int, message: Message) -> Iterator[Result]:
    found = message.payload
    if not isinstance(found, dict):
        yield Speaker(dialect="airgradient", index=message.index).refused("wrong_shape")
        return
    if _is_outdoors(found):
        return
    serial = found.get("serialno", found.get("serialNumber", message.levels[-1] if message.levels else None))
    speaker = Speaker(
        dialect="airgradient",
        index=message.index,
        source=device_of(headers, serial),
        appliance_type="air_sensor",
        observed_at=_time(found),
    )
    # `boot` counts the measuring rounds since the last start, `bootCount` is its older name.
    is_first_round = read_number(found.get("boot", found.get("bootCount"))) == 0
    named = _named(found)
    if is_first_round:
        # Nothing is measured yet, and then not everything.
        yield from (speaker.refused("warming_up", name) for name in named or ("boot",))
        return
    for name in named:
        yield speaker.measured(name, found[name], *_NUMBERS[name])


def _named(found: Mapping[str, Any]) -> list[str]:
    """Return the names that are there, one a kind."""
    names: dict[str, str] = {}
    for name, (kind, _unit) in _NUMBERS.items():
        if name in found:
            names.setdefault(kind, name)
    return list(names.values())


def _is_outdoors(found: Mapping[str, Any]) -> bool:
    model = found.get("model", found.get("fwMode"))
    is_made_for_it = isinstance(model, str) and model.startswith(_OUTDOORS)
    return is_made_for_it or found.get("locationType") == "outdoor"


def _time(found: Mapping[str, Any]) -> datetime | None:
    try:
        return next((read_time(found[name]) for name in _TIMES if name in found), None)
    except ValueError as exc:
        raise ItemRefused("wrong_time", "timestamp") from exc


DIALECT = Dialect(name="airgradient", kinds=KINDS, content_types=CONTENT_TYPES, parse=parse)
