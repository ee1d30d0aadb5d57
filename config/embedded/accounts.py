"""Whom the servers run as. PostgreSQL refuses root, so root lends the servers the account `nobody`."""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
#: "Walk through and read any folder"; inside a container often only the second, wider one is left to root.
CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE = 2, 1


@dataclass(frozen=True)
class Account:
    """An ordinary user that root lends to a server.

    `needs_passage` means that a folder above the server's files is closed to this user.
    """

    uid: int
    gid: int
    needs_passage: bool

    def own(self, folder: Path) -> None:
        """Give a folder to this account."""
        os.chown(folder, self.uid, self.gid)

    def become(self) -> None:
        """Turn the calling process (a fork about to exec) from root into this account."""
        if self.needs_passage:
            # Else access(2), with which PostgreSQL looks for its own program, forgets the capability.
            LIBC.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self.needs_passage:
            _keep_passage()


def account_for(data: Path, *, files: Iterable[Path]) -> Account | None:
    """Return the account for a server with this data folder, or None when the user is not root.

    Args:
        data: the server's data; an owner it already has stays its owner.
        files: whatever else the server must reach, its programs for instance.
    """
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    closed = not all(_is_open_to_all(folder) for file in (data, *files) for folder in file.resolve().parents)
    return Account(entry.pw_uid, entry.pw_gid, closed and sys.platform == "linux")


def _is_open_to_all(folder: Path) -> bool:
    return not folder.exists() or bool(folder.stat().st_mode & stat.S_IXOTH)


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def _keep_passage() -> None:
    # Better than opening the person's folders to everybody, which would outlast us.
    if not _keep_only(CAP_DAC_READ_SEARCH):
        _keep_only(CAP_DAC_OVERRIDE)


def _keep_only(capability: int) -> bool:
    """Keep one capability of root across setuid and exec; tell whether that worked."""
    header = _Header(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    sets = (_Sets * 2)(_Sets(bit, bit, bit), _Sets(0, 0, 0))
    if LIBC.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        return False
    return bool(LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)
