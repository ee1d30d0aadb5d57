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

from consent.parties.secrets import make_file

KEY_BYTES = 32
_FILE = re.compile(r"vault-e([1-9][0-9]{0,8})\.(key|destroyed)")


class KeyGone(LookupError):
    """The key of this epoch is not to be read. Outside the vault: `VaultClosed` if it was destroyed, else `KeyAway`."""

    def __init__(self, epoch: str) -> None:
        super().__init__(epoch)
        self.epoch = epoch


class _Kept(NamedTuple):
    inode: int
    changed_ns: int
    key: bytes


_kept: dict[str, _Kept] = {}


def epochs() -> list[str]:
    """Return the epochs whose key is there, the oldest first; none where the folder itself is away."""
    return _named("key")


def destroyed() -> list[str]:
    """Return the epochs whose end this folder tells, the oldest first."""
    return _named("destroyed")


def is_destroyed(epoch: str) -> bool:
    """Tell whether this folder says that the key of an epoch was destroyed; one that was put back is not."""
    return os.path.exists(_mark(epoch)) and not os.path.lexists(_path(epoch))


def key_of(epoch: str) -> bytes:
    """Return the key of an epoch. A key is never made here: one that is gone stays gone.

    Raises:
        KeyGone: there is no such key, or it cannot be read.
    """
    path = _path(epoch)
    try:
        file = os.stat(path)
        kept = _kept.get(path)
        if kept is None or (kept.inode, kept.changed_ns) != (file.st_ino, file.st_mtime_ns):
            kept = _kept[path] = _Kept(file.st_ino, file.st_mtime_ns, _read(path))
    except OSError as exc:
        _kept.pop(path, None)
        raise KeyGone(epoch) from exc
    return kept.key


def make(epoch: str) -> None:
    """Make the key of a new epoch (0400); one that is there stays."""
    make_file(os.path.basename(_path(epoch)), lambda: secrets.token_bytes(KEY_BYTES))


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
    """Overwrite and remove the key of an epoch, and leave a mark of it; destroying it twice changes nothing.

    The mark tells it from a key that is only away, also to a database that was restored from before. What was wrapped
    with it, wherever a copy lies, opens no more. On a disk that writes elsewhere what it overwrites, the folder should
    lie on an encrypted volume.
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
        pass
    Path(_mark(epoch)).touch(mode=0o400)
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


def _named(ending: str) -> list[str]:
    try:
        names = os.listdir(settings.KEYS_DIR)
    except OSError:
        return []
    numbers = sorted(int(found[1]) for found in map(_FILE.fullmatch, names) if found and found[2] == ending)
    return [f"e{number}" for number in numbers]


def _read(path: str) -> bytes:
    key = Path(path).read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(path)
    return key


def _mark(epoch: str) -> str:
    return f"{settings.KEYS_DIR}/vault-{epoch}.destroyed"


def _path(epoch: str) -> str:
    return f"{settings.KEYS_DIR}/vault-{epoch}.key"
