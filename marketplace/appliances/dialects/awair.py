"""Awair: the local API's one object, and the cloud's list of moments, newest first.

`voc` is in ppb. `dust` is what the first generation calls its one dust sensor, taken for PM2.5 as Home Assistant takes
it; estimates (`…_est`), scores and indices are left. Source: docs.developer.getawair.com, local and cloud API.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping

_NUMBERS = {
    "temp": ("climate.temperature", "Cel"),
    "humid": ("climate.humidity", "%"),
    "co2": ("air.co2", "[ppm]"),
    "voc": ("air.tvoc_ratio", "[ppb]"),
    "pm25": ("air.pm25", "ug/m3"),
    "dust": ("air.pm25", "ug/m3"),
}
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values())


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read one moment, or the cloud's list of them.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many moments.
    """
    document = wire.loads(body)
    moments = mapping(document).get("data", document)
    items = moments if isinstance(moments, list) else [moments]
    wire.check_item_count(items)
    return answers(items, partial(_read, headers))


def _read(headers: Mapping[str, str], index: int, moment: object) -> Iterator[Result]:
    speaker = Speaker(dialect="awair", index=index, source=device_of(headers), appliance_type="air_sensor")
    if not isinstance(moment, dict):
        yield speaker.refused("wrong_shape")
        return
    try:
        speaker = replace(speaker, observed_at=read_time(moment.get("timestamp")))
    except ValueError as exc:
        raise ItemRefused("wrong_time", "timestamp") from exc
    values = _sensors(moment["sensors"]) if isinstance(moment.get("sensors"), list) else moment
    for name, (kind, unit) in _NUMBERS.items():
        if name in values and not (name == "dust" and "pm25" in values):
            yield speaker.measured(name, values[name], kind, unit)


def _sensors(listed: list[object]) -> dict[str, Any]:
    found = [mapping(entry) for entry in listed[: 4 * len(_NUMBERS)]]
    return {entry["comp"]: entry.get("value") for entry in found if isinstance(entry.get("comp"), str)}


DIALECT = Dialect(name="awair", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
