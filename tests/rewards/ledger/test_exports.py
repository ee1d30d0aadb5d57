"""What an auditor takes away: whole files with their own checksum, that compute to the same books elsewhere."""

import csv
import hashlib
import io
import json
import re
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent.parties import operations as parties
from consent.parties.models import MachineKey
from rewards.ledger import exports, queries
from rewards.ledger.models import FEES, ISSUANCE, Transfer
from tests import factories
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed

API = "/api/v1/ledger/export"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"]


@pytest.fixture
def auditor() -> Client:
    _, text = parties.issue_key(label="감사", scopes=[MachineKey.Scope.AUDIT], organisation=factories.platform())
    return Client(headers={"authorization": f"Bearer {text}"})


def fetched(reader: Client, path: str, **asked: Any) -> bytes:
    answer = reader.get(f"{API}/{path}", asked)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def told(file: bytes) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Read a CSV file as a stranger would: check its end, and give its rows by name."""
    body, last = file[: file.rindex(b"#end")], file[file.rindex(b"#end") :].decode()
    end = dict(cell.split("=", 1) for cell in next(csv.reader([last]))[1:])
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert (end["rows"], end["sha256"]) == (str(len(rows)), hashlib.sha256(body).hexdigest())
    return rows, end


def documents(file: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *lines, last = file.splitlines(keepends=True)
    end = json.loads(last)["end"]
    assert (end["rows"], end["sha256"]) == (len(lines), hashlib.sha256(b"".join(lines)).hexdigest())
    return [json.loads(line) for line in lines], end


def test_files_of_different_accounts_and_times_have_names_of_their_own(db, auditor):
    first, second = books.account("escrow", tokens=100), books.account()
    asked = [
        (first, {}),
        (second, {}),
        (first, {"from": "2026-01-01T00:00:00+09:00"}),
        (first, {"from": "2026-01-01T00:00:00+09:00", "to": "2026-02-01T00:00:00+09:00"}),
        (first, {"format": "jsonl"}),
    ]

    names = [auditor.get(f"{API}/accounts/{one}/statement", query)["content-disposition"] for one, query in asked]

    assert len(set(names)) == len(asked)
    assert all(re.fullmatch(r'attachment; filename="maru-statement-[A-Za-z0-9-]+\.\w+"', name) for name in names)


def test_what_is_taken_away_computes_to_the_same_balances(committed_db, auditor):
    escrow, home = books.account("escrow", tokens=100), books.account()
    placed = books.hold(debit=escrow, amount=30)
    books.capture((home, 20), (FEES, 5), hold=placed.key)
    books.hold(debit=escrow, amount=7)
    sealed()

    rows, end = told(fetched(auditor, "transfers"))

    stands: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["credit"]:
            stands[row["debit"]] -= int(row["amount"])
            stands[row["credit"]] += int(row["amount"])
    assert {address: stands[address] for address in (escrow, home, FEES, ISSUANCE)} == {
        address: standing.posted for address, standing in queries.balances_of([escrow, home, FEES, ISSUANCE]).items()
    }
    assert len(rows) == Transfer.objects.count()
    assert [int(row["leaf"]) for row in rows] == sorted(int(row["leaf"]) for row in rows)
    assert end["next_cursor"] == ""
    accounts, _ = told(fetched(auditor, "accounts"))
    assert {row["address"]: row["held"] for row in accounts}[escrow] == "7"


def test_a_long_export_goes_on_in_another_file(committed_db, auditor, monkeypatch):
    home = books.account()
    for amount in range(1, 8):
        books.post(credit=home, amount=amount)
    sealed()
    whole, _ = documents(fetched(auditor, "transfers", format="jsonl"))
    monkeypatch.setattr(exports, "CHUNK", 2)
    monkeypatch.setattr(exports, "FILE", 3)

    rows, cursor, files = [], {}, 0
    while cursor is not None:
        found, end = documents(fetched(auditor, "transfers", format="jsonl", **cursor))
        rows, files = rows + found, files + 1
        cursor = {"cursor": end["next_cursor"]} if end["next_cursor"] else None

    assert rows == whole
    assert files > 1


def test_only_what_fits_is_exported_and_only_what_is_sealed(committed_db, auditor):
    home, other = books.account(), books.account()
    books.post(credit=home, amount=5, actor="user:1")
    books.post(credit=other, amount=5, actor="user:2")
    sealed()
    books.post(credit=home, amount=9)

    def amounts(**asked: Any) -> list[str]:
        return [row["amount"] for row in told(fetched(auditor, "transfers", **asked))[0]]

    assert amounts() == ["5", "5"]
    assert amounts(account=home) == amounts(actor="user:2") == ["5"]
    assert amounts(account=home, actor="user:2") == amounts(kind="hold") == []


def test_nothing_sealed_is_nothing_to_export(committed_db, auditor):
    answer = auditor.get(f"{API}/transfers")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_sealed_yet")


@pytest.mark.django_db
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_and_no_line_loses_its_text(auditor, text):
    home = books.account()
    books.post(credit=home, amount=1, event_type=text, event_ref=f'{text},"x"\n')

    (line,) = [row for row in told(fetched(auditor, f"accounts/{home}/statement"))[0] if row["line"] == "line"]
    (document,) = [
        row for row in documents(fetched(auditor, f"accounts/{home}/statement", format="jsonl"))[0]
        if row["line"] == "line"
    ]  # fmt: skip

    assert line["event_type"] == f"'{text}"
    assert (document["event_type"], document["event_ref"]) == (text, f'{text},"x"\n')


@pytest.mark.django_db
def test_a_statement_runs_from_its_closing_to_its_opening(auditor, monkeypatch):
    home = books.account(tokens=10)
    start = Transfer.objects.order_by("-pk")[0].recorded_at + timedelta(microseconds=1)
    books.post(debit=home, credit=FEES, amount=3)
    books.hold(debit=home, amount=2)
    books.post(credit=home, amount=8)
    for chunk in (1, 2, 500):
        monkeypatch.setattr(exports, "CHUNK", chunk)

        rows, _ = told(fetched(auditor, f"accounts/{home}/statement", **{"from": start.isoformat()}))

        assert [(row["line"], row["change"], row["after"]) for row in rows] == [
            ("closing", "", "15"), ("line", "8", "15"), ("line", "0", "7"), ("line", "-3", "7"), ("opening", "", "10"),
        ]  # fmt: skip


@pytest.mark.django_db
def test_a_statement_runs_also_where_no_balance_is_kept(auditor):
    for amount in (4, 6):
        books.post(credit=FEES, amount=amount)

    rows, _ = told(fetched(auditor, f"accounts/{FEES}/statement"))

    assert [row["after"] for row in rows] == ["10", "10", "4", "0"]


@pytest.mark.django_db
def test_the_lists_of_exceptions_are_exported_whole(auditor, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 2)
    home = books.account()
    for amount in range(1, 6):
        books.post(credit=home, amount=amount, effective_at=timezone.now() - timedelta(days=2))

    rows, _ = told(fetched(auditor, "exceptions/back_dated"))

    assert [row["amount"] for row in rows] == ["5", "4", "3", "2", "1"]
    assert all(172_800 <= int(row["lasted"]) < 172_860 for row in rows)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("accounts/household:none/statement", 404), ("exceptions/gossip", 404), ("transfers?kind=gift", 400),
        ("accounts?kind=bank", 400), ("accounts?cursor=A", 400), ("transfers?min_amount=x", 400),
        ("accounts/orders/statement?from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z", 400),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_is_refused_before_it_begins(auditor, path, status):
    answer = auditor.get(f"{API}/{path}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["transfers", "accounts", f"accounts/{FEES}/statement", "exceptions/refused"])
def test_nobody_else_takes_anything_away(path):
    member = Client()
    member.force_login(factories.member())
    buyer = Client(headers={"authorization": f"Bearer {factories.buyer_key(of=factories.organisation())}"})

    assert [who.get(f"{API}/{path}").status_code for who in (Client(), member, buyer)] == [401, 403, 403]
