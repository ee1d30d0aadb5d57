"""The ground every other test stands on: the role, the rollback, and commits in a clone."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from consent.parties.models import AuditEntry
from consent.parties.roles import INSERT_ONLY, MOVES_ON, NEVER_DELETED, READ_ONLY, RUNTIME_ROLE
from tests.conftest import connect_as_owner

pytestmark = pytest.mark.ground
THREADS = 20
INSUFFICIENT_PRIVILEGE = "42501"
EXISTING = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.mark.django_db
def test_acts_as_the_runtime_role():
    assert _one("SELECT current_user") == RUNTIME_ROLE
    assert _one("SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.django_db
def test_uses_the_servers_that_the_environment_names():
    named = conninfo_to_dict(os.environ["DATABASE_URL"])

    assert _one("SELECT coalesce(inet_server_port()::text, '')") == str(named.get("port", ""))
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as hints:
        assert hints.ping()


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(INSERT_ONLY | READ_ONLY))
@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_may_not_rewrite(table, right):
    assert table in _tables(), f"{table} is listed in roles.py but no such table exists"
    assert _one("SELECT has_table_privilege(current_user, %s, %s)", [table, right]) is False


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(INSERT_ONLY))
def test_not_even_the_owner_rewrites_what_only_grows(table):
    enabled = "SELECT tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'only_grows'"

    assert _one(enabled, [table]) == "A", "it fires always, replicas and restores included"


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(NEVER_DELETED))
def test_may_move_on_and_never_take_away(table):
    asked = "SELECT has_table_privilege(current_user, %s, %s)"

    assert _one("SELECT has_any_column_privilege(current_user, %s, 'UPDATE')", [table]) is True
    assert not any(_one(asked, [table, right]) for right in ("DELETE", "TRUNCATE"))


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(MOVES_ON))
def test_moves_on_in_its_own_columns_and_in_no_other(table):
    """Tried column by column: a list may be right and the grants be wrong."""
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]

    assert {column for column in columns if _may_write(table, column)} == set(MOVES_ON[table])


def _may_write(table: str, column: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'UPDATE {table} SET "{column}" = "{column}"')
    except ProgrammingError as refused:
        return getattr(refused.__cause__, "sqlstate", "") != INSUFFICIENT_PRIVILEGE
    return True


@pytest.mark.django_db
def test_what_runs_with_the_owner_s_rights_is_not_for_everybody():
    """A function without a list of rights, or with PUBLIC (0) in it, may be called by any role of the server."""
    open_to_all = """
        SELECT coalesce(string_agg(p.proname, ', ' ORDER BY p.proname), '') FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
            AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))"""

    assert _one(open_to_all) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(READ_ONLY))
def test_may_not_write_the_books_itself(table):
    assert _one("SELECT has_table_privilege(current_user, %s, 'INSERT')", [table]) is False


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_is_refused_by_the_database_and_not_only_by_a_list(statement):
    table = AuditEntry._meta.db_table

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.mark.django_db
def test_may_not_change_the_tables_themselves():
    with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {AuditEntry._meta.db_table} DISABLE TRIGGER ALL")


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_finds_nothing_of_the_test_before(turn):
    assert not AuditEntry.objects.filter(subject="left over").exists()

    _note("left over")


def test_twenty_threads_really_commit_in_a_clone_of_their_own(committed_db):
    start = Barrier(THREADS)

    def act(number: int) -> tuple[str, str]:
        try:
            start.wait(30)
            _note(f"thread {number}")
            return _one("SELECT current_database()"), _one("SELECT current_user")
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        seen = set(pool.map(act, range(THREADS)))

    assert seen == {(committed_db, RUNTIME_ROLE)}
    with connect_as_owner(committed_db) as other:
        assert other.execute("SELECT count(*) FROM parties_auditentry WHERE subject LIKE 'thread %'").fetchone() == (
            THREADS,
        )


def test_one_of_twenty_threads_wins_a_unique_row(committed_db):
    start = Barrier(THREADS)

    def act(_: int) -> int:
        try:
            start.wait(30)
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO django_session VALUES ('one', '', now()) ON CONFLICT DO NOTHING")
                return cursor.rowcount
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        won = list(pool.map(act, range(THREADS)))

    assert sorted(won) == [0] * (THREADS - 1) + [1]


def _note(subject: str) -> None:
    AuditEntry.objects.create(actor="test", action="test", subject=subject, at=timezone.now())


def _one(statement: str, words: list[str] | None = None) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
        return cursor.fetchone()[0]


def _tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(EXISTING)
        return {name for (name,) in cursor.fetchall()}
