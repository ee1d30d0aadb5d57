"""What buyers are told: Standard Webhooks whose body is also a CloudEvent. Ids and dates, never a value.

Source: https://www.standardwebhooks.com (2026-08) and CloudEvents 1.0.
"""

import base64
import os
import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from standardwebhooks import Webhook

from consent.parties.canonical import utc_text
from consent.parties.secrets import pepper

RELEASE_OPENED = "release.opened"
CONSENT_ENDED = "consent.ended"
REQUEST_EXHAUSTED = "request.exhausted"
SECRET_BYTES = 32


def body_of(*, message_id: UUID, type: str, subject: str, about: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return the body of one message.

    Args:
        subject: what it is about, as `releases/<id>` or `data-requests/<id>`.
        about: ids and dates only.
    """
    when = utc_text(at, to="seconds")
    return {
        "specversion": "1.0",
        "id": str(message_id),
        "source": settings.BASE_URL,
        "type": type,
        "time": when,
        "timestamp": when,
        "subject": subject,
        "datacontenttype": "application/json",
        "data": about,
    }


def headers_of(*, message_id: UUID, body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """Return the headers that sign exactly these bytes. `at` is the moment of this attempt."""
    # The library replaces the zone instead of converting it: anything but UTC would sign another time.
    moment = at.astimezone(UTC)
    return {
        "content-type": "application/json",
        "user-agent": "Maru-Webhooks/1",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(msg_id=str(message_id), timestamp=moment, data=body.decode()),
    }


def new_secret() -> bytes:
    """Return the bytes with which the messages to one new endpoint are signed."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return the secret as the buyer's library takes it."""
    return "whsec_" + base64.b64encode(secret).decode()


def sealed_secret(secret: bytes, *, endpoint_id: UUID) -> str:
    """Return the secret encrypted for the database; a key file opens it, and only for this endpoint."""
    nonce = os.urandom(12)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, secret, endpoint_id.bytes)).decode()


def opened_secret(sealed: str, *, endpoint_id: UUID) -> str:
    """Return the secret of an endpoint as its text.

    Raises:
        cryptography.exceptions.InvalidTag: it was sealed for another endpoint, or with another key file.
    """
    both = base64.b64decode(sealed)
    return secret_text(_cipher().decrypt(both[:12], both[12:], endpoint_id.bytes))


def _cipher() -> AESGCM:
    return AESGCM(pepper("webhooks", str(settings.KEYS_DIR)))
