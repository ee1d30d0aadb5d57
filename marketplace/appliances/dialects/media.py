"""What could carry a picture, a sound or an address in an event, and is refused wherever it stands."""

import json
import re
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.rejections import ItemRefused

_MEDIA_FIELDS = frozenset({"dataref", "data_base64"})

MAX_STRING = 256
_MEDIA = re.compile(r"(?i)\bdata:[a-z]+/|[a-z][a-z0-9+.-]{1,20}://|\bwww\.|[A-Za-z0-9+/_-]{200,}")
#: Without one of these `_MEDIA` finds nothing in a registered field, for all are short; but an escape may hide one.
#: `quality` alone may be as long as its sender likes.
_SUSPICIOUS = (b"://", b"data:", b"www.", b'"quality"')
_HIDING = (b"\\/", *(b"\\u00%d" % row for row in range(8)))


def may_carry_something(body: bytes) -> bool:
    """Tell at a glance whether `check_small_and_plain` has something to look for: in most bodies it has not."""
    lowered = body.lower()
    return any(sign in lowered for sign in _SUSPICIOUS) or (b"\\" in body and any(sign in lowered for sign in _HIDING))


def check_small_and_plain(event: dict[str, Any]) -> None:
    """Let an event pass that is small and carries nothing, in whatever field.

    Raises:
        ItemRefused: it is too large, or carries something or might.
    """
    _check_size(event)
    if _MEDIA_FIELDS & event.keys():
        raise ItemRefused("raw_media")
    _check_strings(event)


def _check_size(event: dict[str, Any]) -> None:
    if len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()) > wire.MAX_EVENT_BYTES:
        raise ItemRefused("event_too_large")


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
