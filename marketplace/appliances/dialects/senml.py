"""SenML: packs of records with base values, resolved before they are read.

What is measured is told by the last part of the name, by the object of LwM2M, or by the unit alone where the name is
only a device's. Texts, data and places are never read. A time below 2**28 counts from the moment the pack came in.
Source: RFC 8428 (resolution, units, times); RFC 8798 (secondary units); RFC 9039 (device names); OMA LwM2M registry.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects import entity_words
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import read_epoch, read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping
from marketplace.appliances.dialects.unit_words import voc_kind

_NAMES = {
    "climate.temperature": "temperature temp temperatura air_temperature ambient_temperature",
    "climate.humidity": "humidity hum rh relhum rel_humidity relative_humidity",
    "air.pm1": "pm1 pm1_0 pm1.0",
    "air.pm25": "pm25 pm2_5 pm2.5",
    "air.pm10": "pm10",
    "air.co2": "co2",
    "air.voc_index": "voc_index",
    "air.tvoc_ratio": "tvoc voc",
    "air.hcho": "hcho formaldehyde",
    "appliance.power": "power",
}
_KINDS_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_KINDS_BY_UNIT = {"Cel": "climate.temperature", "%RH": "climate.humidity"}
# LwM2M names a measurement by numbers, its object and its resource; some objects fix the unit as well.
_OBJECTS: dict[tuple[str, str], tuple[str, str | None]] = {
    ("3303", "5700"): ("climate.temperature", None),
    ("3304", "5700"): ("climate.humidity", None),
    ("3328", "5700"): ("appliance.power", None),
    ("3428", "1"): ("air.pm10", "ug/m3"),
    ("3428", "3"): ("air.pm25", "ug/m3"),
    ("3428", "5"): ("air.pm1", "ug/m3"),
    ("3428", "17"): ("air.co2", "ppm"),
}
# Where an object says the unit of what it measures, for all but the newest leave out SenML's own.
_VALUE, _UNIT = "/5700", "/5701"
# A name that ends in an address names a thing, not what it measures.
_ADDRESS = re.compile(r"(?:[0-9]{1,8}-)?(?:id)?[0-9a-fA-F]{6,32}")
_SEPARATOR = re.compile(r"[:/]")
_NUMBER = re.compile(r"\d+")
_INSTANCE = re.compile(r"[:/][0-9]{1,2}$")
# A pack's names begin with the device that sends it, whatever is said of devices elsewhere.
_SENDERS = {"device", "board", "esp", "raspberry"}
# Every record's name has the base name in it: a long one would be there hundreds of times.
_LONGEST_NAME = 256
_RELATIVE_BELOW = 2**28
_VERSION = 10
KINDS = frozenset(_NAMES) | {"air.tvoc_mass"}


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
    found = answers(resolved, partial(_read, headers, received_at, _stated_units(resolved)))
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
    if not isinstance(prefix, str) or not isinstance(name, str) or len(prefix) + len(name) > _LONGEST_NAME:
        return None
    return _Record(
        name=prefix + name,
        own=name.lower(),
        unit=record.get("u", base.get("bu")),
        time=_sum(base.get("bt", 0), record.get("t", 0)),
        record=record,
        base_value=_sum(base.get("bv", 0), 0),
    )


def _stated_units(resolved: Iterable[_Record | None]) -> dict[str, object]:
    """Collect the units that objects say in a resource of their own: `vs`, or `sv` before there was SenML."""
    return {
        found.name.removesuffix(_UNIT): found.record.get("vs", found.record.get("sv"))
        for found in resolved
        if found is not None and found.name.endswith(_UNIT)
    }


def _sum(base: object, part: object) -> Decimal:
    first, second = read_number(base), read_number(part)
    return Decimal("NaN") if first is None or second is None else first + second


def _read(
    headers: Mapping[str, str],
    received_at: datetime,
    stated: Mapping[str, object],
    index: int,
    resolved: _Record | None,
) -> Iterator[Result]:
    if resolved is None:
        yield Rejection(index, "wrong_shape")
        return
    if "vd" in resolved.record:
        raise ItemRefused("raw_media", "vd")
    source, kind, fixed = _meaning(resolved)
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
    unit = resolved.unit or fixed or stated.get(resolved.name.removesuffix(_VALUE))
    kind = voc_kind(unit) if kind == "air.tvoc_ratio" else kind
    yield speaker.measured("v", said if not isinstance(said, Decimal) else _plain(said), kind, unit)


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _meaning(resolved: _Record) -> tuple[str, str | None, str | None]:
    """Return the name of the thing, the kind of what it measures, and the unit if its object fixes one."""
    name = resolved.name.rstrip(":/")
    parts = _SEPARATOR.split(name)
    # The instance between an object and its resource may be left out.
    for place in (-2, -3)[: len(parts) - 1]:
        if found := _OBJECTS.get((parts[place], parts[-1])):
            return "/".join(parts[:place]), *found
    name = _INSTANCE.sub("", name)
    last = _SEPARATOR.split(name)[-1].lower()
    word = _word(last, resolved.own)
    thing = name[: len(name) - len(word)]
    kind = _KINDS_BY_NAME.get(word)
    if not word and _ADDRESS.fullmatch(last) and isinstance(resolved.unit, str):
        kind = _KINDS_BY_UNIT.get(resolved.unit)
    about = entity_words.words_of(_NUMBER.sub(" ", thing)) - _SENDERS
    if about & entity_words.SETPOINT or (kind and kind.startswith("climate.") and entity_words.is_no_room(about)):
        kind = None
    return thing.rstrip(":/_"), kind, None


def _word(last: str, own: str) -> str:
    """Return the part of a name that says what is measured, or nothing."""
    device, _underscore, component = last.rpartition("_")
    if last in _KINDS_BY_NAME:
        return last
    if component in _KINDS_BY_NAME and _ADDRESS.fullmatch(device):
        return component
    # Before it stands a device whose name forgot its last colon.
    return own if own in _KINDS_BY_NAME else ""


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
