"""Three ways to one deal: what the receipt promised, what left the escrow, what reached the home. They always agree."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.records.models import Consent
from marketplace.care import matching
from marketplace.delivery.models import Release
from marketplace.demand.models import DataRequest
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import escrow_account
from rewards.ledger.models import FEES
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.care.test_audit import text_of
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db
API = "/api/v1/audit/matches"


@pytest.fixture
def desk():
    return signed_in(factories.auditor(), second_factor=True)


def matched(**asked: Any) -> matching.Match:
    now = timezone.now()
    return matching.match_between(**{"start": now - timedelta(days=1), "end": now + timedelta(days=1), **asked})


def reasons() -> list[str]:
    return [one.reason for one in matched().mismatches]


def deal_apart() -> Any:
    """Make a deal for a data request of its own; the ones before ask nobody any more."""
    DataRequest.objects.update(state=DataRequest.State.PAUSED)
    return factories.deal()


def as_owner(sql: str, *values: object) -> None:
    """Change what the runtime role may not change; the triggers are off for this one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE; SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = origin; SET ROLE maru_app")


@pytest.fixture(autouse=True)
def unguarded():
    """Always-on triggers too stand aside where a test falsifies something; the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        for table in ("ledger_transfer", "records_consent", "records_receipt"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SET ROLE maru_app")


def test_deals_agree_and_are_summed_per_data_request():
    request = factories.open_request(of=factories.tokens_for(factories.organisation()))
    deals = [factories.deal(request=request) for _ in range(3)] + [deal_apart()]

    match = matched()

    assert (match.deals, match.broken, match.mismatches) == (4, 0, [])
    totals = {total.request_id: total for total in match.totals}
    assert set(totals) == {deal.release.request_id for deal in deals}
    mine = totals[request.pk]
    assert (mine.consents, mine.payments, mine.releases) == (3, 3, 3)
    assert mine.debited == mine.promised_price > mine.promised_tokens == mine.credited > 0
    assert mine.is_fine
    assert mine.organisation == request.organisation.name


def test_a_deal_is_matched_in_its_time_only():
    deal = factories.deal()
    now = timezone.now()

    assert matched(start=deal.consent.at, end=now).deals == 1
    assert matched(start=now + timedelta(hours=1), end=now + timedelta(days=1)).deals == 0


def test_a_deal_at_midnight_does_not_fall_apart():
    deal = factories.deal()
    paid = books.Transfer.objects.filter(op_id=deal.consent.op_id)[0].recorded_at
    first, second = sorted((paid, deal.consent.at))

    for start, end in ((first, second), (second, second + timedelta(seconds=1))):
        if start < end:
            assert matched(start=start, end=end).broken == 0


@pytest.mark.parametrize(
    ("reason", "sql"),
    [
        ("no_consent", "UPDATE records_consent SET op_id = gen_random_uuid(), at = at - interval '9d' WHERE id = %s"),
        ("no_payment", "UPDATE ledger_transfer SET op_id = gen_random_uuid(), recorded_at = now() - interval '9 days', "
                       "effective_at = now() - interval '9 days' WHERE event_ref = 'consent:' || %s"),
        ("no_receipt", "UPDATE records_receipt SET act = 'revoked' WHERE consent_id = %s"),
        ("other_consent", "UPDATE ledger_transfer SET event_ref = 'consent:2' WHERE event_ref = 'consent:' || %s"),
        ("other_price", "UPDATE ledger_transfer SET amount = amount + 1 WHERE leg=2 AND event_ref = 'consent:' || %s"),
        ("other_tokens", "UPDATE ledger_transfer SET amount = amount + CASE leg WHEN 1 THEN 1 ELSE -1 END "
                         "WHERE leg < 3 AND event_ref = 'consent:' || %s"),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_named(reason, sql):
    factories.deal()
    deal = deal_apart()

    as_owner(sql, deal.consent.pk if "id = %s" in sql else str(deal.consent.pk))

    match = matched()
    assert [one.reason for one in match.mismatches] == [reason]
    assert match.broken == 1


def test_a_payment_from_another_escrow_is_named():
    deal = factories.deal()
    other = factories.open_request(of=deal.release.organisation)

    with factories.as_owner():
        Release.objects.filter(pk=deal.release.pk).update(request=other)

    assert reasons() == ["other_escrow"]


def test_a_release_with_another_number_is_named():
    deal = factories.deal()

    with factories.as_owner():
        Release.objects.filter(pk=deal.release.pk).update(number=deal.release.number + 1)

    assert reasons() == ["other_number"]


def test_a_consent_without_a_release_is_named():
    deal = factories.deal()

    factories.no_release(deal.release)

    assert reasons() == ["no_release"]


def test_a_no_and_a_payment_for_something_else_are_no_deals():
    deal = factories.deal()
    home = books.account(tokens=50)
    placed = books.hold(debit=home, amount=5)
    books.capture((FEES, 5), hold=placed.key, event_type="order.accepted")
    ledger.post(
        key="back", debit="platform:guarantee", credit=escrow_account(deal.release.request_id), amount=3, actor="t",
        event_type="withdrawn_unread", event_ref=f"consent:{deal.consent.pk}",
    )  # fmt: skip

    assert (matched().deals, matched().broken) == (1, 0)


def test_totals_are_walked_by_their_cursor():
    deals = [deal_apart() for _ in range(3)]
    time = {"start": timezone.now() - timedelta(days=1), "end": timezone.now()}

    first = matched(limit=2, **time)
    second = matched(limit=2, cursor=first.next_cursor, **time)

    walked = [total.request_id for total in first.totals + second.totals]
    assert sorted(walked) == walked
    assert set(walked) == {deal.release.request_id for deal in deals}
    assert second.next_cursor is None


def test_the_page_says_that_all_agree_and_costs_the_same_for_many(desk):
    deal = factories.deal()
    desk.get("/audit/matches")
    with CaptureQueriesContext(connection) as one:
        page = text_of(desk.get("/audit/matches"))
    for _ in range(3):
        deal_apart()
    with CaptureQueriesContext(connection) as many:
        desk.get("/audit/matches")

    assert "세 쪽이 모두 맞아요" in page
    assert f"escrow:{deal.release.request_id}" in page
    assert len(many) == len(one)


def test_the_page_names_what_does_not_agree(desk):
    deal = factories.deal()
    with factories.as_owner():
        Release.objects.filter(pk=deal.release.pk).update(number=deal.release.number + 1)

    page = text_of(desk.get("/audit/matches"))

    assert "전달 번호가 다름" in page
    assert f"/audit/transfers/{deal.consent.op_id}" in page


@pytest.mark.parametrize(
    "asked",
    [
        {"start": "2026-02-02", "end": "2026-02-01"}, {"start": "2026-01-01", "end": "2026-12-31"},
        {"start": "yesterday"}, {"end": "0001-01-01"}, {"end": "9999-12-31"},
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_matched_is_explained(desk, asked):
    page = text_of(desk.get("/audit/matches", asked))

    assert "고칠 것이" in page


def test_the_api_tells_the_same(desk):
    deal = factories.deal()
    now = timezone.now()
    time = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}

    told = desk.get(API, time).json()
    trail = desk.get(f"/api/v1/audit/trails/{deal.consent.op_id}").json()

    assert (told["deals"], told["broken"], told["mismatches"], told["next_cursor"]) == (1, 0, [], None)
    assert told["data"][0]["request_id"] == str(deal.release.request_id)
    assert trail["consent"]["id"] == str(deal.consent.pk)
    assert (trail["consent"]["is_signed"], len(trail["consent"]["receipt_digest"])) == (True, 64)
    assert (trail["release"]["id"], trail["release"]["is_what_was_shown"]) == (str(deal.release.pk), True)
    assert Consent.objects.get(pk=deal.consent.pk).payload_digest not in str(trail)


@pytest.mark.parametrize(
    "asked",
    [{"from": "2026-01-01T00:00:00Z"}, {"from": "2026-02-01", "to": "2026-01-01"},
     {"from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"},
     {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "cursor": "A"}],
)  # fmt: skip
def test_the_api_refuses_a_time_it_cannot_match(desk, asked):
    assert desk.get(API, asked).status_code == 400


def test_a_match_looks_for_each_side_by_the_number_of_the_operation():
    factories.deal()
    with CaptureQueriesContext(connection) as captured:
        matched()
    query = captured.captured_queries[0]["sql"]

    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )
        cursor.execute("EXPLAIN " + query.replace("%", "%%"))
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan on ledger_transfer" not in plan
    # Which index is cheapest among so few rows changes with what the server knows of them.
    assert "op_id = " in plan
