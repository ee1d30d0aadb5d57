"""Witnesses: outsiders who poll the checkpoints, check that the tree only grew, and say so with their own signature.

Source: https://c2sp.org/tlog-cosignature (cosignature/v1) and https://c2sp.org/signed-note.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import connection
from django.utils import timezone

from rewards.ledger.errors import CosignatureRefused, UnknownCheckpoint
from rewards.ledger.models import Checkpoint, Cosignature

COSIGNATURE = b"\x04"
#: A witness's clock may be ahead of ours by so much.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Witness:
    """A key from the settings: who may cosign."""

    name: str
    key_id: bytes
    public: bytes


def witness_of(line: str) -> Witness:
    """Read a verifier key: name, id and key.

    Raises:
        ValueError: it is none, or its id is not that of the key.
    """
    name, key_id, packed = line.split("+", 2)
    public = base64.b64decode(packed, validate=True)
    if not name or len(public) != 33 or public[:1] != COSIGNATURE or key_id != _key_id(name, public).hex():
        raise ValueError("not the verifier key of a witness")
    return Witness(name, bytes.fromhex(key_id), public[1:])


def cosign(note: str) -> list[Cosignature]:
    """Keep the cosignatures that a note of ours came back with; what is kept already stays as it is.

    Returns:
        What stands now for the witnesses who signed this note.

    Raises:
        UnknownCheckpoint: it is not a note of ours.
        CosignatureRefused: nobody we know signed it, or somebody's signature is false.
    """
    text, separator, lines = note.rpartition("\n\n")
    checkpoint = _checkpoint_of(text + "\n") if separator else None
    if checkpoint is None:
        raise UnknownCheckpoint("")
    known = {(one.name, one.key_id): one for one in map(witness_of, settings.WITNESS_KEYS)}
    found = []
    for line in lines.splitlines():
        name, signature = _read(line)
        witness = known.get((name, signature[:4]))
        if witness is not None:
            found.append((witness, _checked(witness, signature, text + "\n"), f"— {name} {_encoded(signature)}"))
    if not found:
        raise CosignatureRefused("")
    with connection.cursor() as cursor:
        for witness, signed_at, line in found:
            cursor.execute(
                "SELECT ledger_keep_cosignature(%s, %s, %s, %s)", [checkpoint.tree_size, witness.name, line, signed_at]
            )
    return list(checkpoint.cosignatures.filter(witness__in=[witness.name for witness, *_ in found]).order_by("witness"))


def note_of(checkpoint: Checkpoint) -> str:
    """Return the signed note with every cosignature that came for it."""
    return checkpoint.note + "".join(f"{one.line}\n" for one in checkpoint.cosignatures.order_by("witness"))


def latest_cosigned() -> Checkpoint | None:
    """Return the newest checkpoint that a witness has signed too."""
    return Checkpoint.objects.filter(cosignatures__isnull=False).order_by("-tree_size").first()


def _checkpoint_of(text: str) -> Checkpoint | None:
    lines = text.split("\n")
    if len(lines) < 3 or not (lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 19):
        return None
    found = Checkpoint.objects.filter(tree_size=int(lines[1])).first()
    return found if found and found.note.rpartition("\n\n")[0] + "\n" == text else None


def _read(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, packed = rest.partition(" ")
    try:
        signature = base64.b64decode(packed, validate=True)
    except ValueError as exc:
        raise CosignatureRefused("") from exc
    if dash != "—" or not name or len(signature) < 5:
        raise CosignatureRefused("")
    return name, signature


def _checked(witness: Witness, signature: bytes, text: str) -> int:
    """Return when the witness says that it signed."""
    signed_at = int.from_bytes(signature[4:12], "big")
    message = f"cosignature/v1\ntime {signed_at}\n{text}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(witness.public).verify(signature[12:], message)
    except (InvalidSignature, ValueError) as exc:
        raise CosignatureRefused(witness.name) from exc
    if not 0 < signed_at <= (timezone.now() + AHEAD - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds():
        raise CosignatureRefused(witness.name)
    return signed_at


def _encoded(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + public).digest()[:4]
