"""The vault: AES-256-GCM, one data key per sealed object, wrapped by the key-encryption key of an epoch.

Ciphertext and wrapped key stand in different tables; the key-encryption key stands in neither, but in a file.
What the seal vouches for (purpose, household, subject) is rebuilt from the row's columns at every opening.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection, transaction
from django.utils.translation import gettext

from marketplace.insights import keyring
from marketplace.insights.copying import array_of, copy_in
from marketplace.insights.errors import KeyAway, VaultClosed
from marketplace.insights.ids import timed_ids
from marketplace.insights.keyring import KeyGone
from marketplace.insights.models import DataKey, KeyEpoch, SealedObject

#: Names the lock between sealing (shared) and rotating (alone), among PostgreSQL's advisory locks.
SEALING = 0x6D617275
_KEY_BYTES, _NONCE_BYTES = 32, 12
#: What one sealed object needs of chance: its data key, and a nonce for each of the two seals.
_RANDOM_BYTES = _KEY_BYTES + 2 * _NONCE_BYTES
_SHA256 = hashes.SHA256()
_OBJECT_COLUMNS = ("id", "purpose", "household_id", "subject_id", "nonce", "ciphertext")
_KEY_COLUMNS = ("sealed_id", "epoch", "nonce", "wrapped", "commitment")


class Content(NamedTuple):
    """What is to be sealed, and what the seal vouches for."""

    purpose: str
    household_id: UUID
    subject_id: UUID | str
    payload: bytes


class KeyRow(NamedTuple):
    """A `DataKey` as its row says it, for those who open many; ids are text, for a UUID costs more than a cipher."""

    sealed_id: str
    epoch: str
    nonce: bytes
    wrapped: bytes
    commitment: bytes


class SealedRow(NamedTuple):
    """A `SealedObject` as its row says it, with its key; None where that was destroyed."""

    pk: str
    purpose: str
    household_id: str
    subject_id: str
    nonce: bytes
    ciphertext: bytes
    data_key: KeyRow | None


#: The columns of a `SealedRow`, of a sealed object `s` and its key `k`.
ROW_COLUMNS = """s.id::text, s.purpose, s.household_id::text, s.subject_id::text, s.nonce, s.ciphertext,
       k.epoch, k.nonce, k.wrapped, k.commitment"""
_OF_OBJECT = len(_OBJECT_COLUMNS)
# Each looked up by itself: a plain join reads both tables whole where PostgreSQL believes them to be small.
_LOAD = f"""
SELECT {ROW_COLUMNS} FROM unnest(%s::uuid[]) AS named(id)
CROSS JOIN LATERAL (SELECT * FROM insights_sealedobject WHERE id = named.id LIMIT 1) s
CROSS JOIN LATERAL (SELECT * FROM insights_datakey WHERE sealed_id = named.id LIMIT 1) k"""  # noqa: S608 - of constants


def row_of(columns: Sequence[Any]) -> SealedRow:
    """Return a row from `ROW_COLUMNS`, in their order; without a key where its columns are None."""
    pk, epoch = columns[0], columns[_OF_OBJECT]
    key = None if epoch is None else KeyRow._make((pk, *columns[_OF_OBJECT:]))
    return SealedRow._make((*columns[:_OF_OBJECT], key))


def load_sealed(sealed_ids: Iterable[UUID | str]) -> dict[str, SealedRow]:
    """Return what was sealed, ready to be opened, by its id; what is destroyed is missing."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, [array_of(sealed_ids)])
        return {row[0]: row_of(row) for row in cursor.fetchall()}


class Stored(NamedTuple):
    """A sealed object that was just stored, as its table has it.

    Its id is seen by nobody outside, and begins with its millisecond: ids of one moment lie side by side in the
    indexes, where ids of chance alone would touch another page each, and write it whole into the log.
    """

    pk: str
    purpose: str
    household_id: UUID
    subject_id: UUID | str
    nonce: bytes
    ciphertext: bytes


#: What is stored of its key, as that table has it.
_Key = tuple[str, str, bytes, bytes, bytes]


class Epochs(dict[str, AESGCM]):
    """The keys of the epochs by name, each looked for once. Made for one page, and gone with it."""

    def __missing__(self, epoch: str) -> AESGCM:
        found = self[epoch] = AESGCM(keyring.key_of(epoch))
        return found


@transaction.atomic(savepoint=False)
def seal(content: Content) -> SealedObject:
    """Seal one payload and store it."""
    stored = seal_many([content])[0]._asdict()
    sealed = SealedObject(**{**stored, "pk": UUID(stored["pk"])})
    sealed._state.adding, sealed._state.db = False, connection.alias
    return sealed


