"""The bytes of a request, read with bounds. What is in them, `strict_json` reads."""

from collections.abc import Collection
from typing import Any, Protocol

from consent.parties import strict_json
from consent.parties.errors import BodyTooLarge
from marketplace.appliances import packing
from marketplace.appliances.errors import TooManyItems, UnsupportedContentType

MAX_ITEMS = 500
MAX_EVENT_BYTES = 8 * 1024
#: So many events of that size, and what stands between them.
MAX_BODY_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Readable(Protocol):
    """The part of Django's HttpRequest that is needed here."""

    META: dict[str, Any]

    def read(self, size: int, /) -> bytes: ...


def read_bounded(request: Readable, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a request's body as it came, up to a limit, in chunks, past Django's own 2.5 MB rule for `request.body`.

    Raises:
        BodyTooLarge: it announces more than the limit, or sends more.
    """
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise BodyTooLarge

    body = bytearray()
    while chunk := request.read(min(_CHUNK_BYTES, limit + 1 - len(body))):
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def read_body(request: Readable, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a request's body and unpack it: the limit holds for what was sent and for what comes out of it.

    A signature is over the bytes as they were sent; whoever checked one has read them, and left them here.

    Raises:
        BodyTooLarge: it is larger than the limit, or grows beyond it.
        UnsupportedContentEncoding: it is packed in a way that is not unpacked here.
        CannotUnpack: it is cut off, or not what it says it is.
    """
    encoding = packing.encoding_of(request.META.get("HTTP_CONTENT_ENCODING", ""))
    kept = getattr(request, KEPT_BODY, None)
    raw = read_bounded(request, limit=limit) if kept is None else kept
    return packing.unpack(raw, encoding, limit=limit)


#: Where the bytes of a signed request stay once its signature was checked.
KEPT_BODY = "maru_signed_body"


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
    """Read a body that holds JSON, strictly and up to a size.

    Raises:
        UnreadableBody: it is too large, or one of the refusals of `strict_json.loads`.
    """
    if len(body) > limit:
        raise BodyTooLarge
    return strict_json.loads(body)


def check_item_count(items: Collection[object]) -> None:
    """Refuse a batch with more than `MAX_ITEMS` items.

    Raises:
        TooManyItems: there are more.
    """
    if len(items) > MAX_ITEMS:
        raise TooManyItems
