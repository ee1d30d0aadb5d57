"""Supervisors to watch, each of them ended after its test."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.config.supervising import (
    ROOT,
    TELL_AND_STAY,
    Running,
    bare_environment,
    supervisor_words,
    survivors,
    wait_until,
)


@pytest.fixture
def start_supervisor(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `run --fast` in a folder with a command that stays; whatever is left is killed after the test."""
    started: list[Running] = []
    tmp_path.chmod(0o777)  # an ordinary user writes there too

    def start(var: Path, *, death_signal: bool = True, **process_options: object) -> Running:
        told = tmp_path / f"told-{len(started)}.json"
        command = [sys.executable, "-c", TELL_AND_STAY, str(told)]
        words = supervisor_words(var, "--", *command, death_signal=death_signal)
        started.append(_started(words, told, process_options))
        return started[-1]

    yield start

    for running in started:
        _end(running)


def _started(words: list[str], told: Path, process_options: dict[str, object]) -> Running:
    said = told.with_suffix(".log")
    with said.open("wb") as output:
        options = {"cwd": ROOT, "env": bare_environment(), "stdout": output, "stderr": output} | process_options
        process = subprocess.Popen(words, **options)
    wait_until(lambda: told.exists() or process.poll() is not None, seconds=30)
    assert process.poll() is None, said.read_text()
    family = psutil.Process(process.pid).children(recursive=True)
    return Running(process, json.loads(told.read_text()), family)


def _end(running: Running) -> None:
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
    running.process.wait(30)
    for leftover in survivors(running.family):
        leftover.kill()
    shutil.rmtree(running.sockets, ignore_errors=True)
