"""From a reading in the sender's words to one registered value, unit and time, or to a named rejection."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from json.encoder import encode_basestring as _quoted

from consent.parties.canonical import plain_bytes, sha256_hex, utc_text
from marketplace.appliances.dialects.readings import Interval, Method, Raw, Reading, TimeQuality
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.insights.kinds import KINDS, Kind, Number
from marketplace.insights.units import convert

MAX_AHEAD = timedelta(seconds=60)
MAX_AGE = timedelta(days=7)
MAX_SPAN = timedelta(days=31)
MAX_COOKING_W = 2000
# Clocks that were never set start in 1970 or 2000; both mean "no time".
_CLOCK_WAS_SET = datetime(2001, 1, 1, tzinfo=UTC)
_FAULT = re.compile(r"[a-z0-9_]{1,20}:[A-Za-z0-9_.-]{1,43}")


# Not frozen, as `Reading` is not: to make a frozen one takes four times as long.
@dataclass(slots=True, kw_only=True)
class NormalReading:
    """One value in its kind's unit, at a trusted time, ready to be sealed.

    `said` is what was said, as canonical bytes: without a server's time, for the same words a second later are the same
    words. `event_key` is the duplicate key within one appliance, `content_digest` what a duplicate must match.
    `source` is for the HMAC that finds the appliance; it is in none of these, and not in the payload.
    """

    index: int
    kind: str
    value: Number | bool | str
    unit: str
    observed_at: datetime
    time_quality: TimeQuality
    method: Method
    raw: Raw
    source: str | None
    appliance_type: str
    event_key: str
    said: bytes
    zone: str | None
    scheme: str | None
    confidence: Number | None
    power_w: Number | None
    window_s: int | None
    interval: Interval | None
    flags: tuple[str, ...]

    @property
    def content_digest(self) -> str:
        return sha256_hex(self.said)

    def payload(self, *, assurance: str) -> bytes:
        """Return what is sealed: everything but who spoke. `raw` never leaves the vault for a buyer."""
        flags = ",".join([f'"{flag}"' for flag in self.flags])
        at = f'"observed_at":"{_text(self.observed_at)}",' if self.time_quality == "server" else ""
        beside = (
            f'"assurance":"{assurance}","flags":[{flags}],{at}'
            f'"raw":{{"unit":{_quoted(self.raw.unit)},"value":{_quoted(self.raw.value)}}},'
            f'"time_quality":"{self.time_quality}"}}'
        )
        # By hand, as `_said`. Two objects without a word in common, and neither empty: joined, they are one.
        return b"%b,%b" % (self.said[:-1], beside.encode())


def normalise(reading: Reading, *, received_at: datetime) -> NormalReading | Rejection:
    """Bring one reading to its kind's unit, range and time.

    Args:
        received_at: The server's clock when the request came in; it stands in where the sender gave no time.

    Returns:
        The normal reading, or the rejection that names what does not fit.
    """
    try:
        return _normal(reading, received_at)
    except ItemRefused as refused:
        return refused.at(reading.index)


def flag_physics(readings: Sequence[NormalReading]) -> list[NormalReading]:
    """Flag dust that cannot be: PM1 is part of PM2.5, and that of PM10, when one thing says them at one time."""
    said: dict[tuple[str | None, datetime], dict[str, Number]] = {}
    for reading in readings:
        if reading.kind in _DUST_BY_SIZE and isinstance(reading.value, int | float):
            said.setdefault((reading.source, reading.observed_at), {})[reading.kind] = reading.value
    wrong = {key for key, dust in said.items() if not _grows_with_size(dust)}
    return [
        replace(reading, flags=(*reading.flags, "dust_sizes_disagree"))
        if reading.kind in _DUST_BY_SIZE and (reading.source, reading.observed_at) in wrong
        else reading
        for reading in readings
    ]


_DUST_BY_SIZE = ("air.pm1", "air.pm25", "air.pm10")


def _grows_with_size(dust: dict[str, Number]) -> bool:
    sizes = [dust[kind] for kind in _DUST_BY_SIZE if kind in dust]
    return sizes == sorted(sizes)


def _normal(reading: Reading, received_at: datetime) -> NormalReading:
    kind = KINDS.get(reading.kind)
    if kind is None or kind.by_rule:
        raise ItemRefused("unknown_kind")
    _check_words(kind, reading)
    _check_model(kind, reading)
    value = _value(kind, reading)
    observed_at, quality = _observed(kind, reading, received_at)
    _check_span(kind, reading, received_at)
    confidence, power_w = _confidence(reading.confidence), _power(kind, reading.power_w)
    said = _said(kind, reading, value, confidence, power_w, _text(observed_at) if quality == "source" else None)
    return NormalReading(
        index=reading.index,
        kind=kind.code,
        value=value,
        unit=kind.unit,
        observed_at=observed_at,
        time_quality=quality,
        method=reading.method,
        raw=reading.raw,
        source=reading.source,
        appliance_type=reading.appliance_type,
        event_key=_event_key(reading, value, observed_at),
        said=said,
        zone=reading.zone,
        scheme=reading.scheme,
        confidence=confidence,
        power_w=power_w,
        window_s=reading.window_s,
        interval=reading.interval,
        flags=_flags(kind, value, reading.zone),
    )


def _check_words(kind: Kind, reading: Reading) -> None:
    if reading.zone is not None and reading.zone not in kind.zones:
        raise ItemRefused("unknown_zone", "zone")
    if reading.scheme not in kind.schemes if kind.schemes else reading.scheme is not None:
        raise ItemRefused("unknown_scheme", "scheme")


def _check_model(kind: Kind, reading: Reading) -> None:
    if kind.edge_only and (reading.method.type != "model" or reading.method.sha256 is None):
        raise ItemRefused("model_required", "method")
    if reading.confidence is None and (kind.edge_only or kind.needs_confidence):
        raise ItemRefused("confidence_required", "confidence")


def _value(kind: Kind, reading: Reading) -> Number | bool | str:
    value = reading.value
    if kind.value_type == "number":
        return _number(kind, value, reading.unit)
    if kind.value_type == "flag":
        # Only the registered statement itself is an insight: "not absent" would be presence.
        if value is not True:
            raise ItemRefused("wrong_value", "value")
        return True
    if not isinstance(value, str):
        raise ItemRefused("wrong_value", "value")
    if value not in kind.words if kind.value_type == "word" else not _FAULT.fullmatch(value):
        raise ItemRefused("unknown_word", "value")
    return value


def _number(kind: Kind, value: object, unit: str) -> Number:
    if not isinstance(value, Decimal):
        raise ItemRefused("wrong_value", "value")
    if not unit.strip():
        raise ItemRefused("missing_unit", "unit")
    converted = convert(value, unit=unit, to=kind.unit)
    if converted is None:
        raise ItemRefused("unknown_unit", "unit")
    if kind.sentinels and (kind.is_sentinel(value) or kind.is_sentinel(converted)):
        raise ItemRefused("no_data")
    if not kind.holds(converted):
        raise ItemRefused("out_of_range", "value")
    return _plain(converted, kind.decimals)


_STEPS = [Decimal(1).scaleb(-places) for places in range(7)]


def _plain(value: Decimal | Fraction, places: int) -> Number:
    """Round half to even, as a decimal where it is one: that is the same number, and much sooner found."""
    if isinstance(value, Decimal):
        number = value.quantize(_STEPS[places], ROUND_HALF_EVEN)
        return int(number) if number == number.to_integral_value() else float(number)
    rounded = round(value, places)
    return int(rounded) if rounded.denominator == 1 else float(rounded)


def _confidence(value: Decimal | None) -> Number | None:
    if value is None:
        return None
    if not 0 <= value <= 1:
        raise ItemRefused("out_of_range", "confidence")
    return _plain(value, 2)


def _power(kind: Kind, value: Decimal | None) -> Number | None:
    if value is None:
        return None
    if kind.code != "microwave.cook" or not 0 <= value <= MAX_COOKING_W:
        raise ItemRefused("out_of_range", "power_w")
    return _plain(value, 0)


def _observed(kind: Kind, reading: Reading, received_at: datetime) -> tuple[datetime, TimeQuality]:
    observed_at = reading.observed_at
    if observed_at is None and kind.span == "interval" and reading.interval is not None:
        observed_at = reading.interval.end
    if observed_at is None or observed_at < _CLOCK_WAS_SET:
        return received_at, "server"
    if observed_at > received_at + MAX_AHEAD:
        raise ItemRefused("time_in_future", "time")
    if observed_at < received_at - MAX_AGE:
        raise ItemRefused("too_old", "time")
    return observed_at, "source"


def _check_span(kind: Kind, reading: Reading, received_at: datetime) -> None:
    interval = reading.interval
    if interval is not None:
        is_over = interval.end <= received_at + MAX_AHEAD
        if not is_over or not timedelta(0) <= interval.end - interval.start <= MAX_SPAN:
            raise ItemRefused("wrong_interval", "interval")
        # Whatever time it is told at, it happened then.
        if interval.end < received_at - MAX_AGE:
            raise ItemRefused("too_old", "interval")
    elif kind.span == "interval" or (kind.span == "window" and reading.window_s is None):
        raise ItemRefused("missing_interval", "interval")


def _flags(kind: Kind, value: Number | bool | str, zone: str | None) -> tuple[str, ...]:
    return () if not kind.flags or isinstance(value, bool | str) else kind.flags_of(value, zone=zone)


def _event_key(reading: Reading, value: Number | bool | str, observed_at: datetime) -> str:
    """Hash the sender's own id, or the fact itself where there is none. The id may hold names, so it is not kept."""
    if reading.event_id is not None:
        return sha256_hex(f"id|{reading.event_id}".encode())
    milliseconds = int(observed_at.timestamp() * 1000)
    return sha256_hex(f"fact|{reading.kind}|{reading.zone or ''}|{milliseconds}|{_json(value)}".encode())


