"""Seventy-two hours without an answer: what a home has is what it reads, whether or not a clock runs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rewards.ledger import operations as ledger
from rewards.redemption import operations, tasks
from rewards.redemption.models import Order, Reward
from rewards.redemption.queries import wallet_of
from tests import factories
from tests.rewards.redemption.books import Standing, standing


@pytest.fixture
def unanswered(filter_reward, mother) -> Order:
    """Placed now; every test looks at it from 72 hours later."""
    return operations.place_order(reward_id=filter_reward.pk, actor=mother, at=timezone.now())


def test_the_tokens_read_as_free_at_the_very_deadline_with_no_clock_running(unanswered, home):
    before = wallet_of(home, at=unanswered.answer_by - timedelta(seconds=1))
    after = wallet_of(home, at=unanswered.answer_by)

    assert (before.available, before.held) == (400, 600)
    assert (after.available, after.held) == (1_000, 0)
    assert unanswered.shown_state(unanswered.answer_by) == Order.State.CANCELLED


def test_what_reads_as_free_can_be_spent_with_no_clock_running(unanswered, home, firm, mother):
    dear = factories.reward(of=firm, tokens=1_000)

    operations.place_order(reward_id=dear.pk, actor=mother, at=unanswered.answer_by)

    assert standing(home, firm) == Standing(available=0, held=1_000, orders=0, provider=0)


def test_what_an_unanswered_order_kept_from_the_shelf_can_be_ordered_by_another_home(mother, neighbour, firm):
    last = factories.reward(of=firm, tokens=10, stock=1)
    kept = operations.place_order(reward_id=last.pk, actor=mother, at=timezone.now())

    assert last in Reward.objects.on_offer(kept.answer_by)
    assert last not in Reward.objects.on_offer(kept.placed_at)
    assert operations.place_order(reward_id=last.pk, actor=neighbour, at=kept.answer_by).state == Order.State.PLACED


def test_the_clock_only_tidies_up(unanswered, home, firm, filter_reward):
    assert operations.lapse_orders(at=unanswered.answer_by + timedelta(days=1)) == 1

    order, _ = Order.objects.get(), filter_reward.refresh_from_db()
    assert (order.state, order.ended_at, order.is_unanswered) == (Order.State.CANCELLED, order.answer_by, True)
    assert filter_reward.stock == 3
    assert standing(home, firm) == Standing(available=1_000, held=0, orders=0, provider=0)


def test_the_clock_leaves_what_is_not_due_and_what_was_answered(db):
    waiting, accepted = factories.order_in("placed"), factories.order_in("accepted")

    assert operations.lapse_orders(at=waiting.answer_by - timedelta(seconds=1)) == 0
    with factories.as_owner():
        Order.objects.filter(pk=waiting.pk).update(answer_by=timezone.now() + timedelta(days=300))
    assert operations.lapse_orders(at=accepted.answer_by + timedelta(days=9)) == 0


def test_the_clock_takes_no_more_than_it_is_told(db):
    orders = [factories.order_in("placed") for _ in range(3)]

    assert operations.lapse_orders(at=orders[-1].answer_by, limit=2) == 2
    assert operations.lapse_orders(at=orders[-1].answer_by, limit=2) == 1


def test_an_order_lapses_although_the_ledgers_own_sweeper_came_first(unanswered, home, firm, monkeypatch):
    # The ledger's clock cannot be moved from here: its hold is resolved as the sweeper would have done.
    ledger.release_hold(hold=unanswered.hold_key, key=f"expire:{unanswered.hold_key}", actor="system:clock")

    assert operations.lapse_orders(at=unanswered.answer_by) == 1
    assert standing(home, firm) == Standing(available=1_000, held=0, orders=0, provider=0)


def test_the_task_does_what_the_operation_does(unanswered):
    with factories.as_owner():
        Order.objects.update(answer_by=timezone.now() - timedelta(seconds=1))

    tasks.lapse_orders()

    assert Order.objects.get().state == Order.State.CANCELLED
