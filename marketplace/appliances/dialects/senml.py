"""SenML: packs of records with base values, resolved before they are read.

What is measured is told by the last part of the name, or by the unit alone where the name is only a device's. Texts,
data and places are never read. A time below 2**28 counts from the moment the pack came in.
Source: RFC 8428 (resolution, units, times); RFC 8798 (secondary units).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import read_epoch, read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping

_KINDS_BY_NAME = {
    **dict.fromkeys(("temperature", "temp"), "climate.temperature"),
    **dict.fromkeys(("humidity", "hum", "rh"), "climate.humidity"),
    **dict.fromkeys(("pm1", "pm1_0", "pm1.0"), "air.pm1"),
    **dict.fromkeys(("pm25", "pm2_5", "pm2.5"), "air.pm25"),
    "pm10": "air.pm10",
    "co2": "air.co2",
    "voc_index": "air.voc_index",
    "tvoc": "air.tvoc_ratio",
    "power": "appliance.power",
}
_KINDS_BY_UNIT = {"Cel": "climate.temperature", "%RH": "climate.humidity"}
# LwM2M names a measurement by numbers: its object, the instance within one that may be left out, its resource.
_KINDS_BY_OBJECT = {
    ("3303", "5700"): "climate.temperature",
    ("3304", "5700"): "climate.humidity",
    ("3328", "5700"): "appliance.power",
}
# A name that ends in an address names a thing, not what it measures.
_ADDRESS = re.compile(r"(?:id)?[0-9a-fA-F]{6,32}")
_SEPARATOR = re.compile(r"[:/]")
_RELATIVE_BELOW = 2**28
_VERSION = 10
KINDS = frozenset(_KINDS_BY_NAME.values())


@dataclass(frozen=True, slots=True)
class _Record:
    name: str
    own: str
    unit: object
    time: Decimal
    record: Mapping[str, Any]
    base_value: Decimal


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read a pack, record by record.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many records.
    """
    pack = _flat(wire.loads(body))
    if not isinstance(pack, list):
        return [Rejection(0, "wrong_shape")]
    wire.check_item_count(pack)
    base: dict[str, Any] = {}
    resolved = [_resolved(record, base) for record in pack]
    if not _is_understood(pack):
        return [Rejection(0, "wrong_shape", "bver")]
    found = answers(resolved, partial(_read, headers, received_at))
    # A record that only sets bases says nothing, and nothing is said of it.
    silent = {index for index, record in enumerate(pack) if isinstance(record, dict) and not _says_anything(record)}
    return [result for result in found if result.index not in silent]


def _flat(document: Any) -> Any:
    """Bring the form of the drafts before the RFC, one object with its records in `e`, to the list it became."""
    items = document if isinstance(document, list) else [document]
    if not any(isinstance(mapping(item).get("e"), list) for item in items):
        return document
    return [record for item in items for record in _records(item)]


def _records(item: Any) -> list[Any]:
    entries = mapping(item).get("e")
    if not isinstance(entries, list):
        return [item]
    base = {name: value for name, value in item.items() if name not in ("e", "ver")}
    return [base, *entries]


def _is_understood(pack: list[Any]) -> bool:
    """A field that ends in an underscore must be understood, and so must the version."""
    records = [record for record in pack if isinstance(record, dict)]
    versions = [read_number(record.get("bver", _VERSION)) for record in records]
    has_unknown = any(name.endswith("_") for record in records for name in record)
    return not has_unknown and all(version is not None and version <= _VERSION for version in versions)


def _says_anything(record: Mapping[str, Any]) -> bool:
    return any(not name.startswith("b") for name in record)


def _resolved(record: object, base: dict[str, Any]) -> _Record | None:
    if not isinstance(record, dict):
        return None
    base.update({name: record[name] for name in ("bn", "bt", "bu", "bv") if name in record})
    prefix, name = base.get("bn", ""), record.get("n", "")
    if not isinstance(prefix, str) or not isinstance(name, str):
        return None
    return _Record(
        name=prefix + name,
        own=name.lower(),
        unit=record.get("u", base.get("bu")),
        time=_sum(base.get("bt", 0), record.get("t", 0)),
        record=record,
        base_value=_sum(base.get("bv", 0), 0),
    )


def _sum(base: object, part: object) -> Decimal:
    first, second = read_number(base), read_number(part)
    return Decimal("NaN") if first is None or second is None else first + second


def _read(headers: Mapping[str, str], received_at: datetime, index: int, resolved: _Record | None) -> Iterator[Result]:
    if resolved is None:
        yield Rejection(index, "wrong_shape")
        return
    if "vd" in resolved.record:
        raise ItemRefused("raw_media", "vd")
    source, kind = _meaning(resolved)
    if kind is None or "vs" in resolved.record or "vb" in resolved.record:
        return
    value = read_number(resolved.record.get("v"))
    speaker = Speaker(
        dialect="senml",
        index=index,
        source=source or device_of(headers),
        appliance_type="air_sensor" if kind.startswith(("air.", "climate.")) else "other",
        observed_at=_time(resolved.time, received_at),
    )
    said = resolved.record.get("v") if value is None or resolved.base_value.is_nan() else value + resolved.base_value
    yield speaker.measured("v", said if not isinstance(said, Decimal) else _plain(said), kind, resolved.unit)


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _meaning(resolved: _Record) -> tuple[str, str | None]:
    """Return the name of the thing, and the kind of what it measures."""
    name = resolved.name.rstrip(":/")
    parts = _SEPARATOR.split(name)
    last = parts[-1].lower()
    by_number = next((kind for part in parts[-3:-1] if (kind := _KINDS_BY_OBJECT.get((part, last)))), None)
    if by_number:
        return "/".join(parts[:-2]), by_number
    if last in _KINDS_BY_NAME:
        return name[: -len(last) - 1], _KINDS_BY_NAME[last]
    if resolved.own in _KINDS_BY_NAME and _ADDRESS.fullmatch(last.removesuffix(resolved.own)):
        # The address it follows forgot its last colon.
        return name[: -len(resolved.own)], _KINDS_BY_NAME[resolved.own]
    if _ADDRESS.fullmatch(last) and isinstance(resolved.unit, str):
        return name, _KINDS_BY_UNIT.get(resolved.unit)
    return name, None


def _time(moment: Decimal, received_at: datetime) -> datetime | None:
    """Return when it was; now, and a clock that was never set, are left to the server."""
    try:
        if moment.is_nan():
            raise ValueError
        if moment < _RELATIVE_BELOW:
            return received_at + timedelta(seconds=float(moment)) if moment else None
        return read_epoch(_plain(moment))
    except (ValueError, OverflowError) as exc:
        raise ItemRefused("wrong_time", "t") from exc


DIALECT = Dialect(
    name="senml",
    kinds=KINDS,
    content_types=frozenset({"application/senml+json", "application/json"}),
    parse=parse,
)
