"""Signatures of receipts: detached JWS (Ed25519) over JCS bytes, with keys that are changed and kept.

The newest private key signs. A key that was replaced leaves its public half behind, for as long as there are receipts.
Source: RFC 8785, RFC 7515 appendix F, RFC 7638, RFC 9864.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from consent.parties.canonical import canonical_bytes
from consent.parties.secrets import read_or_make

T = TypeVar("T")
TYPE = "consent-receipt+jws"
#: `receipts-3.pem` is a private key, `receipts-3.pub` what is left of one that was replaced.
KEY_FILE = re.compile(r"receipts-(\d+)\.(pem|pub)")


@dataclass(frozen=True)
class SigningKey:
    """One key of the archive. `number` counts from 1; `is_current` for the one that signs."""

    number: int
    kid: str
    is_current: bool


def sign(receipt: dict[str, Any]) -> tuple[bytes, str]:
    """Return the canonical bytes of a receipt and the detached JWS over them."""
    body = canonical_bytes(receipt)
    kid, key = _current_key()
    header = {"alg": "Ed25519", "kid": kid, "typ": TYPE, "cty": "application/ld+json"}
    return body, jws.detach_content(jws.serialize_compact(header, body, key, algorithms=["Ed25519"]))


def as_document(body: bytes) -> dict[str, Any]:
    """Return a stored receipt as JSON; its canonical form is again the stored bytes."""
    return json.loads(body)


def is_genuine(receipt: dict[str, Any], signature: str) -> tuple[bool, str]:
    """Tell whether this exact receipt carries a signature of ours.

    Returns:
        Whether it does, and one word for why not: `signature` (changed or foreign), `header` (not a receipt's),
        `key` (no key of ours has that id), or `ok`.
    """
    try:
        header = _header_of(signature)
        if (header.get("alg"), header.get("typ")) != ("Ed25519", TYPE):
            return False, "header"
        key = _public_keys().get(str(header.get("kid")))
        if key is None:
            return False, "key"
        jws.deserialize_compact(signature, key, algorithms=["Ed25519"], payload=canonical_bytes(receipt))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False, "signature"
    return True, "ok"


def jwks() -> dict[str, Any]:
    """Return the public keys, old ones too: an old receipt verifies for as long as it is kept."""
    _current_key()
    shared = {"use": "sig", "alg": "Ed25519"}
    return {"keys": [{**key.as_dict(private=False), **shared, "kid": kid} for kid, key in _public_keys().items()]}


def key_archive() -> list[SigningKey]:
    """Return every key that ever signed, the oldest first."""
    _current_key()
    files = _key_files()
    newest = max(number for number, path in files.items() if path.suffix == ".pem")
    return [SigningKey(number, _loaded(path)[0], number == newest) for number, path in files.items()]


def rotate_key() -> SigningKey:
    """Let a new key sign from now on, and destroy the private half of the one before.

    The new key is there before the old one goes: whoever signs meanwhile finds one of the two, and both verify. What
    a crash left undone (two private keys) is mended by the next rotation.

    Raises:
        OSError: the folder cannot be written.
    """
    _current_key()
    before = {number: path for number, path in _key_files().items() if path.suffix == ".pem"}
    number = max(_key_files()) + 1
    read_or_make(f"receipts-{number}.pem", _new_key)
    for old, path in before.items():
        public = _loaded(path)[1].as_pem(private=False)
        read_or_make(f"receipts-{old}.pub", lambda public=public: public)  # type: ignore[misc]
        path.unlink(missing_ok=True)
    return key_archive()[-1]


def _header_of(signature: str) -> dict[str, Any]:
    """Return the protected header. Only one way of writing the same bytes is taken, so that no character may vary.

    Raises:
        ValueError: it is no detached compact JWS.
    """
    header, payload, mark = signature.split(".")
    if payload or any(_encoded(_decoded(part)) != part for part in (header, mark)):
        raise ValueError("not a detached JWS")
    return dict(json.loads(_decoded(header)))


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _key_files() -> dict[int, Path]:
    """Return one file for each key number: the private key where it is still there."""
    found: dict[int, Path] = {}
    for path in sorted(Path(settings.KEYS_DIR).glob("receipts-*"), reverse=True):
        if name := KEY_FILE.fullmatch(path.name):
            found[int(name[1])] = path
    return dict(sorted(found.items()))


def _current_key() -> tuple[str, OKPKey]:
    """Return the newest private key; the first one is made at first use. Rotation reaches every process at once."""

    def read() -> tuple[str, OKPKey]:
        private = [path for path in _key_files().values() if path.suffix == ".pem"]
        return _loaded(private[-1] if private else _first_key())

    return _looked_at_again(read)


def _first_key() -> Path:
    read_or_make("receipts-1.pem", _new_key)
    return Path(settings.KEYS_DIR) / "receipts-1.pem"


def _public_keys() -> dict[str, OKPKey]:
    return _looked_at_again(lambda: dict(_loaded(path) for path in _key_files().values()))


def _looked_at_again(read: Callable[[], T]) -> T:
    """Read keys once more where a rotation replaced one of them between the look at the folder and the reading."""
    try:
        return read()
    except FileNotFoundError:
        return read()


@lru_cache(maxsize=64)
def _loaded(path: Path) -> tuple[str, OKPKey]:
    """Return a key with its id, its RFC 7638 thumbprint."""
    key = OKPKey.import_key(path.read_bytes())
    return key.thumbprint(), key


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
