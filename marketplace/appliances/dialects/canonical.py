"""Maru's own format: CloudEvents 1.0 in structured JSON, one insight per event, single or as a batch.

Source: CloudEvents 1.0 JSON format with the extensions `recordedtime` and `sequence`; what stands in `data` is Maru's.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from marketplace.appliances import wire
from marketplace.appliances.dialects.media import check_small_and_plain, may_carry_something
from marketplace.appliances.dialects.readings import Dialect, Interval, Method, Parsed, Raw, Reading, Value
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import clip, read_number, read_time
from marketplace.appliances.dialects.unit_words import ucum

KINDS = frozenset(
    {
        "air.pm1",
        "air.pm25",
        "air.pm10",
        "air.co2",
        "air.voc_index",
        "air.tvoc_mass",
        "air.tvoc_ratio",
        "air.hcho",
        "air.aqi",
        "climate.temperature",
        "climate.humidity",
        "appliance.energy",
        "appliance.power",
        "fridge.temperature",
        "fridge.door_openings",
        "fridge.door_open_time",
        "microwave.cook",
        "vacuum.obstacle",
        "pest.sighting",
        "food.item",
        "presence.absence",
        "presence.cooled_while_away",
        "filter.remaining",
        "device.fault",
    }
)

_EVENT_FIELDS = frozenset(
    {"specversion", "id", "source", "type", "time", "recordedtime", "sequence", "datacontenttype", "data"}
)
_DATA_FIELDS = frozenset(
    {"kind", "value", "unit", "window_s", "interval", "zone", "scheme", "power_w"}
    | {"confidence", "method", "quality", "raw"}
)
#: What an event says that says nothing beside its value.
_BARE_EVENT = frozenset({"specversion", "id", "source", "type", "time", "datacontenttype", "data"})
_BARE_DATA = frozenset({"kind", "value", "unit", "zone", "scheme", "method"})
#: Of an absent attribute, which may be written as null, JSON is what is meant.
_JSON = frozenset({"application/json", "application/json;charset=utf-8", ""})

_SOURCE = re.compile(r"urn:device:[A-Za-z0-9._-]{1,128}")
_TYPE = re.compile(r"insight\.[a-z0-9_.]{1,64}\.v1")
_ID = re.compile(r"[!-~]{1,128}")
_WORD = re.compile(r"[a-z0-9_]{1,64}")
_VALUE_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@/+-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEQUENCE = re.compile(r"[0-9]{1,20}")
_RAW = re.compile(r"[0-9A-Za-z.,+ -]{0,64}")
#: Of a model its name is proof. A sensor's is read by nobody, and could be that of a room.
_SENSOR = Method(type="sensor", name="canonical", version="canonical@1")
_PERSON_WORDS = frozenset({"human", "person", "people", "child", "face", "body"})


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read a CloudEvent, or a batch of them, into readings; one result per event.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many events.
    """
    document = wire.loads(body)
    events = document if isinstance(document, list) else [document]
    wire.check_item_count(events)
    is_plain = not may_carry_something(body)
    return [_read(index, event, is_plain=is_plain) for index, event in enumerate(events)]


def _read(index: int, event: object, *, is_plain: bool) -> Reading | Rejection:
    """Read one event.

    Args:
        is_plain: nothing in the whole body may carry something. What has only registered fields is short and small too;
            whatever is refused then is looked at again, so that it is refused for what comes first.
    """
    if not isinstance(event, dict):
        return Rejection(index, "wrong_shape")
    try:
        if not is_plain:
            check_small_and_plain(event)
        return _reading(index, event)
    except ItemRefused as refused:
        return _read(index, event, is_plain=False) if is_plain else refused.at(index)


class _Form(NamedTuple):
    """What a sender says in the same words, event after event: checked once, and known from then on.

    `is_bare` tells that nothing but who, when and how much is left to be read.
    """

    kind: str
    unit: str
    zone: str | None
    scheme: str | None
    method: Method
    is_bare: bool


