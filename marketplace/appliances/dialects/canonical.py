"""Maru's own format: CloudEvents 1.0 in structured JSON, one insight per event, single or as a batch.

Source: CloudEvents 1.0 JSON format with the extensions `recordedtime` and `sequence`; `data` is the paper's section 2.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from marketplace.appliances import wire
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
_JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
_MEDIA_FIELDS = frozenset({"dataref", "data_base64"})

MAX_STRING = 256
_MEDIA = re.compile(r"(?i)\bdata:[a-z]+/|[a-z][a-z0-9+.-]{1,20}://|\bwww\.|[A-Za-z0-9+/_-]{200,}")
#: Without one of these, and without a word this long, `_MEDIA` finds nothing, unless an escape hides it. `quality` is
#: the one registered field that has no bound of its own.
_SUSPICIOUS = (b"://", b"data:", b"www.", b'"quality"', b"\\/", *(b"\\u00%d" % row for row in range(8)))
_SHORTEST_MEDIA = 200
_SOURCE = re.compile(r"urn:device:[A-Za-z0-9._-]{1,128}")
_TYPE = re.compile(r"insight\.[a-z0-9_.]{1,64}\.v1")
_ID = re.compile(r"[!-~]{1,128}")
_WORD = re.compile(r"[a-z0-9_]{1,64}")
_VALUE_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@/+-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SEQUENCE = re.compile(r"[0-9]{1,20}")
_RAW = re.compile(r"[0-9A-Za-z.,+ -]{0,64}")
_PERSON_WORDS = frozenset({"human", "person", "people", "child", "face", "body"})


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read a CloudEvent, or a batch of them, into readings; one result per event.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many events.
    """
    document = wire.loads(body)
    events = document if isinstance(document, list) else [document]
    wire.check_item_count(events)
    is_plain = not _may_carry_something(body)
    return [_read(index, event, is_plain=is_plain) for index, event in enumerate(events)]


def _read(index: int, event: object, *, is_plain: bool) -> Reading | Rejection:
    """Read one event.

    Args:
        is_plain: nothing in the whole body is long or may carry something. What has only registered fields, none of
            them long, is small too; whatever is refused then is looked at again, so that it is refused for what comes
            first.
    """
    if not isinstance(event, dict):
        return Rejection(index, "wrong_shape")
    try:
        if not is_plain:
            _check_all_of(event)
        return _reading(index, event)
    except ItemRefused as refused:
        return _read(index, event, is_plain=False) if is_plain else refused.at(index)


def _check_all_of(event: dict[str, Any]) -> None:
    _check_size(event)
    if _MEDIA_FIELDS & event.keys():
        raise ItemRefused("raw_media")
    _check_strings(event)


def _reading(index: int, event: dict[str, Any]) -> Reading:
    _check_fields(event, _EVENT_FIELDS, "event")
    _check_envelope(event)

    data = event.get("data")
    if not isinstance(data, dict):
        raise ItemRefused("missing_field", "data")
    _check_fields(data, _DATA_FIELDS, "data")
    kind = _kind(event, data)
    value = _value(data)
    unit = _unit(data, "data.unit")
    return Reading(
        index=index,
        source=event["source"],
        event_id=event["id"],
        kind=kind,
        value=value,
        unit=unit,
        observed_at=_time(event, "time", "time"),
        zone=_match(data, "zone", _WORD, "data.zone", default=None),
        scheme=_match(data, "scheme", _WORD, "data.scheme", default=None),
        confidence=_number(data, "confidence", "data.confidence"),
        power_w=_number(data, "power_w", "data.power_w"),
        window_s=_window(data),
        interval=_interval(data),
        method=_method(data),
        raw=_raw(data, value, unit),
    )


def _check_size(event: dict[str, Any]) -> None:
    if len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()) > wire.MAX_EVENT_BYTES:
        raise ItemRefused("event_too_large")


def _may_carry_something(body: bytes) -> bool:
    """Tell at a glance whether `_check_all_of` has something to look for: in most bodies it has not."""
    lowered = body.lower()
    return any(sign in lowered for sign in _SUSPICIOUS) or max(map(len, body.split(b'"'))) >= _SHORTEST_MEDIA


