"""However a supervisor ends, nothing that it started lives on."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.config.supervising import (
    ROOT,
    bare_environment,
    name_of,
    run_supervisor,
    supervisor_words,
    survivors,
    wait_until,
)

#: Under nohup a hang-up is meant to be ignored, and the supervisor keeps to that.
HANG_UP = pytest.param(
    signal.SIGHUP,
    marks=pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="hang-ups are ignored here"),
)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, HANG_UP])
def test_leaves_no_child_after(signum, start_supervisor, tmp_path):
    running = start_supervisor(tmp_path / "var")
    names = {process.name() for process in running.family}

    running.process.send_signal(signum)
    running.process.wait(20)

    assert {"postgres", "redis-server"} <= names
    wait_until(lambda: not survivors(running.family))
    wait_until(lambda: not running.sockets.exists())


def test_leaves_no_child_where_the_kernel_sends_no_death_signal(start_supervisor, tmp_path):
    running = start_supervisor(tmp_path / "var", death_signal=False)

    running.process.kill()

    wait_until(lambda: not survivors(running.family))


def test_leaves_no_child_when_the_watcher_was_killed_as_well(start_supervisor, tmp_path):
    if sys.platform != "linux":
        pytest.skip("without a watcher only Linux has a death signal")
    running = start_supervisor(tmp_path / "var")
    watcher = next(one for one in running.family if "watcher.py" in " ".join(one.cmdline()))
    servers = [one for one in running.family if one.name() in {"postgres", "redis-server"}]

    watcher.kill()
    running.process.kill()

    wait_until(lambda: not survivors(servers))


def test_ends_with_its_parent_when_asked_to(tmp_path):
    words = supervisor_words(tmp_path / "var", "--with-parent", "--", "sleep", "600")
    script = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    parent = subprocess.Popen([sys.executable, "-c", script, *words], cwd=ROOT, env=bare_environment())
    family = psutil.Process(parent.pid)
    wait_until(lambda: any(name_of(one) == "sleep" for one in family.children(recursive=True)))
    everybody = family.children(recursive=True)

    parent.kill()
    parent.wait()

    wait_until(lambda: not survivors(everybody))


def test_answers_with_the_exit_code_of_the_command(tmp_path):
    done = run_supervisor(tmp_path / "var", "--", "sh", "-c", "exit 7")

    assert done.returncode == 7


def test_says_in_one_line_what_cannot_berun_supervisor(tmp_path):
    done = run_supervisor(tmp_path / "var", "--", str(tmp_path / "missing"))

    assert done.returncode == 1
    assert done.stderr.startswith("maru: ")
    assert done.stderr.count("\n") == 1


def test_says_in_one_line_why_postgresql_did_not_start(tmp_path):
    data = tmp_path / "var" / "postgres"
    assert run_supervisor(tmp_path / "var", "--", "true").returncode == 0
    (data / "postgresql.conf").write_text("shared_buffers = nonsense\n")

    done = run_supervisor(tmp_path / "var", "--", "true", fast=False)

    assert done.returncode == 1
    assert done.stderr.startswith("maru: PostgreSQL did not start: ")
    assert "logs/postgres.log" in done.stderr
    assert done.stderr.count("\n") == 1


def test_starts_no_server_when_the_environment_names_both(tmp_path):
    urls = {"DATABASE_URL": "postgresql://elsewhere/maru", "REDIS_URL": "redis://elsewhere"}

    done = run_supervisor(tmp_path / "var", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL", **urls)

    assert done.stdout.split() == list(urls.values())
    assert not (tmp_path / "var" / "postgres").exists()
