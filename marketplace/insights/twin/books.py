"""The keys of the twin: one for each appliance and month, itself an object of the vault; and the boxes it seals.

A box is a nonce and AES-256-GCM ciphertext. What the seal vouches for is the row's own place: a box that was moved to
another row, or set back to another time, does not open.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import TwinBook

#: Of one appliance, one month.
Place = tuple[UUID, date]
_COLUMNS = (
    "pk",
    "appliance",
    "month",
    "sealed",
    "sealed__purpose",
    "sealed__household_id",
    "sealed__subject_id",
    "sealed__nonce",
    "sealed__ciphertext",
    "sealed__data_key__epoch",
    "sealed__data_key__nonce",
    "sealed__data_key__wrapped",
    "sealed__data_key__commitment",
)


@dataclass(frozen=True, slots=True)
class OpenBook:
    """A book with its key at hand."""

    id: UUID
    appliance_id: UUID
    cipher: AESGCM

    def close(self, content: bytes, *, place: bytes) -> bytes:
        """Return the box of some content, bound to its place."""
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, content, place)

    def open(self, box: bytes, *, place: bytes) -> bytes:
        """Return what is in a box.

        Raises:
            VaultClosed: these are not the bytes that were sealed for this place.
        """
        try:
            return self.cipher.decrypt(box[:12], box[12:], place)
        except InvalidTag as exc:
            raise VaultClosed from exc


def page_place(book_id: UUID, kind: str, zone: str, span: str, begins_at: datetime) -> bytes:
    """Return what the box of a page vouches for. Kinds and zones are registered words without a bar."""
    return f"maru/twin-page/1|{book_id}|{kind}|{zone}|{span}|{begins_at.timestamp():.0f}".encode()


def state_place(book_id: UUID, kind: str, zone: str, observed_at: datetime) -> bytes:
    """Return what the box of a state vouches for: also the time, so that no older one can be put in its row."""
    return f"maru/twin-state/1|{book_id}|{kind}|{zone}|{observed_at.timestamp():.6f}".encode()


def open_books(
    appliance_ids: Iterable[UUID], months: Iterable[date], *, locked: bool = False
) -> Mapping[Place, OpenBook]:
    """Return the books of some appliances and months that can be opened, in one statement.

    Args:
        locked: keep others from writing into them until this transaction ends.
    """
    rows = TwinBook.objects.filter(appliance__in=list(appliance_ids), month__in=list(months))
    if locked:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found: dict[Place, OpenBook] = {}
    epochs = vault.Epochs()
    for pk, appliance_id, month, *sealed in rows.order_by("pk").values_list(*_COLUMNS):
        try:
            key = vault.open_sealed(_sealed_row(sealed), epochs=epochs)
        except VaultClosed:
            continue
        found[appliance_id, month] = OpenBook(pk, appliance_id, AESGCM(key))
    return found


def _sealed_row(columns: Sequence[Any]) -> vault.SealedRow:
    sealed_id, purpose, household_id, subject_id, nonce, ciphertext, *key = columns
    opener = None if key[0] is None else vault.KeyRow(str(sealed_id), *key)
    return vault.SealedRow(str(sealed_id), purpose, str(household_id), str(subject_id), nonce, ciphertext, opener)