def _check_strings(node: object) -> None:
    """Refuse long strings and anything that could carry media or an address, in keys as well as in values."""
    if isinstance(node, str):
        if len(node) > MAX_STRING:
            raise ItemRefused("string_too_long")
        if _MEDIA.search(node):
            raise ItemRefused("raw_media")
    elif isinstance(node, dict):
        for key, value in node.items():
            _check_strings(key)
            _check_strings(value)
    elif isinstance(node, list):
        for value in node:
            _check_strings(value)


def _check_fields(found: dict[str, Any], allowed: frozenset[str], field: str) -> None:
    if not found.keys() <= allowed:
        raise ItemRefused("unregistered_field", field)


def _check_envelope(event: dict[str, Any]) -> None:
    if event.get("specversion") != "1.0":
        raise ItemRefused("missing_field", "specversion")
    if event.get("datacontenttype", "application/json") not in _JSON:
        raise ItemRefused("missing_field", "datacontenttype")
    _match(event, "id", _ID, "id")
    _match(event, "type", _TYPE, "type")
    _match(event, "sequence", _SEQUENCE, "sequence", default=None)
    _time(event, "recordedtime", "recordedtime")
    if not isinstance(event.get("source"), str) or not _SOURCE.fullmatch(event["source"]):
        raise ItemRefused("wrong_source")


def _kind(event: dict[str, Any], data: dict[str, Any]) -> str:
    kind = data.get("kind")
    if not isinstance(kind, str):
        raise ItemRefused("missing_field", "data.kind")
    if kind not in KINDS:
        raise ItemRefused("unknown_kind", "data.kind")
    if event["type"] != f"insight.{kind}.v1":
        raise ItemRefused("type_mismatch")
    return kind


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


def _method(data: dict[str, Any]) -> Method:
    method = data.get("method")
    if not isinstance(method, dict):
        raise ItemRefused("missing_field", "data.method")
    # What a hub sends says how it came to be in the same words, item after item.
    if all(type(word) is str for word in method.values()):
        return _known_method(tuple(method.items()))
    return _read_method(method)


@lru_cache(maxsize=256)
def _known_method(words: tuple[tuple[str, str], ...]) -> Method:
    return _read_method(dict(words))


def _read_method(method: dict[str, Any]) -> Method:
    if method.get("type") not in ("sensor", "model"):
        raise ItemRefused("missing_field", "data.method")
    is_model = method["type"] == "model"
    name_field = "id" if is_model else "name"
    _check_fields(method, frozenset({"type", name_field, "version", "sha256"}), "data.method")
    try:
        return Method(
            type=method["type"],
            name=_match(method, name_field, _NAME, name_field),
            version=_match(method, "version", _NAME, "version"),
            sha256=_match(method, "sha256", _SHA256, "sha256", **({} if is_model else {"default": None})),
        )
    except ItemRefused as refused:
        raise ItemRefused(
            "model_required" if is_model else "missing_field", f"data.method.{refused.field}"
        ) from refused


def _raw(data: dict[str, Any], value: Value, unit: str) -> Raw:
    """Keep the sender's own note of the raw value where it is a number: in words one could write anything.

    `quality` is checked and left to our own flags.
    """
    quality = data.get("quality", [])
    if not isinstance(quality, list) or not all(isinstance(word, str) and _WORD.fullmatch(word) for word in quality):
        raise ItemRefused("wrong_value", "data.quality")
    raw = data.get("raw")
    if raw is None:
        return Raw(clip(value), unit)
    if not isinstance(raw, dict):
        raise ItemRefused("wrong_value", "data.raw")
    _check_fields(raw, frozenset({"value", "unit"}), "data.raw")
    noted, noted_unit = raw.get("value"), _unit(raw, "data.raw.unit")
    if not isinstance(noted, int | float):
        _match(raw, "value", _RAW, "data.raw.value")
    return Raw(clip(value), unit) if read_number(noted) is None else Raw(clip(noted), noted_unit)


def _unit(found: dict[str, Any], field: str) -> str:
    unit = found.get("unit")
    if unit in (None, ""):
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
