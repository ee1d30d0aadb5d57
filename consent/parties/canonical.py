"""One way to turn a document into bytes, one way to name those bytes, and one way to write an instant."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

import rfc8785

_MAX_EXACT = 2**53 - 1
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def canonical_bytes(document: Any) -> bytes:
    """Return the RFC 8785 (JCS) bytes of a JSON document.

    Raises:
        rfc8785.CanonicalizationError: the document holds something JSON cannot say exactly.
    """
    if _is_plain(document):
        try:
            return _encode(document).encode()
        except UnicodeEncodeError:
            pass  # half a surrogate pair; the library names it
    return rfc8785.dumps(document)


def plain_bytes(document: Any) -> bytes:
    """Return what `canonical_bytes` does, of a document that its maker knows to be plain, which is not looked at again.

    Plain is what `_is_plain` says: keys in ASCII, text without half a surrogate pair, and numbers of few digits.
    """
    return _encode(document).encode()


def _is_plain(node: Any) -> bool:
    """Tell whether Python's own encoder, written in C, writes `node` just as the RFC wants it: all but rare documents.

    Not plain: keys beyond ASCII (the RFC sorts them by UTF-16), numbers with an exponent or without a fraction that are
    floats, integers a double cannot hold, and anything that is no JSON.
    """
    kind = type(node)
    if kind is str or node is None or kind is bool:
        return True
    if kind is dict:
        for key, value in node.items():
            if type(key) is not str or not key.isascii():
                return False
            # Most values are text; asking here saves a call for each.
            if type(value) is not str and not _is_plain(value):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_is_plain, node))
    if kind is int:
        return -_MAX_EXACT <= node <= _MAX_EXACT
    return kind is float and _is_plain_fraction(repr(node))


def _is_plain_fraction(text: str) -> bool:
    return "e" not in text and "n" not in text and not text.endswith(".0")


def utc_text(moment: datetime, *, to: Literal["seconds", "milliseconds"]) -> str:
    """Return an instant as JSON carries it: in UTC with a Z, cut off after seconds or milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec=to).replace("+00:00", "Z")


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def keyed_hex(key: bytes, text: str) -> str:
    """Return HMAC-SHA256(key, text) as 64 lower-case hex digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def keyed_hexes(key: bytes, prefix: str, texts: Iterable[str]) -> list[str]:
    """Return `keyed_hex(key, prefix + text)` of each text; the key and the prefix are hashed once.

    An HMAC is two hashes begun with the key, one around the other; Python's own objects for it take twice as long.

    Source: RFC 2104, for keys of a block of SHA-256 or less.
    """
    block = key.ljust(hashlib.sha256().block_size, b"\0")
    inner, outer = hashlib.sha256(block.translate(_INNER) + prefix.encode()), hashlib.sha256(block.translate(_OUTER))
    found = []
    for text in texts:
        within, around = inner.copy(), outer.copy()
        within.update(text.encode())
        around.update(within.digest())
        found.append(around.hexdigest())
    return found


_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
