"""Hubs and appliances as they come to the door: with a code, a key pair, a signature."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone

from consent.parties.models import User
from marketplace.appliances import codes, operations
from marketplace.appliances.models import PairedKey, Pairing

BATCH = "application/cloudevents-batch+json"


def raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_text(key: Ed25519PrivateKey) -> str:
    return "whpk_" + base64.b64encode(raw_public(key)).decode()


def signed_headers(*keys_then_body: Any, message_id: str | None = None, at: datetime | None = None) -> dict[str, str]:
    """The three headers over a body, by one key or by several."""
    *keys, body = keys_then_body
    message_id, stamp = message_id or f"msg_{uuid4().hex}", int((at or timezone.now()).timestamp())
    content = b"%s.%d.%s" % (message_id.encode(), stamp, body)
    words = ["v1a," + base64.b64encode(key.sign(content)).decode() for key in keys]
    return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": " ".join(words)}


def code_for(person: User, *, type: str = "", label: str = "거실 허브", at: datetime | None = None) -> str:
    """The code that this person's page shows."""
    invited = operations.ask_for_code(actor=person, label=label, type=type, at=at or timezone.now())
    return codes.code_of(invited.pk)


def pair(code: str, *, key: Ed25519PrivateKey | None = None, address: str = "203.0.113.5", **more: Any) -> Any:
    """Redeem a code over HTTP."""
    said = {"code": code, **({"public_key": public_text(key)} if key else {}), **more}
    body = json.dumps(said).encode()
    headers = signed_headers(key, body) if key else {}
    return Client().post(
        "/api/v1/pairings", body, content_type="application/json", headers=headers, REMOTE_ADDR=address
    )


class Hub:
    """Something that was let in, and signs."""

    def __init__(self, person: User, *, type: str = "", key: Ed25519PrivateKey | None = None) -> None:
        self.secret = key or Ed25519PrivateKey.generate()
        answer = pair(code_for(person, type=type), key=self.secret)
        assert answer.status_code == 201, answer.text
        self.told = answer.json()
        self.key_id = self.told["key"]["id"]

    @property
    def key(self) -> PairedKey:
        return PairedKey.objects.get(pk=self.key_id)

    @property
    def pairing(self) -> Pairing:
        return Pairing.objects.get(pk=self.told["id"])

    def send(
        self,
        body: Any,
        *,
        path: str = "/api/v1/insights",
        content_type: str = BATCH,
        secret: Ed25519PrivateKey | None = None,
        message_id: str | None = None,
        at: datetime | None = None,
        **headers: str,
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = signed_headers(secret or self.secret, raw, message_id=message_id, at=at)
        return Client().post(
            path, raw, content_type=content_type, headers={"maru-key": str(self.key_id), **signed, **headers}
        )


def event(value: float = 62, *, source: str = "urn:device:a", kind: str = "air.pm25", unit: str = "ug/m3") -> Any:
    """One canonical event of now."""
    return {
        "specversion": "1.0", "id": uuid4().hex, "source": source, "type": f"insight.{kind}.v1",
        "time": datetime.now(UTC).isoformat(), "datacontenttype": "application/json",
        "data": {
            "kind": kind, "value": value, "unit": unit, "method": {"type": "sensor", "name": "t", "version": "1"},
        },
    }  # fmt: skip
