"""Blueair: lists like SenML's under short names, device records that hold them, and histories in columns.

The newer purifiers say no units: dust is in µg/m³, `h` in percent, `t` in Celsius; `tVOC` and `hcho` would be a guess.
`filterusage` is the share used. Source: github.com/dahlb/blueair_api and its recorded device bodies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import Rejection
from marketplace.appliances.dialects.scalars import read_epoch
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping, sequence
from marketplace.appliances.dialects.unit_words import voc_kind

_NUMBERS: dict[str, tuple[str, str | None]] = {
    "pm1": ("air.pm1", "ug/m3"),
    "pm2_5": ("air.pm25", "ug/m3"),
    "pm10": ("air.pm10", "ug/m3"),
    "co2": ("air.co2", "[ppm]"),
    "tVOC": ("air.tvoc_ratio", None),
    "hcho": ("air.hcho", None),
    "h": ("climate.humidity", "%"),
    "t": ("climate.temperature", "Cel"),
}
# What the histories of the older purifiers call the same; they say their units.
_OLDER = {"pm": "pm2_5", "tmp": "t", "hum": "h", "voc": "tVOC"}
KINDS = frozenset(kind for kind, _unit in _NUMBERS.values()) | {"air.tvoc_mass", "filter.remaining"}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read one list of values, device records, or histories: a value, a device or a row is one item.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    document = wire.loads(body)
    found = mapping(document).get("deviceInfo", document)
    items = found if isinstance(found, list) else [found]
    rows = [row for item in items for row in _rows(item)]
    wire.check_item_count(rows)
    return answers(rows, partial(_read, headers))


def _rows(item: object) -> list[object]:
    """Turn a history into one record per row, and leave anything else as it is."""
    found = mapping(item)
    columns, rows = found.get("sensors"), found.get("datapoints")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return [item]
    names = [name if isinstance(name, str) else "" for name in columns]
    units = sequence(found.get("units"))
    if names[:1] == ["time"]:
        # The older ones name the column of the moments as well.
        names, units = [_OLDER.get(name, name) for name in names[1:]], units[1:]
    return [{"id": found.get("did"), "sensordata": _entries(names, units, sequence(row))} for row in rows]


def _entries(names: list[str], units: list[Any], row: list[Any]) -> list[dict[str, Any]]:
    # The moment stands first; a column without a value is null.
    return [
        {"n": name, "t": row[0], "v": value, "u": unit}
        for name, value, unit in zip(names, row[1:], chain(units, repeat(None)), strict=False)
        if value is not None and name in _NUMBERS
    ]


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    found = mapping(item)
    speaker = Speaker(
        dialect="blueair",
        index=index,
        source=device_of(headers, found.get("id")),
        appliance_type="air_purifier",
    )
    if "n" in found:
        yield from _entry(speaker, found)
    elif isinstance(found.get("sensordata"), list) or isinstance(found.get("states"), list):
        for entry in (*sequence(found.get("sensordata")), *sequence(found.get("states"))):
            yield from _entry(speaker, mapping(entry))
    else:
        yield Rejection(index, "wrong_shape")


def _entry(speaker: Speaker, entry: Mapping[str, Any]) -> Iterator[Result]:
    name, value = entry.get("n"), entry.get("v")
    if not isinstance(name, str) or (name not in _NUMBERS and name != "filterusage"):
        return
    try:
        speaker = replace(speaker, observed_at=read_epoch(entry.get("t")))
    except ValueError:
        yield speaker.refused("wrong_time", "t")
        return
    if name == "filterusage":
        yield speaker.filter_left(name, value)
    else:
        kind, usual = _NUMBERS[name]
        unit = entry.get("u") or usual
        yield speaker.measured(name, value, voc_kind(unit) if name == "tVOC" else kind, unit)


DIALECT = Dialect(name="blueair", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
