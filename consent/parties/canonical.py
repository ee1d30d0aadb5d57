"""One way to turn a document into bytes, one way to name those bytes, and one way to write an instant."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any, Literal

import rfc8785


def canonical_bytes(document: Any) -> bytes:
    """Return the RFC 8785 (JCS) bytes of a JSON document.

    Raises:
        rfc8785.CanonicalizationError: the document holds something JSON cannot say exactly.
    """
    return rfc8785.dumps(document)


def utc_text(moment: datetime, *, to: Literal["seconds", "milliseconds"]) -> str:
    """Return an instant as JSON carries it: in UTC with a Z, cut off after seconds or milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec=to).replace("+00:00", "Z")


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def keyed_hex(key: bytes, text: str) -> str:
    """Return HMAC-SHA256(key, text) as 64 lower-case hex digits."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
