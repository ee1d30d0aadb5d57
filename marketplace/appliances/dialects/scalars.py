"""Strict readers for the small values every dialect meets: numbers as text, times, headers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

# Words that stand where a number should, seen in the wild (Home Assistant, Dyson, LG, Awair, WAQI).
NO_DATA_WORDS = frozenset(
    {"", "-", "--", "unknown", "unavailable", "none", "null", "nan", "inf", "-inf", "off", "init", "fail", "inv"}
    | {"invalid", "n/a", "na", "error", "undefined"}
)
_CLOCK_WAS_SET = 978_307_200
_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,20})?")
_CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9]):([0-5][0-9])")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def is_no_data(value: object) -> bool:
    """Say whether a value is one of the many ways of writing "nothing measured"."""
    return value is None or (isinstance(value, str) and value.strip().lower() in NO_DATA_WORDS)


def read_number(value: object) -> Decimal | None:
    """Read a plain decimal number, as a JSON number or as text; anything else is None.

    No commas, no exponents, no blanks, no digits of other scripts: `float()` would take all of those.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(repr(value))
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def read_uuid(value: object) -> str | None:
    """Read the id a sender gives to what happened; what is none, and could be anything, is None."""
    return value if isinstance(value, str) and _UUID.fullmatch(value) else None


def read_time(value: object) -> datetime | None:
    """Read an RFC 3339 time in UTC; a missing or zone-less one is None, because a zone is never guessed.

    Raises:
        ValueError: something stands there that is not a time.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("not an RFC 3339 time")
    moment = datetime.fromisoformat(value.upper())
    if moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("a time beyond the calendar") from exc


def read_clock(value: object) -> int | None:
    """Read a span that is written as hours, minutes and seconds, in seconds; anything else is None."""
    clock = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if clock is None:
        return None
    hours, minutes, seconds = map(int, clock.groups())
    return hours * 3600 + minutes * 60 + seconds


def read_epoch(value: object) -> datetime | None:
    """Read seconds or milliseconds since 1970, told apart by their size; before 2001 a clock was never set.

    Raises:
        ValueError: something stands there that is no such time.
    """
    if value is None or value == "":
        return None
    number = read_number(value)
    if number is None or not 0 <= number < 10**14:
        raise ValueError("not a time since the epoch")
    seconds = number / 1000 if number >= 10**11 else number
    return None if seconds < _CLOCK_WAS_SET else datetime.fromtimestamp(float(seconds), UTC)


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header whatever its case, or an empty string."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def clip(value: object) -> str:
    """Return at most 64 characters of a value, for the audit trail."""
    return str(value)[:64]
