"""Databases with people in them, and a Maru that runs over one: made once, then cloned in a tenth of a second."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.db import connections
from django.test.testcases import LiveServerThread

from tests.conftest import connect_as_owner

LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@contextmanager
def database(name: str, *, template: str) -> Iterator[str]:
    """Use a clone of `template` under this name, and drop it at the end."""
    settings = connections["default"].settings_dict
    before = settings["NAME"]
    with connect_as_owner("postgres") as admin:
        _copy(admin, name, template)
        settings["NAME"] = name
        cache.clear()
        try:
            yield name
        finally:
            connections["default"].close()
            settings["NAME"] = before
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _copy(admin: "psycopg.Connection", name: str, template: str) -> None:
    """PostgreSQL copies only a database that nobody is connected to."""
    connections["default"].close()
    admin.execute(LEAVE, [template])
    admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # of a run that was cut short
    admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@contextmanager
def server() -> Iterator[str]:
    """Run Maru over the database of the moment; yields its address."""
    thread = LiveServerThread("localhost", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://localhost:{thread.port}"
    finally:
        thread.terminate()
