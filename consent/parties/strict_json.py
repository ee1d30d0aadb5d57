"""The one reader of JSON from outside: what RFC 8259 allows, without what two readers would read differently."""

import json
import math
import re
from itertools import accumulate
from typing import Any

from consent.parties.errors import DoubledKey, NotJson, NotUtf8, NumberNotFinite, TooDeep

MAX_DEPTH = 32
_MAX_NUMBER_LENGTH = 40

_MARKS = b'[]{}"'
_NO_MARKS = bytes(set(range(256)) - set(_MARKS))
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*+"?')
_STEP = {mark: 1 if mark in b"[{" else -1 for mark in b"[]{}"}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(body: bytes) -> Any:
    """Read JSON strictly: UTF-8, bounded in depth, finite numbers, no doubled keys, no lone surrogates.

    Raises:
        NotUtf8, TooDeep, NotJson, NumberNotFinite, DoubledKey: all of them UnreadableBody.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise NotUtf8 from exc
    _check_depth(body)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
        )
    except ValueError as exc:
        raise NotJson from exc
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _check_depth(body: bytes) -> None:
    # Before the parser: its recursion would end in a RecursionError, which no caller should meet. A backslash outside
    # a string ends the parsing there and then, so what follows it need not be counted right.
    marks = (_ESCAPE.sub(b"", body) if b"\\" in body else body).translate(None, _NO_MARKS)
    # Two quotes side by side open and close, or close and open: without them all else is in a string or not as before.
    brackets = _STRING.sub(b"", marks.replace(b'""', b""))
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
