"""Who brought what came in: which key, how sure that is, and for which appliance if it is only one."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.appliances.models import Assurance, PairedKey


@dataclass(frozen=True)
class Sender:
    """One request's sender.

    Attributes:
        appliance_id: what everything in the request belongs to, where a key speaks for one appliance.
        key_id: of the `PairedKey` it came with.
        message_sha256: names a signed request that may be taken in once; empty for a carried key.
    """

    assurance: str = Assurance.HUB_BEARER
    appliance_id: UUID | None = None
    key_id: UUID | None = None
    message_sha256: str = ""


def sender_of(key: PairedKey, *, message_sha256: str = "") -> Sender:
    """Return the sender that a paired key stands for; needs its pairing loaded."""
    return Sender(key.assurance, key.pairing.appliance_id, key.pk, message_sha256)
