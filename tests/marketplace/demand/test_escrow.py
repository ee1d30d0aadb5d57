"""What a buyer learns of its escrow: funded, spent, refundable; and when what is left comes back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from marketplace.demand import operations, queries
from marketplace.demand.models import DataRequest
from marketplace.demand.queries import Budget
from rewards.ledger import operations as ledger
from rewards.ledger.models import GUARANTEE
from rewards.ledger.operations import Leg
from rewards.ledger.queries import balance_of, trial_balance
from tests import factories


def hold(request, tokens=144, *, key="hold:1"):
    ledger.place_hold(
        key=key, debit=request.escrow, amount=tokens, lifetime=timedelta(hours=72), actor="test",
        event_type="test", event_ref="test",
    )  # fmt: skip
    return key


def pay(request, tokens=144):
    """One event is paid for, as a settlement does it."""
    key = hold(request, tokens, key=f"hold:{uuid4()}")
    wallet = ledger.open_wallet(household=factories.household()).address
    ledger.capture_hold(
        hold=key, key=f"settle:{key}", legs=[Leg(wallet, tokens)], actor="test", event_type="test", event_ref="test"
    )


def give_back_later(request, tokens):
    """The price of an event that was withdrawn before it was read."""
    ledger.post(
        key=f"guarantee:{uuid4()}", debit=GUARANTEE, credit=request.escrow, amount=tokens, actor="test",
        event_type="test", event_ref="test",
    )  # fmt: skip


def close(request, at):
    return operations.close_request(request_id=request.pk, actor_organisation=request.organisation, actor="test", at=at)


def release(key):
    ledger.release_hold(hold=key, key=f"free:{key}", actor="test")


def test_a_budget_is_told_in_three_numbers(db):
    request = factories.open_request(tokens=1_000)

    pay(request, 144)

    assert queries.budget(request) == Budget(funded=1_000, spent=144, refundable=856)


def test_a_hold_changes_none_of_them(db):
    request = factories.open_request(tokens=1_000)
    before = queries.budget(request)

    hold(request)

    assert queries.budget(request) == before == Budget(funded=1_000, spent=0, refundable=1_000)


def test_what_a_withdrawal_gives_back_is_not_spent(db):
    request = factories.open_request(tokens=1_000)
    pay(request, 144)

    give_back_later(request, 144)

    assert queries.budget(request) == Budget(funded=1_000, spent=0, refundable=1_000)


def test_many_budgets_cost_one_query(db, django_assert_num_queries):
    requests = [factories.open_request(tokens=1_000 + number) for number in range(3)]

    with django_assert_num_queries(1):
        found = queries.budgets(requests)

    assert [found[request.pk].funded for request in requests] == [1_000, 1_001, 1_002]


@pytest.mark.parametrize("asked", [False, True])
def test_the_day_of_the_refund_is_the_same_whether_anybody_was_asked(db, settings, asked):
    request, at = factories.open_request(tokens=1_000), timezone.now()
    if asked:
        hold(request)

    close(request, at)

    request.refresh_from_db()
    assert request.refund_due_at == at + timedelta(hours=settings.ASK_HOURS + settings.HOLD_GRACE_HOURS)


def test_what_is_left_comes_back_once_it_is_due(db):
    request, at = factories.open_request(tokens=1_000), timezone.now()
    pay(request, 144)
    due = close(request, at).refund_due_at

    early = operations.return_escrow(request_id=request.pk, at=due - timedelta(seconds=1))
    on_time = operations.return_escrow(request_id=request.pk, at=due)

    request.refresh_from_db()
    assert (early, on_time) == (0, 856)
    assert request.refunded_at == due
    assert balance_of(request.account).posted == 99_856
    assert queries.budget(request) == Budget(funded=1_000, spent=144, refundable=0)
    assert trial_balance().difference == 0


def test_it_comes_back_once(db):
    request = factories.open_request(tokens=1_000)
    due = close(request, timezone.now()).refund_due_at

    again = [operations.return_escrow(request_id=request.pk, at=due) for _ in range(2)]

    assert again == [1_000, 0]


def test_it_waits_while_anything_is_held(db):
    request = factories.open_request(tokens=1_000)
    key = hold(request)
    due = close(request, timezone.now()).refund_due_at
    assert operations.return_escrow(request_id=request.pk, at=due) == 0

    release(key)

    assert operations.return_escrow(request_id=request.pk, at=due) == 1_000


def test_what_arrives_after_the_refund_comes_back_too(db):
    request = factories.open_request(tokens=1_000)
    pay(request, 144)
    due = close(request, timezone.now()).refund_due_at
    operations.return_escrow(request_id=request.pk, at=due)
    first = DataRequest.objects.get(pk=request.pk).refunded_at

    give_back_later(request, 144)
    later = operations.return_escrow(request_id=request.pk, at=due + timedelta(days=1))

    request.refresh_from_db()
    assert later == 144
    assert request.refunded_at == first
    assert queries.budget(request) == Budget(funded=1_000, spent=0, refundable=0)


def test_an_open_request_gives_nothing_back(db):
    request = factories.open_request(tokens=1_000)

    assert operations.return_escrow(request_id=request.pk, at=timezone.now() + timedelta(days=400)) == 0


def test_the_work_list_of_refunds_holds_what_is_due_and_was_not_paid(db):
    request, other = factories.open_request(tokens=1_000), factories.open_request(tokens=1_000)
    at = timezone.now()
    due = close(request, at).refund_due_at
    close(other, at + timedelta(hours=1))

    listed = DataRequest.objects.due_for_refund(due)
    assert list(listed) == [request]

    operations.return_escrow(request_id=request.pk, at=due)
    assert not listed.all().exists()


def test_ends_asking_when_the_escrow_no_longer_covers_one_event(db):
    request = factories.open_request(tokens=144)
    pay(request, 144)

    marked = [operations.exhaust_request(request_id=request.pk, at=timezone.now()) for _ in range(2)]

    request.refresh_from_db()
    assert marked == [True, False]
    assert request.state == "exhausted"


def test_what_is_held_does_not_exhaust_it_so_that_the_state_tells_of_no_ask(db):
    request = factories.open_request(tokens=144)
    hold(request, 144)

    assert operations.exhaust_request(request_id=request.pk, at=timezone.now()) is False

    request.refresh_from_db()
    assert request.state == "open"


def test_a_request_that_is_not_open_is_never_marked(db):
    request = factories.submitted_request(tokens=0)

    assert operations.exhaust_request(request_id=request.pk, at=timezone.now()) is False
