"""The one reader of JSON from outside: what RFC 8259 allows, without what two readers would read differently."""

import json
import math
import re
from typing import Any

from consent.parties.errors import MalformedJSON

MAX_DEPTH = 32
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")


def loads(body: bytes) -> Any:
    """Return the document in `body`.

    Refused: bytes that are not UTF-8, NaN and Infinity, numbers too large for a float, a key given twice in one
    object, and nesting deeper than 32.

    Raises:
        MalformedJSON: the body is none of the above; the sentence says which, and never quotes the body.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedJSON("본문이 UTF-8이 아니에요.") from exc
    _check_depth(text)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_float)
    except MalformedJSON:
        raise
    except (ValueError, RecursionError) as exc:
        raise MalformedJSON("본문이 JSON이 아니에요.") from exc


def _check_depth(text: str) -> None:
    depth = 0
    for sign in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if sign in "[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedJSON(f"{MAX_DEPTH}겹보다 깊은 본문은 읽지 않아요.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise MalformedJSON("한 객체에 같은 이름이 두 번 있어요.")
    return document


def _no_constant(name: str) -> Any:
    raise MalformedJSON(f"{name}은 JSON의 수가 아니에요.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedJSON("담을 수 없을 만큼 큰 수가 있어요.")
    return number
