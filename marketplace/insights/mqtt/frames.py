"""What one publication holds: a body as it is, or a few headers, an empty line and the body, as HTTP writes it. Pure.

MQTT 3.1.1 has no headers of its own. The signature is over the bytes behind the empty line, as over those of a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from consent.parties.errors import BodyTooLarge
from marketplace.appliances import packing, signatures, wire
from marketplace.appliances.errors import SignatureRefused
from marketplace.appliances.signatures import Signed

_KEY = "maru-key"
_SIGNED = frozenset({_KEY, "webhook-id", "webhook-timestamp", "webhook-signature"})
_NAMES = _SIGNED | {"content-encoding"}
_STARTS = (b"maru-key:", b"webhook-", b"content-encoding:")
MAX_HEADER_BYTES = 4 * 1024
#: What a broker is told not to send more of.
MAX_BYTES = wire.MAX_BODY_BYTES + MAX_HEADER_BYTES


@dataclass(frozen=True)
class Frame:
    """One publication taken apart.

    Attributes:
        key_id: the key that is said to have signed it; None if nobody signed.
        body: the bytes as they were sent, still packed if they came packed.
    """

    key_id: UUID | None
    signed: Signed | None
    encoding: str
    body: bytes

    def unpacked(self) -> bytes:
        """Return the body.

        Raises:
            BodyTooLarge: more than a body may hold comes out of it.
            CannotUnpack: it is cut off or damaged.
        """
        return packing.unpack(self.body, self.encoding, limit=wire.MAX_BODY_BYTES)


def read_frame(payload: bytes) -> Frame:
    """Take a publication apart. What does not start with one of our headers is a body and nothing else.

    Raises:
        BodyTooLarge: the body is larger than it may be.
        SignatureRefused: the headers are not in order.
        UnsupportedContentEncoding: it is packed in a way that is not unpacked here.
    """
    if not payload.startswith(_STARTS):
        return _checked(Frame(None, None, "", payload))
    head, found, body = payload[:MAX_HEADER_BYTES].partition(b"\n\n")
    if not found:
        raise SignatureRefused
    headers = _headers(head)
    encoding = packing.encoding_of(headers.get("content-encoding", ""))
    body = payload[len(head) + len(found) :]
    if not _SIGNED & headers.keys():
        return _checked(Frame(None, None, encoding, body))
    return _checked(Frame(_key_id(headers.get(_KEY, "")), signatures.read_headers(headers), encoding, body))


def _checked(frame: Frame) -> Frame:
    if len(frame.body) > wire.MAX_BODY_BYTES:
        raise BodyTooLarge
    return frame


def _headers(head: bytes) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in head.split(b"\n"):
        name, colon, value = line.partition(b":")
        word = name.decode("ascii", "replace").lower()
        if not colon or word not in _NAMES or word in found or not value.isascii():
            raise SignatureRefused
        found[word] = value.decode("ascii").strip()
    return found


def _key_id(text: str) -> UUID:
    try:
        if len(text) == 36:
            return UUID(text)
    except ValueError:
        pass
    raise SignatureRefused
