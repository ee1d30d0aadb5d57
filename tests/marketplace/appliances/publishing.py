"""Pairings that publish at a broker: what they may sign in with, and what they put into a publication."""

import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from consent.parties.models import Household, User
from marketplace.appliances import operations
from marketplace.appliances.models import BrokerLogin, PairedKey, Pairing
from tests import factories
from tests.marketplace.appliances.hubs import Hub, signed_headers


def let_in(pairing: Pairing, *, password: str = "secret", at: datetime | None = None) -> Pairing:
    """Give a pairing a name and this password at the broker."""
    at = at or pairing.paired_at
    BrokerLogin.objects.create(
        pairing=pairing, password_hash=operations.hash_password(password), made_at=at, changed_at=at
    )
    return pairing


def carrying(home: Household | None = None, *, password: str = "secret") -> Pairing:
    """A hub that cannot sign and may publish."""
    home = home or factories.household()
    factories.hub_key(of=home)
    operations.adopt_key(machine_key=home.keys.get(), at=timezone.now())
    return let_in(PairedKey.objects.get(machine_key__household=home).pairing, password=password)


def signing(person: User | None = None, *, password: str = "secret", **more: Any) -> Hub:
    """A hub that signs and may publish."""
    hub = Hub(person or factories.member(), **more)
    let_in(hub.pairing, password=password)
    return hub


def framed(
    hub: Hub,
    body: Any,
    *,
    message_id: str | None = None,
    at: datetime | None = None,
    secret: Ed25519PrivateKey | None = None,
    key_id: str | None = None,
    **headers: str,
) -> bytes:
    """A publication: headers, an empty line, and the body that the hub signed."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {
        "maru-key": str(key_id or hub.key_id),
        **signed_headers(secret or hub.secret, raw, message_id=message_id, at=at),
        **headers,
    }
    return "".join(f"{name}: {text}\n" for name, text in said.items()).encode() + b"\n" + raw
