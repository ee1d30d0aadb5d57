"""The var folder of one running Maru: its lock, its logs, and a short-named folder for sockets."""

import fcntl
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.errors import CannotStart
from config.embedded.watcher import is_running

#: A socket address holds 107 bytes (103 on macOS); ".s.PGSQL.5432" and our folder's name must fit behind this.
LONGEST_SOCKET_PARENT = 60
LAST_OWNER_SECONDS = 60.0


@dataclass
class VarFolder:
    """Where one Maru keeps its data. Only one supervisor at a time may hold it."""

    path: Path
    lock: int = field(default=-1, init=False)

    def take(self) -> None:
        """Make the folder and lock it; wait for what a killed supervisor left to go away.

        Raises:
            CannotStart: it cannot be written, or another Maru is using it.
        """
        try:
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            # A demo's mails land in its logs, with the links and numbers that open accounts.
            (self.path / "logs").chmod(0o700)
            self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            raise CannotStart(f"{self.path} cannot be used: {exc.strerror}.") from exc
        self._wait_for_lock()
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"{os.getpid()}\n".encode(), 0)

    def leave(self) -> None:
        """Give the lock back."""
        os.close(self.lock)

    def log(self, name: str) -> Path:
        """Return the log file of one program."""
        return self.path / "logs" / f"{name}.log"

    def _wait_for_lock(self) -> None:
        deadline = time.monotonic() + LAST_OWNER_SECONDS
        while not _is_locked_by_us(self.lock):
            owner = _written_pid(self.lock)
            if is_running(owner) or time.monotonic() > deadline:
                raise CannotStart(f"{self.path} is in use by another Maru (process {owner}); stop that one first.")
            time.sleep(0.1)


def make_socket_folder() -> Path:
    """Make a private folder whose name is short enough for sockets, however long the path of Maru is."""
    parents = [folder for folder in (tempfile.gettempdir(), "/tmp") if len(folder) <= LONGEST_SOCKET_PARENT]  # noqa: S108
    return Path(tempfile.mkdtemp(prefix="maru-", dir=parents[0]))


def _is_locked_by_us(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written_pid(lock: int) -> int:
    text = os.pread(lock, 32, 0).decode().strip()
    return int(text) if text.isdigit() else 2**30
