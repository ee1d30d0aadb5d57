"""Boxes: what the twin and the rules keep of a home, closed with a key that is itself an object of the vault.

A box is a nonce and AES-256-GCM ciphertext. What the seal vouches for is the row's own place: a box that was moved to
another row does not open.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed

#: How a table `b` of boxes is joined to its sealed keys; `opened` reads their columns at the end of each row.
JOIN_KEY = "JOIN insights_sealedobject s ON s.id = b.sealed_id LEFT JOIN insights_datakey k ON k.sealed_id = s.id"
_KEY_AT = -len(vault.ROW_COLUMNS.split(","))


class BoxKey:
    """What closes boxes and opens them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, content: bytes, *, place: bytes) -> bytes:
        """Return the box of some content, bound to its place."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, box: bytes, *, place: bytes) -> bytes:
        """Return what is in a box.

        Raises:
            VaultClosed: these are not the bytes that were sealed for this place.
        """
        try:
            return self._cipher.decrypt(box[:12], box[12:], place)
        except InvalidTag as exc:
            raise VaultClosed from exc


def opened(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Sequence[Any], BoxKey]]:
    """Yield what stands before `vault.ROW_COLUMNS` in each row, and its key; rows whose key is gone are left out.

    Raises:
        KeyAway: a key is only not to be read just now.
    """
    epochs = vault.Epochs()
    for row in rows:
        try:
            content = vault.open_sealed(vault.row_of(row[_KEY_AT:]), epochs=epochs)
        except VaultClosed:
            continue
        yield row[:_KEY_AT], BoxKey(content)