def _reading(index: int, event: dict[str, Any]) -> Reading:
    data = event.get("data")
    if not isinstance(data, dict):
        _check_fields(event, _EVENT_FIELDS, "event")
        raise ItemRefused("missing_field", "data")
    form, event_id, source = _form(event, data), event.get("id"), event.get("source")
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise ItemRefused("missing_field", "id")
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise ItemRefused("wrong_source")
    value = _value(data)
    reading = Reading(
        index=index,
        source=source,
        event_id=event_id,
        kind=form.kind,
        value=value,
        unit=form.unit,
        observed_at=_time(event, "time", "time"),
        zone=form.zone,
        scheme=form.scheme,
        method=form.method,
        raw=Raw(clip(value), form.unit),
    )
    if not form.is_bare:
        _read_beside(reading, event, data)
    return reading


def _read_beside(reading: Reading, event: dict[str, Any], data: dict[str, Any]) -> None:
    """Read what most events do not say."""
    _match(event, "sequence", _SEQUENCE, "sequence", default=None)
    _time(event, "recordedtime", "recordedtime")
    reading.confidence = _number(data, "confidence", "data.confidence")
    reading.power_w = _number(data, "power_w", "data.power_w")
    reading.window_s, reading.interval = _window(data), _interval(data)
    reading.raw = _raw(data) or reading.raw


class _Words(NamedTuple):
    """All that a form is read from: the names of the fields, and the words that stand in every event of a sender."""

    event_fields: tuple[str, ...]
    version: object
    content_type: object
    event_type: object
    data_fields: tuple[str, ...]
    kind: object
    unit: object
    zone: object
    scheme: object
    method: tuple[tuple[str, object], ...] | None


def _form(event: dict[str, Any], data: dict[str, Any]) -> _Form:
    method = data.get("method")
    words = _Words(
        tuple(event),
        event.get("specversion"),
        event.get("datacontenttype"),
        event.get("type"),
        tuple(data),
        data.get("kind"),
        data.get("unit"),
        data.get("zone"),
        data.get("scheme"),
        tuple(method.items()) if isinstance(method, dict) else None,
    )
    try:
        return _known_form(words)
    except TypeError:
        # A list or an object, which nothing is kept under, where a word should stand: it is refused by its name.
        return _read_form(words)


def _read_form(words: _Words) -> _Form:
    _check_fields(words.event_fields, _EVENT_FIELDS, "event")
    if words.version != "1.0":
        raise ItemRefused("missing_field", "specversion")
    if str(words.content_type or "").lower().replace(" ", "") not in _JSON:
        raise ItemRefused("missing_field", "datacontenttype")
    if not isinstance(words.event_type, str) or not _TYPE.fullmatch(words.event_type):
        raise ItemRefused("missing_field", "type")
    _check_fields(words.data_fields, _DATA_FIELDS, "data")
    return _Form(
        kind=_kind(words.event_type, words.kind),
        unit=_unit(words.unit, "data.unit"),
        zone=_word(words.zone, "data.zone"),
        scheme=_word(words.scheme, "data.scheme"),
        method=_method(words.method),
        is_bare=_BARE_EVENT.issuperset(words.event_fields) and _BARE_DATA.issuperset(words.data_fields),
    )


_known_form = lru_cache(maxsize=1024)(_read_form)


def _check_fields(found: Iterable[str], allowed: frozenset[str], field: str) -> None:
    if not allowed.issuperset(found):
        raise ItemRefused("unregistered_field", field)


def _kind(event_type: str, kind: object) -> str:
    if not isinstance(kind, str):
        raise ItemRefused("missing_field", "data.kind")
    if kind not in KINDS:
        raise ItemRefused("unknown_kind", "data.kind")
    if event_type != f"insight.{kind}.v1":
        raise ItemRefused("type_mismatch")
    return kind


def _word(word: object, field: str) -> str | None:
    if word is None:
        return None
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise ItemRefused("missing_field", field)
    return word


