"""Many rows at once: COPY spares building and parsing one long INSERT, an array one parameter for each id."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format
from psycopg.types.string import BytesBinaryDumper

#: What both sides write and read as bytes; a table that holds anything else goes over as text.
_IN_BINARY = {"uuid", "varchar", "bytea", "timestamp with time zone", "date", "smallint", "integer", "bigint"}


def copy_in(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store new rows of one model in one statement: constraints and triggers hold, nothing is returned.

    Rows are plain tuples, because building a thousand model instances costs more than storing them.

    Args:
        columns: of the table, in the order of each row. A column that is not named gets the database's own default.
        rows: each value of the very type of its column; an id may be text too, and JSON is text.

    Raises:
        IntegrityError: a row is there already, or breaks a constraint; the caller's transaction is then over.
    """
    quoted, column_types = connection.ops.quote_name, _types(model, tuple(columns))
    is_binary = _IN_BINARY.issuperset(column_types)
    named = ", ".join(map(quoted, columns))
    into = f"COPY {quoted(model._meta.db_table)} ({named}) FROM STDIN{' (FORMAT BINARY)' if is_binary else ''}"
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.adapters.register_dumper(None, _IdDumper)
        # The one that stands asks of all bytes whether they are wrapped; none here are.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        with cursor.copy(into) as copy:
            if is_binary:
                copy.set_types(column_types)
            for row in rows:
                copy.write_row(row)


def array_of(ids: Iterable[UUID | str]) -> str:
    """Return ids, or words that hold nothing to escape, as PostgreSQL writes an array: one parameter, however many.

    Five hundred parameters, or a list for the driver to adapt, take longer than most statements that they are for.
    """
    return f"{{{','.join([str(one) or _EMPTY for one in ids])}}}"


def array_of_bytes(boxes: Iterable[bytes]) -> str:
    """Return bytes as PostgreSQL writes an array of them."""
    return f"{{{','.join([_BYTES % box.hex() for box in boxes])}}}"


_EMPTY = '""'
#: In hexadecimal; the quotes of an array ask for the backslash twice.
_BYTES = '"\\\\x%s"'


def _sixteen_bytes(one: UUID | str) -> bytes:
    # What is no id has not the length of one, and PostgreSQL refuses it.
    return bytes.fromhex(one.replace("-", "")) if isinstance(one, str) else one.bytes


class _IdDumper(Dumper):
    """An id as its sixteen bytes, whether it is at hand as a UUID or as text. A batch says each in several tables."""

    format = Format.BINARY
    oid = types["uuid"].oid
    dump = staticmethod(lru_cache(maxsize=2_048)(_sixteen_bytes))


@cache
def _types(model: type[Model], columns: tuple[str, ...]) -> list[str]:
    fields = {field.column: field for field in model._meta.concrete_fields}
    return [str(fields[column].db_type(connection)).partition("(")[0] for column in columns]
