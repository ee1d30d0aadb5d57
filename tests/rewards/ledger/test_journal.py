"""The journal explored: filters that combine, pages that lose no row, a cost that does not grow with the books."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger import journal, sealing
from rewards.ledger import operations as ledger
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.journal import Filters
from rewards.ledger.models import FEES, ISSUANCE, Transfer
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed

API = "/api/v1/ledger"


def auditor() -> Client:
    _, text = parties.issue_key(label="감사", scopes=[MachineKey.Scope.AUDIT], organisation=factories.platform())
    return Client(headers={"authorization": f"Bearer {text}"})


@pytest.fixture
def deal(db) -> dict[str, Any]:
    """An escrow of 100 that paid a home 20 and the platform 5, and a later gift of 7 by somebody else."""
    escrow, home, other = books.account("escrow", tokens=100), books.account(), books.account()
    placed = books.hold(debit=escrow, amount=30)
    captured = books.capture((home, 20), (FEES, 5), hold=placed.key, event_type="consent", event_ref="consent:1")
    told = {"actor": "user:gift", "event_type": "gift", "event_ref": "gift:1"}
    gift = books.post(key="gift:1", debit=home, credit=other, amount=7, **told)
    return {"escrow": escrow, "home": home, "hold": placed, "capture": captured, "gift": gift}


def found(**asked: Any) -> list[int]:
    return [row.pk for row in journal.walk(Filters(**asked), limit=500).rows]


def every(**asked: Any) -> list[int]:
    """Walk to the end, two rows at a time."""
    rows, before = [], None
    while True:
        stretch = journal.walk(Filters(**asked), before=before, limit=2)
        rows += [row.pk for row in stretch.rows]
        before = stretch.next_before
        if before is None:
            return rows


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({}, ["post", "capture", "capture", "hold", "post"]),
        ({"kinds": ("capture",)}, ["capture", "capture"]),
        ({"actor": "user:gift"}, ["post"]),
        ({"event_type": "consent"}, ["capture", "capture"]),
        ({"event_ref": "consent:1", "min_amount": 6}, ["capture"]),
        ({"event_type": "consent", "max_amount": 5}, ["capture"]),
        ({"min_amount": 7, "max_amount": 20}, ["post", "capture"]),
        ({"min_amount": 20, "kinds": ("hold", "post")}, ["hold", "post"]),
        ({"is_sealed": True}, []),
        ({"is_sealed": False, "actor": "user:gift"}, ["post"]),
        ({"actor": "nobody"}, []),
    ],
)
def test_filters_combine(deal, asked, kinds):
    assert [row.kind for row in journal.walk(Filters(**asked)).rows] == kinds


@pytest.mark.parametrize("side", ["escrow", "home"])
def test_an_account_is_walked_on_both_its_sides(deal, side):
    here = {
        row.pk
        for row in Transfer.objects.all()
        if deal[side] in {row.debit.address, getattr(row.credit, "address", "")}
    }

    assert every(account=deal[side]) == sorted(here, reverse=True)
    assert found(account=deal[side], min_amount=20) == [
        pk for pk in every(account=deal[side]) if Transfer.objects.get(pk=pk).amount >= 20
    ]


def test_an_account_without_a_balance_is_walked_too(deal):
    made = Transfer.objects.filter(debit__address=ISSUANCE).values_list("pk", flat=True)

    assert every(account=ISSUANCE) == sorted(made, reverse=True)
    assert [row.amount for row in journal.walk(Filters(account=FEES)).rows] == [5]


@pytest.mark.django_db
def test_an_account_that_is_none_is_not_found():
    with pytest.raises(UnknownAccount):
        journal.walk(Filters(account="household:none"))


@pytest.mark.parametrize("window", [1, 2, 3, 100])
@pytest.mark.parametrize("asked", [{}, {"kinds": ("capture",)}, "escrow", "home", ISSUANCE, FEES])
def test_no_window_loses_a_row_or_shows_one_twice(deal, monkeypatch, window, asked):
    asked = asked if isinstance(asked, dict) else {"account": deal.get(asked, asked)}
    whole = found(**asked)

    monkeypatch.setattr(journal, "WINDOW", window)

    assert every(**asked) == whole
    assert whole


def test_a_page_of_few_looks_no_further_than_its_window(deal, monkeypatch):
    monkeypatch.setattr(journal, "WINDOW", 2)

    stretch = journal.walk(Filters(actor="nobody"))

    newest = Transfer.objects.order_by("-pk")[0].pk
    assert (stretch.rows, stretch.next_before) == ([], newest - 1)


@pytest.mark.parametrize("account", [None, "escrow", ISSUANCE])
def test_a_period_holds_exactly_what_was_recorded_in_it(deal, monkeypatch, account):
    monkeypatch.setattr(journal, "SKEW", timedelta(0))
    address = {"account": deal.get(account, account)} if account else {}
    rows = [Transfer.objects.get(pk=pk) for pk in found(**address)]
    times = sorted({row.recorded_at for row in rows})

    for start in times:
        for end in [*times, None]:
            inside = [row.pk for row in rows if start <= row.recorded_at and (end is None or row.recorded_at < end)]
            assert every(**address, recorded_from=start, recorded_to=end) == inside


def test_a_period_by_effective_time_holds_what_was_dated_back(deal):
    at = timezone.now() - timedelta(days=9)
    late = books.post(credit=deal["home"], amount=3, effective_at=at)

    assert found(effective_to=at + timedelta(days=1)) == [late.transfer_id]
    assert found(effective_from=at, effective_to=at + timedelta(microseconds=1)) == [late.transfer_id]
    assert late.transfer_id not in found(effective_from=at + timedelta(microseconds=1))
    assert found(back_dated=True, account=deal["home"]) == [late.transfer_id]
    assert found(back_dated=True, account=deal["escrow"]) == []


def test_a_key_an_operation_and_a_stranger_are_looked_up(deal):
    reader = auditor()

    def listed(**asked: Any) -> list[int]:
        return [row["id"] for row in reader.get(f"{API}/transfers", asked).json()["data"]]

    assert listed(key="gift:1") == listed(op_id=str(deal["gift"].op_id)) == [deal["gift"].transfer_id]
    assert listed(key="nobody:1") == listed(key="gift:1", op_id=str(deal["capture"].op_id)) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"min_amount": 0}, {"min_amount": 2**53}, {"max_amount": "ten"}, {"from": "yesterday"}, {"sealed": "maybe"},
        {"op_id": "1"}, {"actor": "x" * 201}, {"event_ref": "\x00"}, {"cursor": "AAAA"}, {"back_dated": "1"},
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(db, asked):
    assert auditor().get(f"{API}/transfers", asked).status_code == 400


def test_a_cursor_opens_only_the_search_that_made_it(deal):
    reader = auditor()
    cursor = reader.get(f"{API}/transfers", {"limit": 1, "actor": "test"}).json()["next_cursor"]

    assert reader.get(f"{API}/transfers", {"actor": "test", "cursor": cursor}).status_code == 200
    assert reader.get(f"{API}/transfers", {"actor": "user:1", "cursor": cursor}).status_code == 400


# --- what hangs on an operation -----------------------------------------------------------------------------------


def test_a_hold_is_told_with_what_became_of_it(deal):
    for op_id in (deal["hold"].op_id, deal["capture"].op_id):
        (life,) = auditor().get(f"{API}/transfers/{op_id}").json()["holds"]
        assert (life["placed"]["amount"], life["kept"]) == (30, 25)
        assert [row["amount"] for row in life["resolved"]] == [20, 5]


def test_a_hold_that_stands_has_no_end(deal):
    placed = books.hold(debit=deal["escrow"], amount=4)

    (life,) = auditor().get(f"{API}/transfers/{placed.op_id}").json()["holds"]

    assert (life["placed"]["amount"], life["kept"], life["resolved"]) == (4, 0, [])


def test_a_reversal_is_linked_both_ways(deal):
    ledger.reverse_operation(op_id=deal["gift"].op_id, actor="user:1", approved_by="user:2", reason="두 번 적음")
    taken_back = Transfer.objects.get(kind="reverse").op_id
    reader = auditor()

    forth = reader.get(f"{API}/transfers/{deal['gift'].op_id}").json()
    back = reader.get(f"{API}/transfers/{taken_back}").json()

    assert (forth["reversed_by"], forth["takes_back"]) == ([str(taken_back)], [])
    assert (back["reversed_by"], back["takes_back"]) == ([], [str(deal["gift"].op_id)])
    assert found(kinds=("reverse",)) == [Transfer.objects.get(kind="reverse").pk]


def test_an_operation_leads_up_to_the_first_checkpoint_over_it(committed_db):
    first = books.post(credit=books.account(), amount=1)
    sealed()
    size = sealing.latest_checkpoint().tree_size
    second = books.post(credit=books.account(), amount=1)

    assert journal.operation_of(first.op_id).checkpoint.tree_size == size
    assert journal.operation_of(second.op_id).checkpoint is None
    assert [found(is_sealed=True), found(is_sealed=False)] == [[first.transfer_id], [second.transfer_id]]

    sealed()
    assert journal.operation_of(first.op_id).checkpoint.tree_size == size
    assert journal.operation_of(second.op_id).checkpoint.tree_size > size


def test_a_key_tells_what_came_of_it(deal):
    told = auditor().get(f"{API}/attempts", {"key": "gift:1"}).json()

    assert (told["outcome"], told["op_id"], len(told["fingerprint"])) == ("applied", str(deal["gift"].op_id), 64)
    assert [auditor().get(f"{API}/attempts", asked).status_code for asked in ({}, {"key": "no"})] == [400, 404]


# --- a large journal ----------------------------------------------------------------------------------------------


@pytest.fixture
def large(db) -> dict[str, Any]:
    """Twenty thousand rows, and statistics about them."""
    escrow, home = books.account("escrow", tokens=10**6), books.account()
    items = [
        {"action": "post", "key": f"many:{n}", "actor": f"user:{n % 50}", "event_type": "test", "event_ref": f"n:{n}"}
        | {"debit": escrow if n % 4 else ISSUANCE, "credit": home, "amount": 1 + n % 9}
        for n in range(20_000)
    ]
    with connection.cursor() as cursor:
        for first in range(0, len(items), 5000):
            cursor.execute("SELECT ledger_apply(%s::jsonb)", [json.dumps(items[first : first + 5000])])
        cursor.execute("SET ROLE NONE; ANALYZE ledger_transfer; ANALYZE ledger_leaf; SET ROLE maru_app")
    middle = Transfer.objects.order_by("pk")[10_000]
    return {"escrow": escrow, "home": home, "op": middle.op_id, "at": middle.recorded_at, "row": middle}


def test_no_look_reads_the_whole_journal(large, monkeypatch):
    monkeypatch.setattr(journal, "WINDOW", 1000)
    monkeypatch.setattr(journal, "SKEW", timedelta(0))
    at = large["at"]
    looks: list[dict[str, Any]] = [
        {},
        {"actor": "user:7", "min_amount": 3, "event_type": "test", "kinds": ("post", "hold")},
        {"event_ref": "n:1"},
        {"is_sealed": False},
        {"recorded_from": at, "recorded_to": at + timedelta(milliseconds=50)},
        {"recorded_to": at, "actor": "user:7"},
        {"effective_from": at},
        {"account": large["escrow"], "actor": "user:7"},
        {"account": large["home"], "recorded_to": at},
        {"account": ISSUANCE, "recorded_to": at, "actor": "user:4"},
        {"operations": (large["op"],)},
        {"back_dated": True},
        {"kinds": ("reverse",)},
    ]
    for asked in looks:
        for query in _asked_by(lambda asked=asked: journal.walk(Filters(**asked))):
            plan = _plan(query)
            assert "Seq Scan on ledger_transfer" not in plan, (asked, plan)
            assert _rows_read(plan) <= 4200, (asked, plan)
    for query in _asked_by(lambda: journal.operation_of(large["op"])):
        assert "Seq Scan on ledger_transfer" not in _plan(query)


def _asked_by(look: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        look()
    return [query["sql"] for query in captured]


def _plan(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + query.replace("%", "%%"))
        return "\n".join(row[0] for row in cursor.fetchall())


def _rows_read(plan: str) -> float:
    """Return how many rows of the journal a plan took up, those it then left out counted in."""
    read = 0.0
    for node in re.split(r"\n(?=\s*->)", plan):
        if "on ledger_transfer" in node and (rows := re.search(r"rows=([\d.]+) loops=(\d+)", node)):
            left_out = sum(map(int, re.findall(r"Rows Removed by Filter: (\d+)", node)))
            read += (float(rows[1]) + left_out) * int(rows[2])
    return read
