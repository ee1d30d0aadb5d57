"""Signed requests as Standard Webhooks has them: Ed25519 over `id.timestamp.body`. Pure: no clock, no database."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.parties.canonical import sha256_hex
from marketplace.appliances.errors import ClockTooFarOff, KeyUnusable, SignatureRefused

#: How far the sender's clock may be off, to both sides; the replay store remembers for twice as long.
WINDOW_SECONDS = 300
PUBLIC_PREFIX = "whpk_"
_SCHEME = "v1a,"
#: One key, and the next one beside it while the keys change.
_MAX_SIGNATURES = 4
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64

_P = 2**255 - 19
#: The y of the eight points whose order divides 8: under such a "key" anybody's signature fits some message.
#: Source: the curve of RFC 8032 section 5.1; a test adds each of them to itself and arrives at nothing.
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_WEAK_Y = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


@dataclass(frozen=True)
class Signed:
    """What the three headers say; nothing of it is trusted before `check_signature`."""

    message_id: str
    timestamp: int
    signatures: tuple[bytes, ...]

    @property
    def message_sha256(self) -> str:
        """Name the message without keeping the sender's own words for it."""
        return sha256_hex(self.message_id.encode())


def read_headers(headers: Mapping[str, str]) -> Signed:
    """Read `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    Args:
        headers: by their names in lower case.

    Raises:
        SignatureRefused: one is missing, malformed or too long, or no Ed25519 signature is among them.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused
    said = headers.get("webhook-signature", "")
    if len(said) > 1024:
        raise SignatureRefused
    ours = [word.removeprefix(_SCHEME) for word in said.split(" ") if word.startswith(_SCHEME)]
    if not 1 <= len(ours) <= _MAX_SIGNATURES:
        raise SignatureRefused
    return Signed(message_id, int(timestamp), tuple(_bytes_of(word, _SIGNATURE_BYTES) for word in ours))


def check_clock(signed: Signed, *, at: datetime, held: timedelta = timedelta(0)) -> None:
    """Refuse what was sent more than five minutes ago, or from a clock that is as far ahead.

    Args:
        held: how long a broker may have held it on its way.

    Raises:
        ClockTooFarOff: it was.
    """
    ago = int(at.timestamp()) - signed.timestamp
    if not -WINDOW_SECONDS <= ago <= WINDOW_SECONDS + held.total_seconds():
        raise ClockTooFarOff


def check_not_before(signed: Signed, *, made_at: datetime) -> None:
    """Refuse what was signed before the key came to this home: it was meant for the one before.

    Args:
        made_at: when the key was bound here; to the second, as timestamps are.

    Raises:
        ClockTooFarOff: it was, or the sender's clock is that much behind.
    """
    if signed.timestamp < int(made_at.timestamp()):
        raise ClockTooFarOff


def check_signature(signed: Signed, body: bytes, *, public_key: bytes) -> None:
    """Let pass only what the holder of the private key signed, byte for byte.

    Args:
        body: the bytes as they were sent, still packed if they came packed.

    Raises:
        SignatureRefused: no signature in the headers fits.
    """
    key, content = Ed25519PublicKey.from_public_bytes(public_key), signed_content(signed, body)
    for signature in signed.signatures:
        try:
            key.verify(signature, content)
        except InvalidSignature:
            continue
        return
    raise SignatureRefused


def signed_content(signed: Signed, body: bytes) -> bytes:
    """Return the bytes that a signature is over."""
    return b"%s.%d.%s" % (signed.message_id.encode(), signed.timestamp, body)


def read_public_key(text: str) -> bytes:
    """Read a public key written as `whpk_` and base64, and return its 32 bytes.

    Raises:
        KeyUnusable: it is no Ed25519 public key, or one of the few under which anybody could sign.
    """
    if not text.startswith(PUBLIC_PREFIX) or len(text) > 80:
        raise KeyUnusable
    try:
        found = _bytes_of(text.removeprefix(PUBLIC_PREFIX), _KEY_BYTES)
    except SignatureRefused as exc:
        raise KeyUnusable from exc
    y = int.from_bytes(found, "little") & (2**255 - 1)
    # A y at or over p is a second spelling of a smaller one: one key must not pair twice under two.
    if y >= _P or y in _WEAK_Y:
        raise KeyUnusable
    return found


def _bytes_of(text: str, length: int) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise SignatureRefused from exc
    if len(found) != length or base64.b64encode(found).decode() != text:
        raise SignatureRefused
    return found
