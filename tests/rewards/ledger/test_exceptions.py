"""The lists an auditor asks for first: what was refused, taken back, or dated back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger import exceptions, queries, sealing
from rewards.ledger import operations as ledger
from rewards.ledger.errors import InsufficientTokens
from rewards.ledger.models import FEES, GUARANTEE, ISSUANCE, Repeat, Transfer
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed

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
        ("transfer_reversed_once", exceptions.reversals().order_by("-reverses_id")),
        ("open_hold_by_expiry", exceptions.stale_holds(timezone.now()).order_by("expires_at")),
        ("account_by_kind", exceptions.near_floor().order_by("kind", "id")),
        ("attempt_refused_by_time", queries.refused_attempts().order_by("-recorded_at", "-key")),
        ("repeat_by_kind", exceptions.repeats(Repeat.Kind.REPLAYED).order_by("-id")),
        ("transfer_back_dated", queries.back_dated_transfers().order_by("-id")),
    ],
)
def test_a_list_of_few_among_millions_has_its_own_index(index, rows):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    plan = rows[:9].explain()

    assert f"{index} " in plan


# --- every list, how long it is, and its rows ---------------------------------------------------------------------


def listed(name: str, **asked: Any) -> list[dict[str, Any]]:
    answer = auditor().get(f"{API}/exceptions/{name}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def counted() -> dict[str, int]:
    return {one["name"]: one["rows"] for one in auditor().get(f"{API}/exceptions").json()["data"]}


@pytest.mark.django_db
def test_quiet_books_have_empty_lists():
    assert counted() == dict.fromkeys(exceptions.NAMES, 0)
    assert all(listed(name) == [] for name in exceptions.NAMES)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("paid", "held", "is_near"), [(89, 0, False), (91, 0, True), (0, 91, True), (100, 0, False), (50, 39, False)]
)
def test_an_account_is_near_its_floor_below_a_tenth(paid, held, is_near):
    escrow = books.account("escrow", tokens=100)
    if paid:
        books.post(debit=escrow, credit=FEES, amount=paid)
    if held:
        books.hold(debit=escrow, amount=held)

    assert [row["account"] for row in listed("near_floor")] == [escrow] * is_near


@pytest.mark.django_db
def test_a_wallet_may_be_empty_and_the_guarantee_may_not_be_in_debt():
    home = books.account(tokens=100)
    books.post(debit=home, credit=FEES, amount=99)
    assert listed("near_floor") == []

    books.post(debit=GUARANTEE, credit=home, amount=5)

    assert [(row["account"], row["amount"]) for row in listed("near_floor")] == [(GUARANTEE, -5)]


def test_a_hold_is_stale_once_it_should_have_gone(committed_db):
    home = books.account(tokens=9)
    books.hold(debit=home, amount=2)
    placed = books.hold(debit=home, amount=3, expires_at=timezone.now() + timedelta(milliseconds=30))
    at = placed.expires_at + timedelta(hours=2)

    found, _ = exceptions.page_of_list("stale_holds", at=at, cursor=None, limit=9)

    assert [(one.key, one.amount, one.op_id) for one in found][:1] == [(placed.key, 3, placed.op_id)]
    assert found[0].lasted == timedelta(hours=2)
    assert (
        exceptions.page_of_list("stale_holds", at=placed.expires_at - timedelta(days=1), cursor=None, limit=9)[0] == []
    )


@pytest.mark.django_db
def test_what_was_dated_back_says_how_far():
    books.post(credit=books.account(), amount=2, effective_at=timezone.now() - timedelta(days=3))

    (row,) = listed("back_dated")

    assert row["lasted_seconds"] in range(3 * 86_400, 3 * 86_400 + 60)


@pytest.mark.django_db
def test_a_reversal_names_what_it_took_back_and_who_agreed():
    paid = books.post(credit=books.account(), amount=4)
    ledger.reverse_operation(op_id=paid.op_id, actor="user:1", approved_by="user:2", reason="두 번 적음")

    (row,) = listed("reversals")

    assert (row["other_op_id"], row["approved_by"], row["reason"]) == (str(paid.op_id), "user:2", "두 번 적음")


@pytest.mark.django_db
def test_tokens_made_without_an_invoice_are_listed():
    home = books.account()
    books.post(credit=home, amount=4, event_ref="issuance:1")
    made = books.post(credit=home, amount=5, event_ref="organisation:1")
    books.post(debit=home, credit=FEES, amount=1, event_ref="gift")

    assert [row["op_id"] for row in listed("issued")] == [str(made.op_id)]


def test_what_waited_for_its_seal_is_listed_with_its_wait(committed_db, monkeypatch):
    books.post(credit=books.account(), amount=1)
    sealed()
    waiting = books.post(credit=books.account(), amount=2)
    at = Transfer.objects.get(op_id=waiting.op_id).recorded_at + timedelta(seconds=200)

    found, further = exceptions.page_of_list("late_seals", at=at, cursor=None, limit=9)
    assert [(one.op_id, one.code, one.lasted) for one in found] == [(waiting.op_id, "waits", timedelta(seconds=200))]
    assert further is None

    monkeypatch.setattr(exceptions, "LATE_SECONDS", 0)
    sealed()
    found, _ = exceptions.page_of_list("late_seals", at=at, cursor=None, limit=9)
    assert [(one.amount, one.code) for one in found] == [(2, ""), (1, "")]
    size = sealing.latest_checkpoint().tree_size
    monkeypatch.setattr(exceptions, "LEAVES", 1)
    walked, cursor = [], None
    for _ in range(size):
        found, cursor = exceptions.page_of_list("late_seals", at=at, cursor=cursor, limit=1)
        walked += [one.amount for one in found]
    assert (walked, cursor) == ([2, 1], None)


@pytest.mark.django_db
def test_a_list_is_counted_up_to_a_thousand(monkeypatch):
    monkeypatch.setattr(exceptions, "COUNTED", 2)
    for _ in range(4):
        books.post(credit=books.account(), amount=1)

    count = exceptions.count_of("issued", at=timezone.now())

    assert (count.rows, count.is_more) == (3, True)
    assert count.oldest == Transfer.objects.filter(debit__address=ISSUANCE).order_by("-pk")[2].recorded_at


@pytest.mark.django_db
@pytest.mark.parametrize("name", exceptions.LISTINGS)
def test_a_list_is_walked_by_its_cursor_only(name):
    answers = [
        auditor().get(f"{API}/exceptions/{name}", asked).status_code for asked in ({"limit": 1}, {"cursor": "A"})
    ]

    assert answers == [200, 400]
    assert auditor().get(f"{API}/exceptions/gossip").status_code == 404
