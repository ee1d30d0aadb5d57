"""One alias, migrated by the owner, used by the runtime role; clones where a test must commit."""

import itertools
from collections.abc import Iterator
from typing import Any

import hypothesis
import psycopg
import pytest
import pytest_django.fixtures
from django.conf import settings as django_settings
from django.db import connections
from django.utils import translation

from consent.parties.roles import RUNTIME_ROLE

# No property is false because the machine was busy elsewhere.
hypothesis.settings.register_profile("without deadline", hypothesis.settings(deadline=None))
hypothesis.settings.load_profile("without deadline")

NUMBERS = itertools.count()
#: Where one test, or the world it stands in, takes seconds.
LONG = (
    "test_schema_holds.py", "test_model.py", "test_machine.py", "test_query_counts.py", "test_every_page.py",
    "test_story.py", "test_choice_is_neutral.py", "test_urls.py", "test_supervisor_places.py",
    "test_supervisor_leaves_nothing.py", "test_bridge.py",
)  # fmt: skip


def pytest_configure() -> None:
    """Let tests that use no database make the keys they need; test_keys_are_away.py asks it."""
    django_settings.KEYS_CHECK = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long files come first: what is left to share at the end are short tests."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def act_as(role: str | None) -> None:
    """Let every connection from now on act as this role; the threads share these settings."""
    connection = connections["default"]
    connection.close()
    options = connection.settings_dict["OPTIONS"]
    others = options.get("options", "").replace(f"-c role={RUNTIME_ROLE}", "").strip()
    options["options"] = f"{others} -c role={role}".strip() if role else others


def connect_as_owner(database: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """Open an own connection, beside Django's, as the role that logs in."""
    settings = connections["default"].settings_dict
    keys = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    address = {word: settings[key] for key, word in keys.items() if settings.get(key)}
    others = {key: value for key, value in settings["OPTIONS"].items() if key != "options"}
    return psycopg.connect(**address, **others, dbname=database, autocommit=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    # pytest-django makes a test database only when a marked test is among those that run. Without one,
    # `committed_db` alone would clone, and write to, the real database.
    pytest_django.fixtures._get_databases_for_setup = lambda items: ({"default"}, set())
    act_as(None)  # the owner creates and migrates


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        act_as(RUNTIME_ROLE)
    yield
    with django_db_blocker.unblock():
        act_as(None)


@pytest.fixture(autouse=True)
def korean_first() -> None:
    """Start each test in Korean: a page asked for in English leaves its language behind in the thread."""
    translation.activate("ko")


@pytest.fixture
def committed_db(request, django_db_setup, django_db_blocker) -> Iterator[str]:
    """A clone of the migrated database for races, browsers and faults: commits are real, every trigger stays on.

    Threads too connect to the clone, because all of them read the same settings.
    """
    assert "db" not in request.fixturenames, "take committed_db or db: one transaction cannot see the clone"
    settings = connections["default"].settings_dict
    template = settings["NAME"]
    clone = f"{template}_{next(NUMBERS)}"
    with django_db_blocker.unblock(), connect_as_owner("postgres") as admin:
        connections["default"].close()
        admin.execute(f'CREATE DATABASE "{clone}" TEMPLATE "{template}"')
        settings["NAME"] = clone
        yield clone
        connections["default"].close()
        settings["NAME"] = template
        admin.execute(f'DROP DATABASE "{clone}" WITH (FORCE)')
