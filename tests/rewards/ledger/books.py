"""Small true books for the tests: accounts opened and filled through the ledger's own writers."""

import itertools
from datetime import timedelta
from typing import Any

from django.db import connection

from rewards.ledger import operations as ledger
from rewards.ledger.items import Capture, Hold, Posted
from rewards.ledger.models import ISSUANCE, Attempt, Transfer

NUMBERS = itertools.count(1)
FACT: dict[str, Any] = {"actor": "test", "event_type": "test", "event_ref": "1"}


def account(kind: str = "household", *, tokens: int = 0) -> str:
    address = f"{kind}:t{next(NUMBERS)}"
    ledger.open_account(address=address, kind=kind)
    if tokens:
        post(debit=ISSUANCE, credit=address, amount=tokens)
    return address


def key() -> str:
    return f"test:{next(NUMBERS)}"


def post(**fields: Any) -> Posted:
    return ledger.post(**{"key": key(), "debit": ISSUANCE, "amount": 1, **FACT, **fields})


def hold(**fields: Any) -> Hold:
    length = {} if "expires_at" in fields else {"lifetime": timedelta(hours=1)}
    return ledger.place_hold(**{"key": key(), "amount": 1, **length, **FACT, **fields})


def capture(*legs: tuple[str, int], **fields: Any) -> Capture:
    return ledger.capture_hold(**{"key": key(), "legs": [ledger.Leg(*leg) for leg in legs], **FACT, **fields})


def written() -> tuple[Any, ...]:
    """Return everything a refusal must leave alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(coalesce(string_agg(b::text, ',' ORDER BY account_id), '')) FROM ledger_balance b")
        balances = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM ledger_openhold")
        return Transfer.objects.count(), Attempt.objects.count(), balances, cursor.fetchone()[0]
