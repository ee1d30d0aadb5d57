"""Programs that live as long as their supervisor: started in order, stopped in reverse, none left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from config.embedded import watcher
from config.embedded.accounts import LIBC, Account
from config.embedded.errors import CannotStart, ProgramEnded, StopAsked
from config.embedded.interrupts import Interrupts

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Program:
    """What to run, as whom, and how to ask it to stop. Without a log it shares the terminal."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path | None = None
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 15.0
    account: Account | None = None
    folder: Path | None = None
    passed_fds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Child:
    """A program that was started."""

    program: Program
    process: subprocess.Popen[bytes]


class Crew:
    """The children of one supervisor, and the watcher that stops them should it be killed."""

    def __init__(self, *, interrupts: Interrupts, lock: int) -> None:
        self.interrupts = interrupts
        self._lock = lock
        self._children: list[Child] = []

    def __enter__(self) -> "Crew":
        script = [sys.executable, "-I", "-S", watcher.__file__]
        self._watcher = subprocess.Popen(  # noqa: S603
            script, stdin=subprocess.PIPE, start_new_session=True, pass_fds=(self._lock,)
        )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, reason: BaseException | None, _at: TracebackType | None
    ) -> None:
        asked = reason.exit_code - 128 if isinstance(reason, StopAsked) else None
        for child in reversed(self._children.copy()):
            self.stop(child, asked)
        if self._watcher.stdin:
            self._watcher.stdin.close()
        self._watcher.wait()

    def start(self, program: Program) -> Child:
        """Start a program in a session of its own.

        Raises:
            CannotStart: its file is missing or cannot be run.
        """
        self.interrupts.check()
        with contextlib.ExitStack() as files:
            output = files.enter_context(program.log.open("ab")) if program.log else None
            try:
                process = subprocess.Popen(program.argv, **_popen_options(program, output))  # noqa: S603
            except (OSError, subprocess.SubprocessError) as exc:
                raise CannotStart(f"{program.name} cannot be run: {exc}.") from exc
        child = Child(program, process)
        self._children.append(child)
        self._tell_watcher("started", process.pid, program.stop_signal)
        return child

    def stop(self, child: Child, signum: int | None = None) -> None:
        """Stop one program and its process group; a program on the terminal gets the very signal we got."""
        own = signum if signum and not child.program.log else child.program.stop_signal
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(own)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(child.program.grace_seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._forget(child)

    def run(self, program: Program) -> int:
        """Run a program to its end and return its exit code.

        Raises:
            CannotStart: it cannot be run.
            ProgramEnded: another program, which it may need, has ended meanwhile.
            StopAsked: somebody asked to stop.
        """
        child = self.start(program)
        while child.process.poll() is None:
            self._look_around(besides=child)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        self._forget(child)
        code = child.process.returncode
        return code if code >= 0 else 128 - code

    def wait_until(self, is_ready: Callable[[], bool], child: Child, *, seconds: float) -> None:
        """Wait until a child answers.

        Raises:
            CannotStart: it ended, or the time is over.
            StopAsked: somebody asked to stop.
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            self._look_around(besides=child)
            if child.process.poll() is not None:
                raise CannotStart(f"{child.program.name} did not start: {last_words(child.program.log)}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{child.program.name} did not answer in {seconds:.0f} s; see {child.program.log}")

    def stay(self) -> None:
        """Wait for ever.

        Raises:
            ProgramEnded: a program has ended by itself.
            StopAsked: somebody asked to stop.
        """
        while True:
            self._look_around()

    def remove_at_the_end(self, folder: Path) -> None:
        """Have a folder removed when everything has stopped, however that comes about."""
        self._tell_watcher("remove", folder)

    def _look_around(self, *, besides: Child | None = None) -> None:
        self.interrupts.check()
        for child in self._children:
            if child is not besides and child.process.poll() is not None:
                raise ProgramEnded(f"{child.program.name} has ended: {last_words(child.program.log)}")
        time.sleep(POLL_SECONDS)

    def _forget(self, child: Child) -> None:
        self._children.remove(child)
        self._tell_watcher("ended", child.process.pid)

    def _tell_watcher(self, *words: object) -> None:
        if self._watcher.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._watcher.stdin.write("\t".join(str(word) for word in words).encode() + b"\n")
                self._watcher.stdin.flush()


def last_words(log: Path | None) -> str:
    """Return the line of a log that tells best why its program ended, and where to read more."""
    if log is None:
        return "see above"
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()[-30:] if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "Error", "ERROR", "error"))]
    return f"{(telling or lines or ['without a word'])[-1]} (see {log})"


def _popen_options(program: Program, output: Any) -> dict[str, Any]:
    return {
        "env": dict(program.env),
        "cwd": program.folder,
        "stdin": subprocess.DEVNULL if output else None,
        "stdout": output,
        "stderr": subprocess.STDOUT if output else None,
        "pass_fds": program.passed_fds,
        "start_new_session": True,
        "preexec_fn": _prepare(program.account, program.stop_signal, parent=os.getpid()),
    }


def _prepare(account: Account | None, stop_signal: int, *, parent: int) -> Callable[[], None]:
    """Return what a fork does before it becomes the program."""

    def prepare() -> None:
        if account:
            account.become()
        if hasattr(LIBC, "prctl"):
            LIBC.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def inherited(names: Iterable[str]) -> dict[str, str]:
    """Return those of our environment variables that a server may see."""
    return {name: os.environ[name] for name in names if name in os.environ}
