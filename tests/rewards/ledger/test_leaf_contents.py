"""Every column of a row is in its leaf, and no text of it can borrow from its neighbour."""

import itertools
import uuid

import pytest
from django.apps import apps
from django.db import connection

from rewards.ledger import operations as ledger
from rewards.ledger.errors import EvidenceStands
from rewards.ledger.evidence import keep_evidence
from rewards.ledger.models import Transfer
from tests.rewards.ledger import books

TABLES = ("transfer", "account", "closure", "attempt", "evidence")
#: Other values, by type.
OTHER = {
    "bigint": "10001", "smallint": "9", "uuid": "gen_random_uuid()", "xid8": "'77'", "text": "'x'", "boolean": "false",
    "timestamp with time zone": "'2001-01-01T00:00:00Z'", "character varying": "'x'", "bytea": "'\\x99'",
    "jsonb": "'[9]'",
}  # fmt: skip
NEWEST = {
    "transfer": "WHERE kind = 'capture'",
    "attempt": "WHERE action = 'capture'",
    "account": "WHERE kind = 'household'",
}
TEXTS = ("text", "character varying")
SALTS = "'00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'"


@pytest.fixture
def one_of_each(db) -> None:
    escrow, home = books.account("escrow", tokens=9), books.account()
    placed = books.hold(debit=escrow, amount=9)
    operation = uuid.uuid4()
    keep_evidence(op_id=operation, digest=bytes(32))
    books.capture((home, 4), hold=placed.key, op_id=operation)
    closing = books.account()
    ledger.close_account(address=closing, actor="test")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_in_its_leaf(one_of_each, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum", [f"ledger_{table}"],
        )  # fmt: skip
        columns = dict(cursor.fetchall())
        for column, kind in columns.items():
            row = ", ".join(f"{OTHER[kind]}::{kind}" if name == column else f"t.{name}" for name in columns)
            cursor.execute(
                f"""SELECT bool_or({content_of(table, "t")} = {content_of(table, f"ROW({row})::ledger_{table}")})
                    FROM (SELECT * FROM ledger_{table} {NEWEST.get(table, "")}) t"""
            )
            assert cursor.fetchall() == [(False,)], f"{column} is not in the leaf"
    assert len(columns) == len(apps.get_model("ledger", table)._meta.concrete_fields)


@pytest.mark.parametrize("table", ["transfer", "account", "attempt"])
def test_nothing_and_something_empty_are_not_the_same(one_of_each, table):
    """NULL has a mark of its own, and no text can borrow from its neighbour: every two texts are told apart."""
    model = apps.get_model("ledger", table)
    texts = [field.column for field in model._meta.concrete_fields if field.db_type(connection) in TEXTS]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ledger_{table} LIMIT 0")
        columns = [column.name for column in cursor.description]
        for one, other in itertools.combinations(texts, 2):
            cursor.execute(
                f"""SELECT {content_of(table, shape(table, columns, {one: "'ab'", other: "'c'"}))}
                         = {content_of(table, shape(table, columns, {one: "'a'", other: "'bc'"}))}"""
            )
            assert cursor.fetchone() == (False,), f"{one} flows into {other}"
        for field in model._meta.concrete_fields:
            if field.null and field.db_type(connection) in TEXTS:
                cursor.execute(
                    f"""SELECT {content_of(table, shape(table, columns, {field.column: "''"}))}
                             = {content_of(table, shape(table, columns, {field.column: "NULL"}))}"""
                )
                assert cursor.fetchone() == (False,), field.column


def content_of(table: str, row: str) -> str:
    """Return what a leaf is the hash of, as SQL; where a row has two sides, behind salts that are the same."""
    return f"ledger_{table}_content({row}{f', {SALTS}' if table == 'transfer' else ''})"


def shape(table: str, columns: list[str], told: dict[str, str]) -> str:
    """Return the newest row of a table with other values in some columns, as SQL."""
    row = ", ".join(told.get(column, f"t.{column}") for column in columns)
    return f"(SELECT ROW({row})::ledger_{table} FROM ledger_{table} t {NEWEST.get(table, '')} LIMIT 1)"


def test_evidence_is_kept_once_and_before_its_operation(one_of_each):
    row = Transfer.objects.get(kind="capture")

    keep_evidence(op_id=row.op_id, digest=bytes(32))

    for operation in (row.op_id, Transfer.objects.exclude(kind="capture")[0].op_id):
        with pytest.raises(EvidenceStands):
            keep_evidence(op_id=operation, digest=b"\1" * 32)
