"""Epochs of the key-encryption key: begun, emptied and destroyed, so that copies in backups die too.

A deleted data key lives on in every backup, wrapped. What ends it there is the end of its epoch: the living keys are
wrapped anew for the next one, and then the old key's file is destroyed. Every step commits by itself and may be
repeated; a rotation that was killed goes on where it stopped.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext
from psycopg.errors import Diagnostic

from consent.parties import operations as parties
from marketplace.insights import keyring, vault
from marketplace.insights.errors import RotationUnfinished, VaultClosed
from marketplace.insights.models import DataKey, KeyEpoch

BATCH = 500
#: Before looking again at rows that somebody else holds.
PAUSE_SECONDS = 0.1
REWRAP = """
UPDATE insights_datakey AS old SET epoch = %s, nonce = new.nonce, wrapped = new.wrapped
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS new (sealed_id, nonce, wrapped)
WHERE old.sealed_id = new.sealed_id
"""


@dataclass(frozen=True)
class Progress:
    """How far emptying the old epochs has come: keys wrapped anew, keys that cannot be, and keys to go."""

    moved: int
    unreadable: int
    left: int


@dataclass(frozen=True)
class _Batch:
    seen: int
    moved: int
    unreadable: int
    last: UUID | None


def is_due(*, at: datetime) -> bool:
    """Tell whether the newest key has had its time, so that the next epoch should begin."""
    known = keyring.epochs()
    return bool(known) and _made_at(known[-1]) + timedelta(days=settings.KEY_EPOCH_DAYS) <= at


def is_unfinished(*, at: datetime) -> bool:
    """Tell whether an earlier rotation stopped on its way: old keys still wrap something, or should be gone."""
    return keys_left() > 0 or KeyEpoch.objects.to_destroy(at).filter(name__in=keyring.epochs()[:-1]).exists()


def keys_left() -> int:
    """Count the data keys that an old epoch's key still wraps."""
    return DataKey.objects.filter(epoch__in=_older_names()).count()


def begin_epoch(*, actor: str, at: datetime) -> str:
    """Make a new key and return its epoch; whoever seals from now on seals with it. Older ones are to be ended next."""
    epoch = keyring.following(max(_names_given(), key=keyring.number_of, default=None))
    keyring.make(epoch)
    # The key first: an epoch whose key was never written would be one that nobody can seal with.
    with transaction.atomic():
        KeyEpoch.objects.bulk_create([KeyEpoch(name=epoch, made_at=at)], ignore_conflicts=True)
        parties.note(actor=actor, action="vault.epoch.begin", subject=f"epoch:{epoch}", at=at)
    return epoch


def end_older(*, ends_at: datetime, at: datetime) -> None:
    """Fix when the keys of all epochs but the newest are to be destroyed; an earlier end stands.

    Then whoever began to seal without seeing the newest key is waited for: from here on the old epochs only lose keys.

    Args:
        ends_at: until then a backup made before now can be restored with its keys.
    """
    _note_epochs(at)
    older = KeyEpoch.objects.filter(name__in=_older_names(), destroyed_at=None)
    older.exclude(ends_at__lte=ends_at).update(ends_at=ends_at)
    _wait_for_sealing()


def rewrap_all(*, batch: int = BATCH) -> Iterator[Progress]:
    """Wrap every living data key for the newest epoch, `batch` at a time, and tell the progress after each.

    Each batch commits by itself. Rows that somebody else holds are passed over and looked at again.
    """
    moved, left = 0, keys_left()
    while left:
        moved_now, unreadable = 0, 0
        for epoch in _old_epochs():
            after: UUID | None = None
            while (done := _rewrap_batch(epoch, after=after, limit=batch)).seen:
                after, moved_now, unreadable = done.last, moved_now + done.moved, unreadable + done.unreadable
                yield Progress(moved + moved_now, unreadable, max(0, left - moved_now - unreadable))
        moved, left = moved + moved_now, keys_left()
        if left <= unreadable:
            return
        time.sleep(0 if moved_now else PAUSE_SECONDS)


def destroy_ended(*, actor: str, at: datetime, gives_up_unreadable: bool = False) -> list[str]:
    """Destroy the keys of the epochs that have ended, and return their names.

    Args:
        gives_up_unreadable: also where keys are left that could not be wrapped anew.

    Raises:
        RotationUnfinished: such keys are left; nothing was destroyed that wraps one of them.
    """
    ended = KeyEpoch.objects.to_destroy(at).exclude(name__in=keyring.epochs()[-1:])
    return [epoch.name for epoch in ended.order_by("made_at") if _destroy(epoch, gives_up_unreadable, actor, at)]


def rotate_when_due(*, at: datetime, actor: str) -> None:
    """Do what the clock owes: begin the next epoch on its day, empty the old ones, destroy those that have ended.

    Raises:
        RotationUnfinished: keys are left that nobody can wrap anew; a person has to look.
    """
    if is_due(at=at):
        begin_epoch(actor=actor, at=at)
    if len(keyring.epochs()) > 1:
        end_older(ends_at=at + timedelta(days=settings.KEY_OVERLAP_DAYS), at=at)
        for _ in rewrap_all():
            pass
        destroy_ended(actor=actor, at=at)