@transaction.atomic(savepoint=False)
def seal_many(contents: Sequence[Content]) -> list[Stored]:
    """Seal payloads and store them in two statements, in the order given.

    The transaction shares a lock that a rotation takes alone once its new key is there: from then on nothing can
    come in under the old one, however long this transaction lasts.

    Raises:
        KeyAway: the key to seal with is not to be read just now.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SEALING])
    if not contents:
        return []
    epoch, wrapping = _newest_key()
    chance = os.urandom(_RANDOM_BYTES * len(contents))
    shares = (chance[start : start + _RANDOM_BYTES] for start in range(0, len(chance), _RANDOM_BYTES))
    sealed = [
        _sealed(pk, content, epoch, wrapping, share)
        for pk, content, share in zip(timed_ids(len(contents)), contents, shares, strict=True)
    ]
    copy_in(SealedObject, _OBJECT_COLUMNS, (row for row, _ in sealed))
    copy_in(DataKey, _KEY_COLUMNS, (key for _, key in sealed))
    return [row for row, _ in sealed]


def open_sealed(sealed: SealedObject | SealedRow, *, epochs: Epochs | None = None) -> bytes:
    """Return the payload of a sealed object. Needs `data_key` loaded by select_related.

    Args:
        epochs: of those who open many in one moment; without it the folder of keys is looked at anew.

    Raises:
        VaultClosed: the key is destroyed, or these are not the bytes that were sealed for this row.
        KeyAway: the key is not to be read just now, and nothing says that it was destroyed.
    """
    try:
        key = sealed.data_key
        if key is None:
            raise VaultClosed(gettext("봉한 것의 열쇠가 없어요."))
        return _opened(sealed, key, Epochs() if epochs is None else epochs)
    except DataKey.DoesNotExist as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc
    except KeyGone as exc:
        raise _without_key_of(exc.epoch) from exc
    except InvalidTag as exc:
        raise VaultClosed(gettext("봉한 것이 처음과 달라요.")) from exc


def data_key_of(sealed: SealedObject) -> bytes:
    """Return the data key of a sealed object, to derive nonces from.

    Raises:
        VaultClosed: the key is destroyed.
        KeyAway: as in `open_sealed`.
    """
    try:
        return _unwrapped(sealed.data_key, Epochs())
    except (DataKey.DoesNotExist, InvalidTag) as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc
    except KeyGone as exc:
        raise _without_key_of(exc.epoch) from exc


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
        VaultClosed: the key it is wrapped with is destroyed or away, or these are not the bytes that were wrapped.
    """
    try:
        nonce, wrapped = _wrapped(_unwrapped_once(key, Epochs()), key.sealed_id, epoch)
    except (KeyGone, InvalidTag) as exc:
        raise VaultClosed(gettext("봉한 것의 열쇠가 없어요.")) from exc
    return DataKey(sealed_id=key.sealed_id, epoch=epoch, nonce=nonce, wrapped=wrapped, commitment=key.commitment)


def check_keys_are_there() -> None:
    """Refuse where the folder holds no key, although something is sealed with one whose end is not on record.

    It is away, or was lost. A folder of another moment or another machine is never begun beside the one that the
    database knows.

    Raises:
        KeyAway: so it is.
    """
    if keyring.epochs():
        return
    ended = {*keyring.destroyed(), *KeyEpoch.objects.exclude(destroyed_at=None).values_list("name", flat=True)}
    if DataKey.objects.exclude(epoch__in=ended).exists() or KeyEpoch.objects.exclude(name__in=ended).exists():
        raise _away()


def _newest_key() -> tuple[str, AESGCM]:
    """Return the newest epoch with its key, making the first one; a destroyed one's name is never given again."""
    known = keyring.epochs()
    if not known:
        check_keys_are_there()
        names = {*keyring.destroyed(), *KeyEpoch.objects.values_list("name", flat=True)}
        known = [keyring.following(max(names, key=keyring.number_of, default=None))]
        keyring.make(known[-1])
    try:
        return known[-1], AESGCM(keyring.key_of(known[-1]))
    except KeyGone as exc:
        raise _away() from exc


def _without_key_of(epoch: str) -> VaultClosed | KeyAway:
    """Return what to say of all that an epoch's key would open: closed for good if its end is on record."""
    if keyring.is_destroyed(epoch) or KeyEpoch.objects.filter(pk=epoch, destroyed_at__isnull=False).exists():
        return VaultClosed(gettext("봉한 것의 열쇠가 없어요."))
    return _away(epoch)


