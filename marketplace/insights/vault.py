"""The vault: AES-256-GCM, one data key per sealed object, wrapped by the key-encryption key of an epoch.

Ciphertext and wrapped key stand in different tables; the key-encryption key stands in neither, but in a file.
What the seal vouches for (purpose, household, subject) is rebuilt from the row's columns at every opening.
"""

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection, transaction
from django.utils.translation import gettext

from marketplace.insights import keyring
from marketplace.insights.copying import copy_in
from marketplace.insights.errors import VaultClosed
from marketplace.insights.keyring import KeyGone
from marketplace.insights.models import DataKey, KeyEpoch, SealedObject

#: Names the lock between sealing (shared) and rotating (alone), among PostgreSQL's advisory locks.
SEALING = 0x6D617275
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Content:
    """What is to be sealed, and what the seal vouches for."""

    purpose: str
    household_id: UUID
    subject_id: UUID
    payload: bytes


class KeyRow(NamedTuple):
    """A `DataKey` as its row says it, for those who open many."""

    sealed_id: UUID
    epoch: str
    nonce: bytes
    wrapped: bytes
    commitment: bytes


class SealedRow(NamedTuple):
    """A `SealedObject` as its row says it, with its key; None where that was destroyed."""

    pk: UUID
    purpose: str
    household_id: UUID
    subject_id: UUID
    nonce: bytes
    ciphertext: bytes
    data_key: KeyRow | None


@transaction.atomic(savepoint=False)
def seal(content: Content) -> SealedObject:
    """Seal one payload and store it."""
    return seal_many([content])[0]


@transaction.atomic(savepoint=False)
def seal_many(contents: Sequence[Content]) -> list[SealedObject]:
    """Seal payloads and store them in two statements, in the order given.

    The transaction shares a lock that a rotation takes alone once its new key is there: from then on nothing can
    come in under the old one, however long this transaction lasts.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SEALING])
    epoch = _current_epoch()
    pairs = [_sealed(content, epoch) for content in contents]
    copy_in(SealedObject, [sealed for sealed, _ in pairs])
    copy_in(DataKey, [key for _, key in pairs])
    return [sealed for sealed, _ in pairs]


def open_sealed(sealed: SealedObject | SealedRow) -> bytes:
    """Return the payload of a sealed object. Needs `data_key` loaded by select_related.

    Raises:
        VaultClosed: the key is destroyed, or these are not the bytes that were sealed for this row.
    """
    try:
        key = sealed.data_key
        if key is None:
            raise VaultClosed(gettext("봉한 것의 열쇠가 없어요."))
        return _opened(sealed, key)
    except (DataKey.DoesNotExist, KeyGone) as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc
    except InvalidTag as exc:
        raise VaultClosed(gettext("봉한 것이 처음과 달라요.")) from exc


def data_key_of(sealed: SealedObject) -> bytes:
    """Return the data key of a sealed object, to derive nonces from.

    Raises:
        VaultClosed: the key is destroyed.
    """
    try:
        return _unwrapped(sealed.data_key)
    except (DataKey.DoesNotExist, KeyGone, InvalidTag) as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc


@transaction.atomic(savepoint=False)
def shred(sealed_ids: Iterable[UUID]) -> int:
    """Destroy the keys and ciphertexts of these objects; what was sealed cannot be opened any more."""
    ids = list(sealed_ids)
    DataKey.objects.filter(sealed__in=ids).delete()
    count, _ = SealedObject.objects.filter(pk__in=ids).delete()
    return count


def rewrapped(key: DataKey, *, epoch: str) -> DataKey:
    """Return the same data key wrapped for another epoch; what it opens stays as it is.

    Raises:
        VaultClosed: the key it is wrapped with is destroyed, or these are not the bytes that were wrapped.
    """
    try:
        nonce, wrapped = _wrapped(_unwrapped_once(key), key.sealed_id, epoch)
    except (KeyGone, InvalidTag) as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc
    return DataKey(sealed_id=key.sealed_id, epoch=epoch, nonce=nonce, wrapped=wrapped, commitment=key.commitment)


def _current_epoch() -> str:
    """Return the newest epoch, making the first one; the name of a destroyed one is never given again."""
    known = keyring.epochs()
    if known:
        return known[-1]
    names = KeyEpoch.objects.values_list("name", flat=True)
    first = keyring.following(max(names, key=keyring.number_of, default=None))
    keyring.make(first)
    return first


def _sealed(content: Content, epoch: str) -> tuple[SealedObject, DataKey]:
    sealed = SealedObject(
        id=uuid4(),
        purpose=content.purpose,
        household_id=content.household_id,
        subject_id=content.subject_id,
        nonce=os.urandom(12),
    )
    data_key = secrets.token_bytes(32)
    cipher_key, commitment = _derived(data_key)
    sealed.ciphertext = AESGCM(cipher_key).encrypt(sealed.nonce, content.payload, _payload_context(sealed))
    nonce, wrapped = _wrapped(data_key, sealed.pk, epoch)
    return sealed, DataKey(sealed=sealed, epoch=epoch, nonce=nonce, wrapped=wrapped, commitment=commitment)


def _wrapped(data_key: bytes, sealed_id: UUID, epoch: str) -> tuple[bytes, bytes]:
    nonce = os.urandom(12)
    return nonce, AESGCM(keyring.key_of(epoch)).encrypt(nonce, data_key, _wrap_context(sealed_id, epoch))


def _opened(sealed: SealedObject | SealedRow, key: DataKey | KeyRow) -> bytes:
    cipher_key, commitment = _derived(_unwrapped(key))
    if not secrets.compare_digest(commitment, bytes(key.commitment)):
        raise InvalidTag
    return AESGCM(cipher_key).decrypt(bytes(sealed.nonce), bytes(sealed.ciphertext), _payload_context(sealed))


def _unwrapped(key: DataKey | KeyRow) -> bytes:
    """Return the data key; a row that a rotation wrapped anew since it was loaded is loaded again.

    Raises:
        KeyGone, InvalidTag: as `_unwrapped_once`, also for the row as it stands now.
        DataKey.DoesNotExist: it was destroyed meanwhile.
    """
    try:
        return _unwrapped_once(key)
    except (KeyGone, InvalidTag):
        now = DataKey.objects.get(pk=key.sealed_id)
        if now.epoch == key.epoch:
            raise
        return _unwrapped_once(now)


def _unwrapped_once(key: DataKey | KeyRow) -> bytes:
    wrapping = AESGCM(keyring.key_of(key.epoch))
    return wrapping.decrypt(bytes(key.nonce), bytes(key.wrapped), _wrap_context(key.sealed_id, key.epoch))


def _derived(data_key: bytes) -> tuple[bytes, bytes]:
    """Return the cipher key and a commitment to it: AES-GCM alone would open under more than one key."""
    both = HKDF(algorithm=hashes.SHA256(), length=64, salt=None, info=b"maru/vault/1").derive(data_key)
    return both[:32], both[32:]


def _payload_context(sealed: SealedObject | SealedRow) -> bytes:
    return _context(
        p="maru/payload/1",
        id=str(sealed.pk),
        purpose=sealed.purpose,
        household=str(sealed.household_id),
        subject=str(sealed.subject_id),
    )


def _wrap_context(sealed_id: UUID, epoch: str) -> bytes:
    return _context(p="maru/data-key/1", id=str(sealed_id), epoch=epoch)


def _context(**words: str) -> bytes:
    """Return the RFC 8785 bytes of ASCII words: for these the standard library writes them too, and faster."""
    return _encode(words).encode("ascii")
