"""Many tables in one statement, joined in the order they are written, each row looked up by its index.

Left alone, PostgreSQL weighs eight tables at a time in every order. Where a statement begins at one row or at a short
list, the order written is the right one: weighing took ten times as long as the statement itself, and now and then led
through all that a home ever brought. Nor does it guess how many rows come of a join: where it guessed three of five
hundred, it compared each with every appliance of every home.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_SWITCHES = {
    "join_collapse_limit": "1",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
}
_ON = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _SWITCHES.items())
_OFF = "; ".join(f"SET LOCAL {name} = DEFAULT" for name in _SWITCHES)


@contextmanager
def joined_as_written() -> Iterator[None]:
    """Let the statements within be joined as they are written; outside a transaction, within one of its own."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_ON)
        yield
        cursor.execute(_OFF)
