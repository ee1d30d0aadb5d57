"""Servers beside the cluster of the faults: a standby that follows it, a disk that fills up, a pool in front of it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from config.embedded import postgres
from config.embedded.accounts import account_for
from config.embedded.folders import VarFolder, make_socket_folder
from config.embedded.interrupts import Interrupts
from config.embedded.postgres import READY_SECONDS, Postgres, data_of
from config.embedded.programs import Crew
from config.embedded.wheels import postgres_program
from tests.config.supervising import wait_until
from tests.faults.clusters import Cluster

#: Where `.ci/pool` unpacks a PgBouncer.
UNPACKED = Path(__file__).resolve().parents[3] / "var" / "pgbouncer"
#: What a primary needs beyond the embedded server's settings, so that somebody can follow it.
FOLLOWED = {"wal_level": "replica", "max_wal_senders": "4"}


@contextmanager
def a_primary(var: Path) -> Iterator[Cluster]:
    """A migrated cluster of its own that may be followed."""
    with patch.dict(postgres.SETTINGS, FOLLOWED):
        server = Cluster(var)
        server.start()
        try:
            server.migrate()
            yield server
        finally:
            server.stop()


class Standby:
    """A streaming replica of a cluster, made by pg_basebackup."""

    def __init__(self, of: Cluster, var: Path) -> None:
        self.folder = VarFolder(var)
        self.folder.take()
        data = data_of(self.folder)
        copy: list[str | Path] = [
            postgres_program("pg_basebackup"),
            "-D",
            data,
            "-h",
            of.sockets,
            "-U",
            "postgres",
            "-X",
            "stream",
        ]
        subprocess.run([*copy, "-R", "-c", "fast"], check=True, capture_output=True)
        account = account_for(data, files=[postgres_program("postgres")])
        self.sockets = make_socket_folder()
        if account:
            for path in (self.sockets, data, *data.rglob("*")):
                account.own(path)
        self.server = Postgres(self.folder, self.sockets, account, fast=False)
        self._crew = Crew(interrupts=Interrupts(with_parent=False), lock=self.folder.lock).__enter__()
        with patch.dict(postgres.SETTINGS, FOLLOWED):
            child = self._crew.start(postgres._server_program(self.server))
        self._crew.wait_until(lambda: postgres._answers(self.server), child, seconds=READY_SECONDS)

    def url_of(self, database: str) -> str:
        return self.server.local_url.format(database)

    def ask(self, question: str) -> object:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as owner:
            row = owner.execute(question).fetchone()
            return row[0] if row else None

    def catch_up(self, with_: Cluster) -> None:
        """Wait until everything that the primary has written so far can be read here."""
        with with_.connect("postgres") as owner:
            (upto,) = owner.execute("SELECT pg_current_wal_lsn()::text").fetchone() or ("",)
        wait_until(lambda: self.ask(f"SELECT pg_last_wal_replay_lsn() >= '{upto}'") is True, seconds=60)

    def cut_off(self) -> None:
        """Hear nothing of the primary from here on."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET primary_conninfo = ''")
            owner.execute("SELECT pg_reload_conf()")
        wait_until(lambda: self.ask("SELECT count(*) FROM pg_stat_wal_receiver") == 0, seconds=60)

    def promote(self) -> None:
        assert self.ask("SELECT pg_promote(true, 60)") is True

    def stop(self) -> None:
        self._crew.__exit__(None, None, None)
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.folder.leave()


@contextmanager
def a_small_disk(place: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system of its own that is soon full. Only root may mount one; elsewhere the test is skipped."""
    place.mkdir()
    size = ["-o", f"size={megabytes}m", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", *size], capture_output=True).returncode != 0:
        pytest.skip("a disk that fills up wants a file system of its own, and only root may mount one")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is left; whoever removes the file gives them back."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return filler


@contextmanager
def a_pool(*, of: Cluster, database: str, size: int) -> Iterator[str]:
    """PgBouncer in transaction mode before one database: a connection is a client's for one transaction only."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:{UNPACKED / 'usr/sbin'}")
    if program is None:
        pytest.skip("no PgBouncer here: apt-get install --no-install-recommends pgbouncer, or sh .ci/pool")
    libraries = [str(path) for path in UNPACKED.glob("usr/lib/*-linux-gnu*")] if str(UNPACKED) in program else []
    sockets = make_socket_folder()  # a folder that whoever the servers run as can reach
    (sockets / "pgbouncer.ini").write_text(
        f"[databases]\n{database} = host={of.sockets} dbname={database} user=postgres\n"
        f"[pgbouncer]\nlisten_addr =\nunix_socket_dir = {sockets}\nlisten_port = 6432\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {size}\nmax_client_conn = 200\n"
    )
    who = ["-u", "nobody"] if os.getuid() == 0 else []
    if who:
        for path in (sockets, sockets / "pgbouncer.ini"):
            shutil.chown(path, "nobody")
    words = [program, "-q", *who, str(sockets / "pgbouncer.ini")]
    found = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}
    with subprocess.Popen(words, env=found, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _until_it_answers(f"postgresql://postgres@/{database}?host={sockets}&port=6432", process)
            yield f"postgresql://postgres@/{database}?host={sockets}&port=6432"
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(sockets, ignore_errors=True)


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url, autocommit=True).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, (process.stderr.read() if process.stderr else b"")[-2000:]
            assert time.monotonic() < end, "PgBouncer never answered"
            time.sleep(0.1)