def _value(data: dict[str, Any]) -> Value:
    value = data.get("value")
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, str) and _VALUE_WORD.fullmatch(value):
        if value.lower() in _PERSON_WORDS:
            raise ItemRefused("person_refused", "data.value")
        return value
    raise ItemRefused("missing_field" if value is None else "wrong_value", "data.value")


def _method(words: tuple[tuple[str, object], ...] | None) -> Method:
    if words is None:
        raise ItemRefused("missing_field", "data.method")
    method = dict(words)
    if method.get("type") not in ("sensor", "model"):
        raise ItemRefused("missing_field", "data.method")
    is_model = method["type"] == "model"
    name_field = "id" if is_model else "name"
    _check_fields(method, frozenset({"type", name_field, "version", "sha256"}), "data.method")
    # Of a model all must be told; of a sensor what is told must be in order.
    absent = {} if is_model else {"default": None}
    try:
        named = Method(
            type="model" if is_model else "sensor",
            name=_match(method, name_field, _NAME, name_field),
            version=_match(method, "version", _NAME, "version", **absent),
            sha256=_match(method, "sha256", _SHA256, "sha256", **absent),
        )
        return named if is_model else _SENSOR
    except ItemRefused as refused:
        raise ItemRefused(
            "model_required" if is_model else "missing_field", f"data.method.{refused.field}"
        ) from refused


def _raw(data: dict[str, Any]) -> Raw | None:
    """Return the sender's own note of the raw value where it is a number: in words one could write anything.

    `quality` is checked and left to our own flags.
    """
    quality = data.get("quality", [])
    if not isinstance(quality, list) or not all(isinstance(word, str) and _WORD.fullmatch(word) for word in quality):
        raise ItemRefused("wrong_value", "data.quality")
    raw = data.get("raw")
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise ItemRefused("wrong_value", "data.raw")
    _check_fields(raw, frozenset({"value", "unit"}), "data.raw")
    noted, unit = raw.get("value"), _unit(raw.get("unit"), "data.raw.unit")
    if not isinstance(noted, int | float):
        _match(raw, "value", _RAW, "data.raw.value")
    return None if read_number(noted) is None else Raw(clip(noted), unit)


def _unit(unit: object, field: str) -> str:
    if unit is None or unit == "":
        return ""
    if not isinstance(unit, str):
        raise ItemRefused("wrong_value", field)
    if ucum(unit) is None:
        raise ItemRefused("unknown_unit", field)
    return unit


def _interval(data: dict[str, Any]) -> Interval | None:
    interval = data.get("interval")
    if interval is None:
        return None
    if not isinstance(interval, dict):
        raise ItemRefused("wrong_interval", "data.interval")
    _check_fields(interval, frozenset({"start", "end"}), "data.interval")
    start, end = _time(interval, "start", "data.interval.start"), _time(interval, "end", "data.interval.end")
    if start is None or end is None:
        raise ItemRefused("wrong_interval", "data.interval")
    return Interval(start, end)


def _window(data: dict[str, Any]) -> int | None:
    window = data.get("window_s")
    if window is None:
        return None
    if isinstance(window, bool) or not isinstance(window, int) or not 0 < window <= 31 * 86_400:
        raise ItemRefused("wrong_interval", "data.window_s")
    return window


def _number(found: dict[str, Any], key: str, field: str) -> Decimal | None:
    value = found.get(key)
    if value is None:
        return None
    number = None if isinstance(value, str) else read_number(value)
    if number is None:
        raise ItemRefused("wrong_value", field)
    return number


def _time(found: dict[str, Any], key: str, field: str) -> datetime | None:
    try:
        return read_time(found.get(key))
    except ValueError as exc:
        raise ItemRefused("wrong_time", field) from exc


def _match(found: dict[str, Any], key: str, pattern: re.Pattern[str], field: str, **absent: Any) -> Any:
    value = found.get(key)
    if value is None and "default" in absent:
        return absent["default"]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ItemRefused("missing_field", field)
    return value


DIALECT = Dialect(
    name="canonical",
    kinds=KINDS,
    content_types=frozenset({"application/cloudevents+json", "application/cloudevents-batch+json", "application/json"}),
    parse=parse,
)
