"""A Maru whose supervisor is killed again and again keeps every commit, and leaves no process behind."""

import random
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.config.supervising import ROOT, bare_environment, run_supervisor, supervisor_words, survivors, wait_until

ROUNDS = 10
#: Writes a number, and tells it only once it is committed.
WRITER = """
import os, psycopg, sys
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS told (number bigint PRIMARY KEY)")
    number = connection.execute("SELECT coalesce(max(number), 0) FROM told").fetchone()[0]
    while True:
        number += 1
        connection.execute("INSERT INTO told VALUES (%s)", [number])
        print(number, flush=True)
"""
COUNT = """
import os, psycopg
print(*psycopg.connect(os.environ["DATABASE_URL"]).execute("SELECT count(*), max(number) FROM told").fetchone())
"""


def test_loses_no_commit_and_leaves_no_process(tmp_path):
    last_told = 0

    for _ in range(ROUNDS):
        last_told = max(last_told, _write_until_killed(tmp_path / "var"))

    counted = run_supervisor(tmp_path / "var", "--", sys.executable, "-c", COUNT, fast=False)
    count, highest = (int(word) for word in counted.stdout.split())
    assert count == highest
    assert highest >= last_told > 0


def _write_until_killed(var: Path) -> int:
    """Return the last number that the writer told as committed."""
    words = supervisor_words(var, "--", sys.executable, "-c", WRITER, fast=False)
    process = subprocess.Popen(words, cwd=ROOT, env=bare_environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    first = process.stdout.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    time.sleep(random.uniform(0, 0.5))
    process.kill()
    process.wait()
    told = [first, *process.stdout.readlines()]
    process.stdout.close()
    wait_until(lambda: not survivors(family), seconds=60)
    return int(told[-1] if told[-1].endswith("\n") else told[-2])


def test_a_killed_postgresql_ends_everything_with_a_clear_line(tmp_path):
    words = supervisor_words(tmp_path / "var", "--", "sleep", "600")
    process = subprocess.Popen(words, cwd=ROOT, env=bare_environment(), stderr=subprocess.PIPE, text=True)
    wait_until(lambda: _child_named(process.pid, "sleep"), seconds=30)
    family = psutil.Process(process.pid).children(recursive=True)
    server = next(one for one in family if one.name() == "postgres" and one.ppid() == process.pid)

    server.kill()

    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("maru: PostgreSQL has ended")
    assert not survivors(family)


def _child_named(pid: int, name: str) -> bool:
    return any(one.name() == name for one in psutil.Process(pid).children(recursive=True))