def sweep_file(*, seconds: int = 10) -> bool:
    """Write the key table's file anew, so that no byte of a destroyed key is left in it; needs the tables' owner.

    VACUUM alone gives a page's room free but may leave the bytes lying in it. And while somebody reads what stood
    there before, even a new file keeps the row: then it is written once more.

    Args:
        seconds: how long to wait for the table, which nobody can use meanwhile, and for such a reader.

    Returns:
        Whether it was done; False where the table was in use all the time.
    """
    deadline = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds}s"])
        try:
            while _rows_that_stayed():
                if time.monotonic() > deadline:
                    return False
                time.sleep(PAUSE_SECONDS)
        except OperationalError as exc:
            if "lock timeout" not in str(exc):
                raise
            cursor.execute("VACUUM insights_datakey")
            return False
        finally:
            cursor.execute("SELECT set_config('lock_timeout', '0', false)")
        cursor.execute("VACUUM insights_sealedobject")
    return True


def _rows_that_stayed() -> int:
    """Write the file anew, and return how many dead rows an older snapshot kept in it, as PostgreSQL tells."""
    told: list[str] = []

    def hear(notice: Diagnostic) -> None:
        told.append(notice.message_detail or "")

    connection.ensure_connection()
    connection.connection.add_notice_handler(hear)
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (FULL, VERBOSE) insights_datakey")
    finally:
        connection.connection.remove_notice_handler(hear)
    # "2 dead row versions cannot be removed yet." in whatever language; other details do not begin with a number.
    return sum(int(found[0]) for found in map(re.compile(r"\d+").match, told) if found)


def _names_given() -> set[str]:
    """Return every name that an epoch ever had; where all keys were lost, the sealed rows alone may tell."""
    given = {*keyring.epochs(), *keyring.destroyed(), *KeyEpoch.objects.values_list("name", flat=True)}
    return given if keyring.epochs() else given.union(DataKey.objects.values_list("epoch", flat=True).distinct())


def _older_names() -> list[str]:
    """Return every name before the newest epoch's: a restored table may hold some whose key is long gone."""
    newest = keyring.epochs()[-1:]
    return [f"e{number}" for number in range(1, keyring.number_of(newest[0]))] if newest else []


def _old_epochs() -> list[str]:
    """Return the epochs before the newest that still wrap something."""
    return [name for name in _older_names() if DataKey.objects.filter(epoch=name).exists()]


@transaction.atomic(durable=True)
def _rewrap_batch(epoch: str, *, after: UUID | None, limit: int) -> _Batch:
    rows = DataKey.objects.filter(epoch=epoch).select_for_update(skip_locked=True, no_key=True).order_by("sealed")
    if after is not None:
        rows = rows.filter(sealed__gt=after)
    taken = list(rows[:limit])
    newest = keyring.epochs()[-1]
    anew: list[DataKey] = []
    for key in taken:
        try:
            anew.append(vault.rewrapped(key, epoch=newest))
        except VaultClosed:
            continue
    _store(anew, epoch=newest)
    return _Batch(len(taken), len(anew), len(taken) - len(anew), taken[-1].pk if taken else None)


def _store(keys: Sequence[DataKey], *, epoch: str) -> None:
    if not keys:
        return
    columns = ([key.sealed_id for key in keys], [key.nonce for key in keys], [key.wrapped for key in keys])
    with connection.cursor() as cursor:
        cursor.execute(REWRAP, [epoch, *columns])


@transaction.atomic(durable=True)
def _destroy(epoch: KeyEpoch, gives_up_unreadable: bool, actor: str, at: datetime) -> bool:
    _hold_sealing()
    locked = KeyEpoch.objects.to_destroy(at).select_for_update().filter(pk=epoch.pk).first()
    if locked is None:
        return False
    left = DataKey.objects.filter(epoch=epoch.name).count()
    if left and not gives_up_unreadable and not keyring.is_destroyed(epoch.name):
        raise RotationUnfinished(
            gettext("%(epoch)s의 열쇠로만 열리는 것이 %(left)s개 남아 있어요.") % {"epoch": epoch.name, "left": left}
        )
    # The file before the row: killed in between, the next run finds no file and writes the row.
    keyring.destroy(epoch.name)
    locked.set_destroyed(at)
    parties.note(actor=actor, action="vault.epoch.destroy", subject=f"epoch:{epoch.name}", at=at)
    return True


def _note_epochs(at: datetime) -> None:
    """Write down the epochs that the database does not know: the first one, a rotation's that was killed here, or
    several after an old backup was restored. Of a key that is not there the rows that it wraps tell."""
    known, there = set(KeyEpoch.objects.values_list("name", flat=True)), keyring.epochs()
    unknown = {*there, *_old_epochs()} - known
    epochs = [KeyEpoch(name=name, made_at=min(keyring.made_at(name), at) if name in there else at) for name in unknown]
    KeyEpoch.objects.bulk_create(epochs, ignore_conflicts=True)


def _made_at(epoch: str) -> datetime:
    noted = KeyEpoch.objects.filter(pk=epoch).values_list("made_at", flat=True).first()
    return noted or keyring.made_at(epoch)


@transaction.atomic
def _wait_for_sealing() -> None:
    _hold_sealing()


def _hold_sealing() -> None:
    """Wait until nobody seals, and let nobody begin until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [vault.SEALING])