def _away(epoch: str = "") -> KeyAway:
    found = KeyAway(gettext("금고의 열쇠를 지금 읽지 못해요. 잃은 것은 없으니 잠시 뒤 다시 해 주세요."))
    found.epoch = epoch
    return found


def _sealed(pk: str, content: Content, epoch: str, wrapping: AESGCM, chance: bytes) -> tuple[Stored, _Key]:
    """Seal one payload; `chance` is its own share of the batch's random bytes, used for nothing else."""
    purpose, household_id, subject_id, payload = content
    purpose = str(purpose)
    data_key, nonces = chance[:_KEY_BYTES], chance[_KEY_BYTES:]
    nonce, wrap_nonce = nonces[:_NONCE_BYTES], nonces[_NONCE_BYTES:]
    cipher_key, commitment = _derived(data_key)
    wrapped = wrapping.encrypt(wrap_nonce, data_key, _wrap_context(pk, epoch))
    context = _payload_context(pk, purpose, _text(household_id), subject_id)
    ciphertext = AESGCM(cipher_key).encrypt(nonce, payload, context)
    stored = Stored(pk, purpose, household_id, subject_id, nonce, ciphertext)
    return stored, (pk, epoch, wrap_nonce, wrapped, commitment)


#: A batch is of one home, whose name is the same for every item.
_text = lru_cache(maxsize=16)(str)


def _wrapped(data_key: bytes, sealed_id: UUID, epoch: str) -> tuple[bytes, bytes]:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce, AESGCM(keyring.key_of(epoch)).encrypt(nonce, data_key, _wrap_context(sealed_id, epoch))


def _opened(sealed: SealedObject | SealedRow, key: DataKey | KeyRow, epochs: Epochs) -> bytes:
    cipher_key = _cipher_key(_unwrapped(key, epochs), bytes(key.commitment))
    context = _payload_context(sealed.pk, sealed.purpose, sealed.household_id, sealed.subject_id)
    return AESGCM(cipher_key).decrypt(sealed.nonce, sealed.ciphertext, context)


def _unwrapped(key: DataKey | KeyRow, epochs: Epochs) -> bytes:
    """Return the data key; a row that a rotation wrapped anew since it was loaded is loaded again.

    Raises:
        KeyGone, InvalidTag: as `_unwrapped_once`, also for the row as it stands now.
        DataKey.DoesNotExist: it was destroyed meanwhile.
    """
    try:
        return _unwrapped_once(key, epochs)
    except (KeyGone, InvalidTag):
        now = DataKey.objects.get(pk=UUID(str(key.sealed_id)))
        if now.epoch == key.epoch:
            raise
        return _unwrapped_once(now, epochs)


def _unwrapped_once(key: DataKey | KeyRow, epochs: Epochs) -> bytes:
    return epochs[key.epoch].decrypt(key.nonce, key.wrapped, _wrap_context(key.sealed_id, key.epoch))


def _derived(data_key: bytes) -> tuple[bytes, bytes]:
    """Return the cipher key and a commitment to it: AES-GCM alone would open under more than one key.

    Source: the one-step key derivation of NIST SP 800-56C rev. 2, 4.1, with SHA-512: one block of it is both.
    """
    both = hashlib.sha512(b"\0\0\0\1" + data_key + b"maru/vault/2").digest()
    return both[:32], both[32:]


def _derived_before(data_key: bytes) -> tuple[bytes, bytes]:
    """Return the same two of what was sealed before docs/decisions/0028."""
    both = HKDF(algorithm=_SHA256, length=64, salt=None, info=b"maru/vault/1").derive(data_key)
    return both[:32], both[32:]


def _cipher_key(data_key: bytes, commitment: bytes) -> bytes:
    """Return the cipher key that was committed to.

    Raises:
        InvalidTag: the commitment is to neither.
    """
    for derived in (_derived, _derived_before):
        cipher_key, found = derived(data_key)
        if secrets.compare_digest(found, commitment):
            return cipher_key
    raise InvalidTag


def _payload_context(pk: UUID | str, purpose: str, household_id: UUID | str, subject_id: UUID | str) -> bytes:
    """Return the RFC 8785 bytes of what the seal vouches for. Ids and choices hold nothing that JSON would escape."""
    return (
        f'{{"household":"{household_id}","id":"{pk}","p":"maru/payload/1",'
        f'"purpose":"{purpose}","subject":"{subject_id}"}}'
    ).encode()


def _wrap_context(sealed_id: UUID | str, epoch: str) -> bytes:
    return f'{{"epoch":"{epoch}","id":"{sealed_id}","p":"maru/data-key/1"}}'.encode()
