"""Many tables in one statement, joined in the order they are written.

Left alone, PostgreSQL weighs eight tables at a time in every order. Where a statement begins at one row or at a short
list, the order written is the right one: weighing took ten times as long as the statement itself, and now and then led
through all that a home ever brought.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def joined_as_written() -> Iterator[None]:
    """Let the statements within be joined as they are written; outside a transaction, within one of its own."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SET LOCAL join_collapse_limit = 1")
        yield
        cursor.execute("SET LOCAL join_collapse_limit = DEFAULT")
