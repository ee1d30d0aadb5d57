"""The auditors' API: who may look, what is shown, and how lists go on."""

from datetime import timedelta

import pytest
from django.test import Client

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger.models import FEES, ISSUANCE, Transfer
from tests import factories
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db
LIST = "/api/v1/ledger/transfers"
ADDRESSES = [
    "trial-balance",
    "trial-balance?as_of=2100-01-01T00:00:00Z&by=effective",
    "accounts",
    "accounts/platform:fees",
    "accounts/platform:fees?as_of=2100-01-01T00:00:00Z",
    "accounts/platform:fees/statement",
    "transfers",
    "transfers?back_dated=true",
    "refusals",
    "checkpoints",
]


def bearer(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


@pytest.fixture
def auditor() -> Client:
    _, text = parties.issue_key(label="감사", scopes=[MachineKey.Scope.AUDIT], organisation=factories.platform())
    return bearer(text)


@pytest.fixture
def deal():
    """One escrow of 100 that paid a home 20 and the platform 5 from a hold of 30."""
    escrow, home = books.account("escrow", tokens=100), books.account()
    placed = books.hold(debit=escrow, amount=30)
    captured = books.capture((home, 20), (FEES, 5), hold=placed.key)
    return {"escrow": escrow, "home": home, "hold": placed, "capture": captured}


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_and_other_seats_see_nothing(address):
    url = f"/api/v1/ledger/{address}"
    member, admin, auditor_without_second_factor = Client(), Client(), Client()
    member.force_login(factories.member())
    admin.force_login(factories.admin())
    auditor_without_second_factor.force_login(factories.auditor())
    buyer = bearer(factories.buyer_key(of=factories.organisation()))
    hub = bearer(factories.hub_key(of=factories.household()))

    assert Client().get(url).status_code == 401
    others = (member, admin, auditor_without_second_factor, buyer, hub)
    assert [other.get(url).status_code for other in others] == [403] * 5


@pytest.mark.parametrize("address", ADDRESSES)
def test_auditors_change_nothing(address, auditor):
    assert auditor.post(f"/api/v1/ledger/{address}", {}, "application/json").status_code == 405


def test_the_trial_balance_says_that_nothing_is_missing(auditor, deal):
    body = auditor.get("/api/v1/ledger/trial-balance").json()

    assert (body["debits"], body["credits"], body["difference"]) == (125, 125, 0)
    rows = {row["kind"]: row for row in body["rows"]}
    assert rows["escrow"] == {
        "kind": "escrow", "accounts": 1, "debits": 25, "credits": 100, "balance": 75, "held": 0,
    }  # fmt: skip


def test_accounts_say_where_they_stand(auditor, deal):
    body = auditor.get("/api/v1/ledger/accounts?kind=escrow").json()

    (escrow,) = body["data"]
    assert (escrow["address"], escrow["posted"], escrow["available"], escrow["version"]) == (deal["escrow"], 75, 75, 4)
    assert body["next_cursor"] is None


def test_the_statement_is_walked_by_its_cursor(auditor, deal):
    url = f"/api/v1/ledger/accounts/{deal['escrow']}/statement"
    first = auditor.get(url, {"limit": 3}).json()
    second = auditor.get(url, {"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [line["after"] for line in first["data"] + second["data"]] == [75, 80, 100, 100]
    assert second["next_cursor"] is None


def test_the_books_are_read_as_of_an_instant(auditor, deal):
    paid = Transfer.objects.get(op_id=deal["capture"].op_id, leg=1).recorded_at
    before = (paid - timedelta(microseconds=1)).isoformat()

    then = auditor.get(f"/api/v1/ledger/accounts/{deal['escrow']}", {"as_of": before}).json()
    now = auditor.get(f"/api/v1/ledger/accounts/{deal['escrow']}").json()
    trial = auditor.get("/api/v1/ledger/trial-balance", {"as_of": before, "by": "recorded"}).json()

    assert [(where["posted"], where["held"], where["available"]) for where in (then, now)] == [
        (100, 30, 70),
        (75, 0, 75),
    ]
    assert (trial["credits"], trial["held"], trial["difference"]) == (100, 30, 0)


def test_a_statement_of_a_time_opens_and_closes(auditor, deal):
    url = f"/api/v1/ledger/accounts/{deal['escrow']}/statement"
    paid = Transfer.objects.get(op_id=deal["capture"].op_id, leg=1).recorded_at.isoformat()

    first = auditor.get(url, {"from": paid, "limit": 1}).json()
    second = auditor.get(url, {"from": paid, "limit": 1, "cursor": first["next_cursor"]}).json()

    assert (first["opening"]["posted"], first["closing"]["posted"]) == (100, 75)
    assert [line["after"] for line in first["data"] + second["data"]] == [75, 80]
    assert second["next_cursor"] is None


def test_the_journal_is_walked_by_its_cursor_and_filtered_by_kind(auditor, deal):
    first = auditor.get(LIST, {"limit": 1, "kind": ["hold", "post"]}).json()
    second = auditor.get(LIST, {"limit": 9, "kind": ["hold", "post"], "cursor": first["next_cursor"]}).json()

    kinds = [(row["kind"], row["debit"], row["credit"]) for row in first["data"] + second["data"]]
    assert kinds == [("hold", deal["escrow"], None), ("post", ISSUANCE, deal["escrow"])]


def test_an_operation_shows_its_legs_and_its_hold(auditor, deal):
    body = auditor.get(f"{LIST}/{deal['capture'].op_id}").json()

    assert [(row["leg"], row["credit"], row["amount"]) for row in body["data"]] == [(1, deal["home"], 20), (2, FEES, 5)]
    assert {row["hold_op_id"] for row in body["data"]} == {str(deal["hold"].op_id)}


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/v1/ledger/accounts/household:none/statement", 404),
        ("/api/v1/ledger/transfers/00000000-0000-4000-8000-000000000000", 404),
        ("/api/v1/ledger/transfers?kind=gift", 400),
        ("/api/v1/ledger/accounts?kind=bank", 400),
        ("/api/v1/ledger/accounts/household:none", 404),
        ("/api/v1/ledger/trial-balance?as_of=yesterday", 400),
        ("/api/v1/ledger/trial-balance?by=moon", 400),
        ("/api/v1/ledger/accounts/orders/statement?from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", 400),
        ("/api/v1/ledger/accounts/orders/statement?from=2026-02-02T00:00:00Z&kind=post", 400),
        ("/api/v1/ledger/transfers?back_dated=maybe", 400),
        ("/api/v1/ledger/transfers?limit=0", 400),
        ("/api/v1/ledger/transfers?cursor=broken", 400),
    ],
)
def test_what_is_not_there_is_a_problem(auditor, url, status):
    answer = auditor.get(url)

    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json")


def test_a_cursor_opens_only_its_own_list(auditor, deal):
    cursor = auditor.get(LIST, {"limit": 1}).json()["next_cursor"]

    assert auditor.get(LIST, {"cursor": cursor, "kind": "hold"}).status_code == 400


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_takes_as_many_queries_however_long(rows, address, auditor, django_assert_max_num_queries):
    escrow = books.account("escrow", tokens=100)
    for _ in range(rows):
        placed = books.hold(debit=escrow, amount=3)
        books.capture((books.account(), 2), (FEES, 1), hold=placed.key)

    with django_assert_max_num_queries(5):
        assert auditor.get(f"/api/v1/ledger/{address}").status_code == 200
