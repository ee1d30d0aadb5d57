"""A supervisor as a real process, and the means to see what it leaves behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
#: The command under the supervisor tells who it is and what it was given, then stays.
TELL_AND_STAY = """
import json, os, pathlib, subprocess, sys, time
urls = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
told = pathlib.Path(sys.argv[1])
told.with_suffix(".new").write_text(json.dumps({**urls, "pid": os.getpid()}))
told.with_suffix(".new").rename(told)
time.sleep(600)
"""
#: The same supervisor on a kernel that knows no parent-death signal.
WITHOUT_DEATH_SIGNAL = """
import sys
from config import supervisor
from config.embedded import programs
programs.LIBC = None
sys.exit(supervisor.main(sys.argv[1:]))
"""


@dataclass
class Running:
    """A supervisor that is up, what its command was given, and every process it started."""

    process: subprocess.Popen[bytes]
    told: dict[str, str]
    family: list[psutil.Process]

    @property
    def sockets(self) -> Path:
        return Path(self.told["REDIS_URL"].removeprefix("unix://")).parent


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def survivors(family: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in family if _lives(one)]


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def name_of(process: psutil.Process) -> str:
    """Return what a process runs; nothing where it ended a moment ago, as helpers of others' do."""
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def bare_environment() -> dict[str, str]:
    """Ours without the servers of this test run, so that the supervisor starts its own."""
    return {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "MARU_VAR"}}


def supervisor_words(var: Path, *words: str, fast: bool = True, death_signal: bool = True) -> list[str]:
    program = ["-m", "config.supervisor"] if death_signal else ["-c", WITHOUT_DEATH_SIGNAL]
    return [sys.executable, *program, "run", *(["--fast"] if fast else []), "--var", str(var), *words]


def run_supervisor(var: Path, *words: str, fast: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a supervisor to its end. Not fast means that the data of the last time is kept."""
    argv = supervisor_words(var, *words, fast=fast)
    env = bare_environment() | environment
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
