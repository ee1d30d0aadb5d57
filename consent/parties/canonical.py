"""One way to turn a document into bytes, and one way to name those bytes."""

import hashlib
import hmac
from typing import Any

import rfc8785


def canonical_bytes(document: Any) -> bytes:
    """Return the RFC 8785 (JCS) bytes of a JSON document.

    Raises:
        rfc8785.CanonicalizationError: the document holds something JSON cannot say exactly.
    """
    return rfc8785.dumps(document)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def keyed_hex(key: bytes, text: str) -> str:
    """Return HMAC-SHA256(key, text) as 64 lower-case hex digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
