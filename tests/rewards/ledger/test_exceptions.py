"""The lists an auditor asks for first: what was refused, taken back, or dated back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger import operations as ledger
from rewards.ledger import queries
from rewards.ledger.errors import InsufficientTokens
from tests import factories
from tests.rewards.ledger import books

API = "/api/v1/ledger"


def auditor() -> Client:
    _, text = parties.issue_key(label="감사", scopes=[MachineKey.Scope.AUDIT], organisation=factories.platform())
    return Client(headers={"authorization": f"Bearer {text}"})


def test_what_was_refused_is_listed_newest_first_and_walked(committed_db):
    home, reader = books.account(tokens=1), auditor()
    for number in range(3):
        with pytest.raises(InsufficientTokens):
            books.post(key=f"refused:{number}", debit=home, credit="platform:fees", amount=9)

    first = reader.get(f"{API}/refusals", {"limit": 2}).json()
    second = reader.get(f"{API}/refusals", {"limit": 2, "cursor": first["next_cursor"]}).json()

    listed = first["data"] + second["data"]
    assert [(one["key"], one["outcome"]) for one in listed] == [
        (f"refused:{number}", "insufficient_tokens") for number in (2, 1, 0)
    ]
    assert second["next_cursor"] is None


@pytest.mark.django_db
def test_what_was_dated_back_is_listed_apart():
    home = books.account(tokens=1)
    books.post(credit=home, amount=2, effective_at=timezone.now() - timedelta(days=1))

    (row,) = auditor().get(f"{API}/transfers", {"back_dated": "true"}).json()["data"]

    assert (row["amount"], row["effective_at"] < row["recorded_at"]) == (2, True)


@pytest.mark.django_db
def test_a_reversal_says_of_what_by_whom_and_why():
    paid = books.post(credit=books.account(), amount=4)
    ledger.reverse_operation(op_id=paid.op_id, actor="user:1", approved_by="user:2", reason="두 번 적음")

    (row,) = auditor().get(f"{API}/transfers", {"kind": "reverse"}).json()["data"]

    assert (row["reverses"], row["actor"], row["approved_by"], row["reason"]) == (
        paid.transfer_id,
        "user:1",
        "user:2",
        "두 번 적음",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("index", "rows"),
    [
        ("attempt_refused_by_time", queries.refused_attempts().order_by("-recorded_at", "-key")),
        ("transfer_back_dated", queries.back_dated_transfers().order_by("-id")),
    ],
)
def test_a_list_of_few_among_millions_has_its_own_index(index, rows):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    plan = rows[:9].explain()

    assert f"{index} " in plan
