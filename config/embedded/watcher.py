"""Stops what a killed supervisor left behind: reads its orders from a pipe, and acts when the pipe closes.

It runs as a script of its own and needs no kernel feature, so it also works where no parent-death signal exists.
It holds the lock of the var folder too: nobody gets that lock before everything of the last owner is gone.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_SECONDS = 15.0


def read_orders(lines: Iterable[str]) -> tuple[dict[int, int], list[str]]:
    """Return the programs still to stop (leader to stop signal, in starting order) and the folders to remove."""
    leaders: dict[int, int] = {}
    folders: list[str] = []
    for line in lines:
        order, subject, *rest = line.rstrip("\n").split("\t")
        if order == "started":
            leaders[int(subject)] = int(rest[0])
        elif order == "ended":
            leaders.pop(int(subject), None)
        elif order == "remove":
            folders.append(subject)
    return leaders, folders


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is more than a zombie that nobody collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def stop(leader: int, signum: int) -> None:
    """Ask the leader to stop, then end whatever is left of its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, signum)
    deadline = time.monotonic() + GRACE_SECONDS
    while is_running(leader) and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    """Wait for the end of the supervisor, then tidy up in reverse order."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    leaders, folders = read_orders(sys.stdin)
    for leader, signum in reversed(leaders.items()):
        stop(leader, signum)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
