"""Many rows at once: COPY spares building and parsing one long INSERT, which costs more than the storing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def copy_in(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store new rows of one model in one statement: constraints and triggers hold, nothing is returned.

    Rows are plain tuples, because building a thousand model instances costs more than storing them.

    Args:
        columns: of the table, in the order of each row. A column that is not named gets the database's own default.

    Raises:
        IntegrityError: a row is there already, or breaks a constraint; the caller's transaction is then over.
    """
    quoted = connection.ops.quote_name
    named = ", ".join(map(quoted, columns))
    into = f"COPY {quoted(model._meta.db_table)} ({named}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)
