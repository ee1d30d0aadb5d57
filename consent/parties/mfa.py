"""Seeds of second factors, sealed before they are stored."""

import base64
import os

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.parties.secrets import read_or_make

_CONTEXT = b"maru/second-factor/1"


class SealedMFAAdapter(DefaultMFAAdapter):
    """Keeps TOTP seeds and recovery-code seeds under a key that is not in the database."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(12)
        return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), _CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = base64.b64decode(encrypted_text)
        return _cipher().decrypt(sealed[:12], sealed[12:], _CONTEXT).decode()


def _cipher() -> AESGCM:
    return AESGCM(read_or_make("second-factors.key", lambda: os.urandom(32)))
