"""Checkpoints as signed notes, which outsiders may keep, compare and cosign with tools that exist.

Source: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint.
"""

import base64
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from consent.parties.secrets import read_or_make

ED25519 = b"\x01"


def origin() -> str:
    """Return the log's name: which Maru's ledger it is."""
    return f"{urlsplit(settings.BASE_URL).hostname}/maru/ledger"


def verifier_key() -> str:
    """Return the public key as a verifier takes it: name, id and key in one line."""
    name, public = origin(), _public()
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def checkpoint_note(*, size: int, root: bytes) -> str:
    """Sign the tree's size and root."""
    text = f"{origin()}\n{size}\n{base64.b64encode(root).decode()}\n"
    return signed(text, name=origin(), key=_key(str(settings.KEYS_DIR)))


def signed(text: str, *, name: str, key: Ed25519PrivateKey) -> str:
    """Return the note: the text, an empty line, and a line that holds the signature over the text."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key_id(name, public) + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _public() -> bytes:
    return _key(str(settings.KEYS_DIR)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@lru_cache(maxsize=8)
def _key(folder: str) -> Ed25519PrivateKey:
    seed = read_or_make("ledger-checkpoints.ed25519", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(seed)
