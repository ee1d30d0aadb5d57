"""Books that grow, and how many rows a read looks at in them: what it costs on any machine, at any load."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from consent.parties.roles import RUNTIME_ROLE
from rewards.ledger import operations as ledger
from rewards.ledger.items import PostItem
from rewards.ledger.models import FEES
from tests.rewards.ledger import books

#: Rows between two totals.
STRETCH = 200
NUMBERS = itertools.count(1)
READS = ("SELECT", "WITH")


def grow(*, payer: str, rows: int) -> None:
    """Let an account pay two homes and the fees in turns; roll up, and tell the planner.

    It is to plan as for a large journal, which nobody reads whole.
    """
    takers = itertools.cycle([books.account(), books.account(), FEES])
    keys = (f"grown:{next(NUMBERS)}" for _ in range(rows))
    ledger.apply([PostItem(key=key, debit=payer, credit=next(takers), amount=1, **books.FACT) for key in keys])
    ledger.roll_up(stretch=STRETCH)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ANALYZE ledger_transfer, ledger_account, ledger_balance")
        cursor.execute(f"SET ROLE {RUNTIME_ROLE}; SET LOCAL enable_seqscan = off")


def rows_looked_at(question: Callable[[], object]) -> int:
    """Return how many rows a question's statements read, those included that they put away."""
    looked: list[int] = []

    def explained(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().upper().startswith(READS):
            cursor = context["connection"].connection.cursor()
            plan = cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params).fetchone()[0][0]["Plan"]
            looked.extend(_read(node) for node in _nodes(plan) if "Relation Name" in node)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        question()
    return sum(looked)


def _read(node: dict[str, Any]) -> int:
    put_away = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return round((node["Actual Rows"] + put_away) * node["Actual Loops"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
