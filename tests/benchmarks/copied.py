"""The peer of taking in: COPY of the very rows that were stored, into tables with the same columns and indexes.

Both sides of the vault and the insights, 500 of each in a commit: no parsing, no sealing, no foreign keys, no twin.
Written three times, each time into new tables; what counts is the median.
"""

import contextlib
from collections.abc import Iterable
from statistics import median
from typing import Any
from uuid import UUID

import psycopg

from marketplace.insights.models import DataKey, Insight, SealedObject
from tests.benchmarks.web import database_url, rate_of

BATCH, TIMES = 500, 3
OBJECTS, KEYS, INSIGHTS = (model._meta.db_table for model in (SealedObject, DataKey, Insight))
#: Keys of the twin and of memories stand in the same tables, and are no insights.
_OF_HOMES = f"SELECT id FROM {OBJECTS} WHERE household_id = ANY(%s) AND purpose = 'insight'"
_ROWS = {
    OBJECTS: f"SELECT * FROM {OBJECTS} WHERE id IN ({_OF_HOMES})",
    KEYS: f"SELECT * FROM {KEYS} WHERE sealed_id IN ({_OF_HOMES})",
    INSIGHTS: f"SELECT * FROM {INSIGHTS} WHERE household_id = ANY(%s)",
}
#: The blocks of all tables that make one commit.
_Commit = tuple[bytes, ...]


def copy_rate(households: Iterable[Any], *, hands: int = 1) -> float:
    """Write the rows of these homes again, on as many connections as hands; return insights a second."""
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(psycopg.connect(database_url(), autocommit=True)) for _ in range(hands)]
        commits = _commits(connections[0], [home.pk for home in households])
        return median(_once(connections, commits) for _ in range(TIMES))


def _once(connections: "list[psycopg.Connection[Any]]", commits: list[_Commit]) -> float:
    for table in _ROWS:
        connections[0].execute(f"DROP TABLE IF EXISTS bench_{table}")
        connections[0].execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
    hands = len(connections)
    return BATCH * rate_of(
        lambda number: _copy(connections[number % hands], commits[number]), items=len(commits), hands=hands
    )


def _commits(hand: "psycopg.Connection[Any]", homes: list[UUID]) -> list[_Commit]:
    blocks = []
    for rows in _ROWS.values():
        hand.execute(f"CREATE TEMPORARY TABLE picked AS {rows}", [homes])
        with hand.cursor().copy("COPY picked TO STDOUT") as copy:
            lines = b"".join(bytes(block) for block in copy).splitlines(keepends=True)
        hand.execute("DROP TABLE picked")
        # What rules concluded beside it makes no whole batch, and is left out.
        blocks.append([b"".join(lines[start : start + BATCH]) for start in range(0, len(lines) - BATCH + 1, BATCH)])
    return list(zip(*blocks, strict=True))


def _copy(hand: "psycopg.Connection[Any]", commit: _Commit) -> None:
    with hand.transaction():
        for table, block in zip(_ROWS, commit, strict=True):
            with hand.cursor().copy(f"COPY bench_{table} FROM STDIN") as copy:
                copy.write(block)
