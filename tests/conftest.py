"""One alias, migrated by the owner, used by the runtime role; clones where a test must commit."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections

from config.databases import RUNTIME_ROLE

NUMBERS = itertools.count()


def act_as(role: str | None) -> None:
    connection = connections["default"]
    connection.close()
    connection.settings_dict["OPTIONS"]["options"] = f"-c role={role}" if role else ""


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    act_as(None)  # the owner creates and migrates


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        act_as(RUNTIME_ROLE)
    yield
    with django_db_blocker.unblock():
        act_as(None)


@pytest.fixture
def committed_db(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A clone of the migrated database for races, browsers and faults: commits are real, every trigger stays on."""
    connection = connections["default"]
    with django_db_blocker.unblock():
        template = connection.settings_dict["NAME"]
        clone = f"{template}_{next(NUMBERS)}"
        connection.close()
        server = {
            "host": connection.settings_dict["HOST"],
            "port": connection.settings_dict.get("PORT") or None,
            "user": connection.settings_dict["USER"],
            "password": connection.settings_dict.get("PASSWORD") or None,
            "dbname": "postgres",
        }
        with psycopg.connect(**server, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{clone}" TEMPLATE "{template}"')
            connection.settings_dict["NAME"] = clone
            yield clone
            connection.close()
            connection.settings_dict["NAME"] = template
            admin.execute(f'DROP DATABASE "{clone}" WITH (FORCE)')
