"""The bytes of a request, read with bounds, and the one strict JSON reader every dialect goes through."""

import json
import math
import re
from collections.abc import Collection
from itertools import accumulate
from typing import Any, Protocol

MAX_ITEMS = 500
MAX_EVENT_BYTES = 8 * 1024
MAX_BODY_BYTES = MAX_ITEMS * MAX_EVENT_BYTES
MAX_DEPTH = 32
_MAX_NUMBER_LENGTH = 40
_CHUNK_BYTES = 64 * 1024

# Possessive, so that an unterminated string costs one pass and never a backtrack.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_A_BRACKET = re.compile(r"[^\[\]{}]++")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class WireError(Exception):
    """A request that cannot be read as a whole. `code` is stable; the sentence never quotes the body."""

    code = "unreadable_body"
    sentence = "The body cannot be read."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class BodyTooLarge(WireError):
    code = "body_too_large"
    sentence = f"The body is larger than {MAX_BODY_BYTES} bytes. Send fewer items at a time."


class TooManyItems(WireError):
    code = "too_many_items"
    sentence = f"A batch may hold {MAX_ITEMS} items. Send the rest in another request."


class UnsupportedContentType(WireError):
    code = "unsupported_content_type"
    sentence = "This content type is not read here. Send the one the dialect names, in UTF-8."


class UnsupportedContentEncoding(WireError):
    code = "unsupported_content_encoding"
    sentence = "Compressed bodies are not read here. Send the body as it is."


class NotUtf8(WireError):
    code = "not_utf8"
    sentence = "The body is not UTF-8 text."


class NotJson(WireError):
    code = "not_json"
    sentence = "The body is not JSON. A bare NaN, a trailing comma or a cut-off body is the usual cause."


class TooDeep(WireError):
    code = "too_deep"
    sentence = f"The JSON is nested deeper than {MAX_DEPTH} levels."


class NumberNotFinite(WireError):
    code = "number_not_finite"
    sentence = "The JSON holds NaN, Infinity or a number too large to keep. Leave such values out."


class DoubledKey(WireError):
    code = "doubled_key"
    sentence = "An object in the JSON holds the same key twice, so its meaning is unclear."


class Readable(Protocol):
    """The part of Django's HttpRequest that is needed here."""

    META: dict[str, Any]

    def read(self, size: int, /) -> bytes: ...


def read_bounded(request: Readable, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a request's body up to a limit, in chunks, past Django's own 2.5 MB rule for `request.body`.

    Raises:
        BodyTooLarge: it announces more than the limit, or sends more.
        UnsupportedContentEncoding: it is compressed.
    """
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedContentEncoding
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise BodyTooLarge

    body = bytearray()
    while chunk := request.read(min(_CHUNK_BYTES, limit + 1 - len(body))):
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def check_content_type(header: str | None, allowed: Collection[str]) -> str:
    """Return the media type of a Content-Type header, if it is one of those allowed and in UTF-8.

    Raises:
        UnsupportedContentType: it is another one, is missing or names another charset.
    """
    media_type, *parameters = (part.strip().lower() for part in (header or "").split(";"))
    charsets = {part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")}
    if media_type not in allowed or not charsets <= {"utf-8", "utf8"}:
        raise UnsupportedContentType
    return media_type


def loads(body: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """Read JSON strictly: UTF-8, bounded in size and depth, finite numbers, no doubled keys, no lone surrogates.

    Raises:
        BodyTooLarge, NotUtf8, TooDeep, NotJson, NumberNotFinite, DoubledKey: all of them WireError.
    """
    if len(body) > limit:
        raise BodyTooLarge
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise NotUtf8 from exc
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
        )
    except ValueError as exc:
        raise NotJson from exc
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def check_item_count(items: Collection[object]) -> None:
    """Refuse a batch with more than `MAX_ITEMS` items.

    Raises:
        TooManyItems: there are more.
    """
    if len(items) > MAX_ITEMS:
        raise TooManyItems


def _check_depth(text: str) -> None:
    # Before the parser: its recursion would end in a RecursionError, which no caller should meet.
    brackets = _NOT_A_BRACKET.sub("", _STRING.sub("", text))
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise TooDeep


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubledKey
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise NumberNotFinite
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NumberNotFinite
    return value


def _refuse_constant(_name: str) -> None:
    raise NumberNotFinite


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as exc:
        raise NotUtf8 from exc
