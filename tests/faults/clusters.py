"""A PostgreSQL of a test's own: it waits for the disk, and it may be killed."""

import itertools
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from django.core.management import call_command
from django.db import connections

from config.databases import postgresql
from config.embedded.accounts import account_for
from config.embedded.folders import VarFolder, make_socket_folder
from config.embedded.interrupts import Interrupts
from config.embedded.postgres import DATABASE, data_of, start_postgres
from config.embedded.programs import Crew
from config.embedded.wheels import postgres_program
from consent.parties.roles import RUNTIME_ROLE
from tests.config.supervising import survivors, wait_until

NUMBERS = itertools.count()


class Cluster:
    """One PostgreSQL with fsync on, stopped or running; the database `maru` in it is migrated and a template."""

    def __init__(self, var: Path) -> None:
        self.folder = VarFolder(var)
        self.folder.take()
        self.sockets = make_socket_folder()
        account = account_for(data_of(self.folder), files=[postgres_program("postgres")])
        if account:
            account.own(self.sockets)
        self._crew: Crew | None = None
        self.url = ""

    def start(self) -> None:
        self._crew = Crew(interrupts=Interrupts(with_parent=False), lock=self.folder.lock).__enter__()
        self.url = start_postgres(self._crew, self.folder, sockets=self.sockets, fast=False, tcp=False)

    def kill(self) -> None:
        """Kill the postmaster as a crash would, and wait until its backends have noticed."""
        postmaster = psutil.Process(int((data_of(self.folder) / "postmaster.pid").read_text().splitlines()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.send_signal(signal.SIGKILL)
        wait_until(lambda: not survivors(family), seconds=60)

    def start_again(self) -> None:
        """Start after a kill: PostgreSQL reads its log and recovers."""
        self.halt()
        self.start()

    def halt(self) -> None:
        """Stop the server, if it still runs, and keep its folders."""
        if self._crew:
            self._crew.__exit__(None, None, None)
            self._crew = None

    def keep_log_on(self, disk: Path) -> None:
        """Move the write-ahead log of the server, which is stopped, to another disk."""
        log = data_of(self.folder) / "pg_wal"
        shutil.copytree(log, disk / "log")
        shutil.rmtree(log)
        log.symlink_to(disk / "log")
        for path in (disk, disk / "log", *(disk / "log").rglob("*")):
            self.own(path)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.folder.leave()

    def own(self, folder: Path) -> None:
        """Give a folder to whom the server runs as."""
        account = account_for(data_of(self.folder), files=[postgres_program("postgres")])
        if account:
            account.own(folder)

    def url_of(self, database: str) -> str:
        return self.url.replace(f"/{DATABASE}?", f"/{database}?")

    def connect(self, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
        """Open a connection of the owner, who is a superuser here."""
        return psycopg.connect(self.url_of(database), autocommit=True)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a migrated database that Django means for a while; its URL is the owner's."""
        name = f"own_{next(NUMBERS)}"
        with self.connect("postgres") as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE {DATABASE}')
        with pointed_at(self.url_of(name)):
            yield self.url_of(name)
        with self.connect("postgres") as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def migrate(self) -> None:
        with pointed_at(self.url, role=None):
            call_command("migrate", verbosity=0)


@contextmanager
def pointed_at(url: str, *, role: str | None = RUNTIME_ROLE, pooled: bool = False) -> Iterator[None]:
    """Let Django's one alias, in every thread, mean another database for a while."""
    settings = connections["default"].settings_dict
    before = dict(settings)
    connections["default"].close()
    settings.update({"HOST": "", "PORT": "", "PASSWORD": "", **postgresql(url, role=role, pooled=pooled)})
    settings["TEST"] = before["TEST"]
    try:
        yield
    finally:
        connections["default"].close()
        settings.clear()
        settings.update(before)