def _said(
    kind: Kind,
    reading: Reading,
    value: Number | bool | str,
    confidence: Number | None,
    power_w: Number | None,
    observed_at: str | None,
) -> bytes:
    """Return the RFC 8785 bytes of what was said: the names in their order, no blanks.

    Kinds, units, zones, schemes and words are registered and hold nothing that JSON would escape; numbers have the few
    decimals of their kind, so that Python writes them as the RFC does. An encoder takes five times as long.
    """
    span = reading.interval
    parts = (
        "{",
        "" if confidence is None else f'"confidence":{confidence},',
        f'"interval":{{"end":"{_text(span.end)}","start":"{_text(span.start)}"}},' if span else "",
        f'"kind":"{kind.code}","method":{_method(reading.method)},',
        f'"observed_at":"{observed_at}",' if observed_at else "",
        "" if power_w is None else f'"power_w":{power_w},',
        f'"scheme":"{reading.scheme}",' if reading.scheme else "",
        f'"unit":"{kind.unit}","value":{_json(value)}',
        "" if reading.window_s is None else f',"window_s":{reading.window_s}',
        f',"zone":"{reading.zone}"' if reading.zone else "",
        "}",
    )
    return "".join(parts).encode()


def _json(value: Number | bool | str) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "true" if value is True else repr(value)


@lru_cache(maxsize=1024)
def _method(method: Method) -> str:
    words = {"type": method.type, "name": method.name, "version": method.version}
    return plain_bytes(words | ({"sha256": method.sha256} if method.sha256 else {})).decode()


def _text(moment: datetime) -> str:
    return utc_text(moment, to="milliseconds")
