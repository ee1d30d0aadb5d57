"""Every step from every state: the legal ones are taken, every other one is refused and writes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rewards.redemption import operations
from rewards.redemption.errors import OrderNotInState
from rewards.redemption.models import Order
from tests import factories
from tests.rewards.redemption.books import everything_written

State = Order.State
STEPS = {
    "accept": State.ACCEPTED,
    "refuse": State.REFUSED,
    "fulfil": State.FULFILLED,
    "cancel": State.CANCELLED,
}


def take(step: str, order: Order, *, worker, at):
    if step == "accept":
        return operations.accept_order(order_id=order.pk, actor=worker, at=at)
    if step == "refuse":
        return operations.refuse_order(order_id=order.pk, actor=worker, reason="까닭", at=at)
    if step == "fulfil":
        return operations.fulfil_order(order_id=order.pk, actor=worker, voucher_code=order.voucher_code, at=at)
    return operations.cancel_order(order_id=order.pk, actor=order.ordered_by, at=at)


LEGAL = {
    (State.PLACED, "accept"),
    (State.PLACED, "refuse"),
    (State.PLACED, "cancel"),
    (State.ACCEPTED, "fulfil"),
    (State.ACCEPTED, "refuse"),
    (State.ACCEPTED, "cancel"),
}
TABLE = [(state, step) for state in State for step in STEPS]


@pytest.mark.parametrize(("state", "step"), TABLE, ids=lambda part: str(part))
def test_a_step_is_taken_only_from_the_states_that_lead_there(db, state, step):
    order = factories.order_in(state)
    worker, before = factories.staff(of=order.reward.provider), everything_written()

    if (state, step) in LEGAL:
        assert take(step, order, worker=worker, at=timezone.now()).state == STEPS[step]
    else:
        with pytest.raises(OrderNotInState):
            take(step, order, worker=worker, at=timezone.now())
        assert everything_written() == before


@pytest.mark.parametrize("step", STEPS)
def test_no_step_leads_from_an_order_past_its_72_hours_even_without_a_clock(db, step):
    order = factories.order_in(State.PLACED)
    worker, before = factories.staff(of=order.reward.provider), everything_written()

    with pytest.raises(OrderNotInState):
        take(step, order, worker=worker, at=order.answer_by)

    assert everything_written() == before


@pytest.mark.parametrize("step", ["accept", "refuse", "cancel"])
def test_until_the_last_moment_every_step_is_open(db, step):
    order = factories.order_in(State.PLACED)
    worker = factories.staff(of=order.reward.provider)

    assert take(step, order, worker=worker, at=order.answer_by - timedelta(microseconds=1)).state == STEPS[step]


def test_the_table_in_the_code_is_the_table_of_this_test():
    listed = {(state, step) for state in State for step, to in STEPS.items() if to in Order.TRANSITIONS[state]}

    assert listed == LEGAL
