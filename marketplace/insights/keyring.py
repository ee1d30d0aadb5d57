"""The key-encryption keys: one file per epoch, in no database and in no backup.

The folder is the truth about what can be opened. It is looked at anew at every use, so that a running process seals
with a new epoch at once, and opens nothing with a key that was destroyed.
"""

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from consent.parties.secrets import read_or_make

KEY_BYTES = 32
FILE = re.compile(r"vault-e([1-9][0-9]{0,8})\.key")


class KeyGone(LookupError):
    """The key of this epoch was destroyed, or never was in this folder. Outside the vault it is `VaultClosed`."""


class _Kept(NamedTuple):
    inode: int
    changed_ns: int
    key: bytes


_kept: dict[str, _Kept] = {}


def epochs() -> list[str]:
    """Return the epochs whose key is there, the oldest first."""
    try:
        names = os.listdir(settings.KEYS_DIR)
    except FileNotFoundError:
        return []
    numbers = sorted(int(found[1]) for found in map(FILE.fullmatch, names) if found)
    return [f"e{number}" for number in numbers]


def key_of(epoch: str) -> bytes:
    """Return the key of an epoch. A key is never made here: one that is gone stays gone.

    Raises:
        KeyGone: there is no such key any more.
    """
    path = _path(epoch)
    try:
        file = os.stat(path)
        kept = _kept.get(path)
        if kept is None or (kept.inode, kept.changed_ns) != (file.st_ino, file.st_mtime_ns):
            kept = _kept[path] = _Kept(file.st_ino, file.st_mtime_ns, Path(path).read_bytes())
    except FileNotFoundError as exc:
        _kept.pop(path, None)
        raise KeyGone(epoch) from exc
    return kept.key


def make(epoch: str) -> None:
    """Make the key of a new epoch (0400); one that is there stays."""
    read_or_make(os.path.basename(_path(epoch)), lambda: secrets.token_bytes(KEY_BYTES))


def made_at(epoch: str) -> datetime:
    """Return when the key of an epoch was written.

    Raises:
        KeyGone: there is no such key any more.
    """
    try:
        return datetime.fromtimestamp(os.stat(_path(epoch)).st_mtime, tz=UTC)
    except FileNotFoundError as exc:
        raise KeyGone(epoch) from exc


def destroy(epoch: str) -> None:
    """Overwrite and remove the key of an epoch; destroying it twice changes nothing.

    What was wrapped with it, wherever a copy lies, opens no more. On a disk that writes elsewhere what it overwrites,
    the folder should lie on an encrypted volume.
    """
    path = _path(epoch)
    _kept.pop(path, None)
    try:
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.write(os.urandom(KEY_BYTES))
            os.fsync(file.fileno())
        os.unlink(path)
    except FileNotFoundError:
        return
    folder = os.open(settings.KEYS_DIR, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def number_of(epoch: str) -> int:
    """Return the place of an epoch in their order: `e7` is 7."""
    return int(epoch[1:])


def following(newest: str | None) -> str:
    """Return the name of the epoch after this one; the first is `e1`."""
    return f"e{number_of(newest) + 1 if newest else 1}"


def _path(epoch: str) -> str:
    return f"{settings.KEYS_DIR}/vault-{epoch}.key"
