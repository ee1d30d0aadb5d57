"""SenML: packs of records with base values, resolved before they are read.

What is measured is told by the last words of the name, by the object of LwM2M, or by the unit alone where the name is
only a device's. Of texts none is read but those with which LwM2M says a unit or what a thing is for; data and places
never are. A time below 2**28 counts from the moment the pack came in.
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
    "climate.temperature": "temperature temp temperatura temperatur temperatuur ondo 온도 温度",
    "climate.humidity": "humidity hum rh relhum humedad umidita umidade humidite luftfeuchtigkeit luftfeuchte feuchte "
    "feuchtigkeit luchtvochtigheid luftfuktighet seupdo 습도 湿度",
    "air.pm1": "pm1 pm1_0",
    "air.pm25": "pm25 pm2_5 pm2p5 pm_25 pm_2_5",
    "air.pm10": "pm10 pm_10",
    "air.co2": "co2 carbon_dioxide carbondioxide",
    "air.voc_index": "voc_index",
    "air.tvoc_ratio": "tvoc voc",
    "air.hcho": "hcho ch2o formaldehyde",
    "appliance.power": "power active_power activepower",
}
_KINDS_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_KINDS_BY_UNIT = {"Cel": "climate.temperature", "%RH": "climate.humidity"}
_MOST_WORDS = 1 + max(name.count("_") for name in _KINDS_BY_NAME)
# What may be joined to these words without making something else of them: a room, a chip, a number.
_SAID_OF_IT = frozenset({"air", "ambient", "measured", "current", "relative", "rel", "total"})
_PLAIN = (
    "room indoor indoors inside interior home house env environment sensor node zone living livingroom bed bedroom "
    "kitchen bath bathroom toilet dining office study hall hallway corridor lounge nursery basement attic"
)
_PLAIN_WORDS = frozenset(_PLAIN.split()) | _SAID_OF_IT
_UNIT_WORDS = frozenset(
    {"c", "celsius", "degc", "pct", "percent", "ppm", "ppb", "ug", "m3", "ugm3", "w", "watt", "watts"}
)
_CHIP = re.compile(r"[a-z]{1,5}[0-9][0-9x]{1,3}[a-z]?[0-9]{0,2}")
# Chips that smell gases and reckon CO2 from them.
_GUESSES_CO2 = re.compile(r"ccs811|sgp30|ens16|bme6[89]|iaqcore|mq1")
# LwM2M names a measurement by numbers, its object and its resource; some objects fix the unit as well.
_OBJECTS: dict[tuple[str, str], tuple[str, str | None]] = {
    ("3303", "5700"): ("climate.temperature", None),
    ("3304", "5700"): ("climate.humidity", None),
    ("3305", "5800"): ("appliance.power", None),
    ("3328", "5700"): ("appliance.power", None),
    ("3428", "1"): ("air.pm10", "ug/m3"),
    ("3428", "3"): ("air.pm25", "ug/m3"),
    ("3428", "5"): ("air.pm1", "ug/m3"),
    ("3428", "17"): ("air.co2", "ppm"),
}
# Where an object says the unit of what it measures, for all but the newest leave out SenML's own, and what it is for.
_VALUE, _UNIT = "/5700", "/5701"
_PURPOSES = frozenset({"5750", "env"})
# The concentration of something: what it is for says of what.
_CONCENTRATION = ("3325", "5700")
_GASES = {"co2", "voc", "tvoc", "hcho", "formaldehyde"}
# A ratio to the RFC and a percentage to most who send it: what is above one can only be a percentage.
_RATIO = "%"
# A name that ends in an address names a thing, not what it measures.
_ADDRESS = re.compile(r"(?:[0-9]{1,8}-)?(?:id)?[0-9a-fA-F]{6,32}")
# A dot too, but for the one in `pm2.5`.
_SEPARATOR = re.compile(r"[:/]|(?<![0-9])\.|\.(?![0-9])")
# The words of a name, parted by signs or by capitals, with the digits that belong to them.
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[^\W_A-Z]+")
_NUMBER = re.compile(r"\d+")
_INSTANCE = re.compile(r"[:/][0-9]{1,2}$")
_COUNTED = re.compile(r"[0-9]{1,2}$")
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
    found = answers(resolved, partial(_read, headers, received_at, _stated(resolved)))
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
        own=name,
        unit=record.get("u", base.get("bu")),
        time=_sum(base.get("bt", 0), record.get("t", 0)),
        record=record,
        base_value=_sum(base.get("bv", 0), 0),
    )


def _stated(resolved: Iterable[_Record | None]) -> dict[str, object]:
    """Collect what objects say in resources of their own: `vs`, or `sv` before there was SenML."""
    return {
        found.name: found.record.get("vs", found.record.get("sv"))
        for found in resolved
        if found is not None and found.name.rpartition("/")[2] in (_UNIT[1:], *_PURPOSES)
    }


def _sum(base: object, part: object) -> Decimal:
    first, second = (Decimal(0) if one in (None, "") else read_number(one) for one in (base, part))
    return Decimal("NaN") if first is None or second is None else first + second


def _is_no_number(record: Mapping[str, Any]) -> bool:
    """Say whether a record holds a text or a truth, also as the drafts before the RFC called them."""
    is_old = isinstance(record.get("sv"), str) or isinstance(record.get("bv"), bool)
    return "vs" in record or "vb" in record or is_old


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
    source, kind, fixed = _meaning(resolved, _purpose(resolved.name, stated))
    if kind is None or _is_no_number(resolved.record):
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
    unit = resolved.unit or fixed or stated.get(resolved.name.removesuffix(_VALUE) + _UNIT)
    kind = voc_kind(unit) if kind == "air.tvoc_ratio" else kind
    if unit == _RATIO and isinstance(said, Decimal) and said <= 1:
        raise ItemRefused("unit_disputed", "u")
    yield speaker.measured("v", said if not isinstance(said, Decimal) else _plain(said), kind, unit)


def _plain(number: Decimal) -> str:
    return format(number, "f")


def _purpose(name: str, stated: Mapping[str, object]) -> frozenset[str]:
    """Return the words with which an object, or the thing it is of, says what it is for."""
    if not stated:
        return frozenset()
    above, words = name, set[str]()
    while above:
        above = above.rpartition("/")[0]
        texts = [stated.get(f"{above}/{purpose}") for purpose in _PURPOSES]
        words |= {word for text in texts if isinstance(text, str) for word in entity_words.words_of(text[:64])}
    return frozenset(words)


def _meaning(resolved: _Record, purpose: frozenset[str]) -> tuple[str, str | None, str | None]:
    """Return the name of the thing, the kind of what it measures, and the unit if its object fixes one."""
    name = resolved.name.rstrip(":/")
    # Before the record's own name may stand a device that forgot its last sign.
    for said in (name, resolved.own.rstrip(":/")):
        if found := _object_named(said, purpose):
            length, kind, unit = found
            thing = name[: len(name) - length]
            return thing.rstrip("/"), kind if kind and _is_at_home(kind, thing) else None, unit
    name = _INSTANCE.sub("", name)
    own, last = (_SEPARATOR.split(_INSTANCE.sub("", said.rstrip(":/")))[-1] for said in (resolved.own, name))
    measured = _kind_named(own) or _kind_named(last)
    if measured is None:
        is_address = _ADDRESS.fullmatch(last) is not None and isinstance(resolved.unit, str)
        length, kind = 0, _KINDS_BY_UNIT.get(str(resolved.unit)) if is_address else None
    else:
        length, kind = measured
    thing = name[: len(name) - length]
    is_guess = kind == "air.co2" and _GUESSES_CO2.search(name.lower())
    return thing.rstrip(":/_-."), None if kind is None or is_guess or not _is_at_home(kind, thing) else kind, None


def _object_named(said: str, purpose: frozenset[str]) -> tuple[int, str | None, str | None] | None:
    """Find an object of LwM2M at the end of a name: how much of the name it is, its kind and the unit it fixes."""
    parts = _SEPARATOR.split(said)
    # The instance between an object and its resource may be left out.
    for place in (-2, -3)[: len(parts) - 1]:
        number, length = (parts[place], parts[-1]), len("/".join(parts[place:]))
        if number == _CONCENTRATION:
            return length, _KINDS_BY_NAME.get(min(_GASES & purpose, default="")), None
        if found := _OBJECTS.get(number):
            is_elsewhere = found[0].startswith("climate.") and entity_words.is_no_room(purpose)
            return length, None if is_elsewhere else found[0], found[1]
    return None


def _kind_named(part: str) -> tuple[int, str] | None:
    """Find what the last words of a name measure: how much of the name they are, and the kind."""
    words = [(found.start(), entity_words.unaccented(found[0])) for found in _WORD.finditer(part)]
    for one in (words, _uncounted(words), _without_unit(words)):
        for first in range(max(0, len(one) - _MOST_WORDS), len(one)):
            kind = _KINDS_BY_NAME.get("_".join(word for _start, word in one[first:]))
            if kind is not None:
                before = [word for _start, word in one[:first]]
                if not all(_is_plain(word) or _KINDS_BY_NAME.get(word) == kind for word in before):
                    return None
                # What is said of the measurement, and with which chip, is no part of the thing's name.
                while first and (one[first - 1][1] in _SAID_OF_IT or _CHIP.fullmatch(one[first - 1][1])):
                    first -= 1
                return len(part) - one[first][0], kind
    return None


def _uncounted(words: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Leave away the number that tells one of several apart, as in `temp2` or `temp_2`."""
    if not words:
        return []
    start, word = words[-1]
    plain = _COUNTED.sub("", word)
    return [*words[:-1], (start, plain)] if plain else words[:-1]


def _without_unit(words: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Leave away the unit that is said in the name as well, as in `co2_ppm`."""
    last = next((place for place in range(len(words), 0, -1) if words[place - 1][1] not in _UNIT_WORDS), 0)
    return words[:last]


def _is_plain(word: str) -> bool:
    plain = _NUMBER.sub("", word)
    # A word of the right letters looks like an address: one has digits.
    is_address = plain != word and _ADDRESS.fullmatch(word)
    return not plain or plain in _PLAIN_WORDS or bool(is_address or _CHIP.fullmatch(word))


def _is_at_home(kind: str, thing: str) -> bool:
    """Say whether a thing's name leaves it in a room, and what it tells a measurement."""
    about = entity_words.words_of(_NUMBER.sub(" ", " ".join(_WORD.findall(thing)))) - _SENDERS
    if about & entity_words.SETPOINT:
        return False
    if kind == "appliance.power":
        return not entity_words.is_maker(about)
    if kind.startswith("climate."):
        return not entity_words.is_no_room(about)
    return not entity_words.is_outdoors(about)


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
