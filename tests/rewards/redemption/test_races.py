"""Twenty at once: a balance is spent as often as it covers, a stock is sold as often as it lasts, a step taken once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection
from django.utils import timezone

from rewards.ledger import operations as ledger
from rewards.ledger.addresses import provider_account
from rewards.ledger.errors import InsufficientTokens
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import ISSUANCE
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from rewards.redemption import operations
from rewards.redemption.errors import OrderNotInState, RewardUnavailable
from rewards.redemption.models import Order, Reward
from tests import factories

THREADS = 20


def at_once(actions):
    """Run every action in a thread of its own, all from the same moment; return the answer or refusal of each."""
    barrier = Barrier(len(actions))

    def run(action):
        try:
            barrier.wait(timeout=30)
            return action()
        except (InsufficientTokens, RewardUnavailable, OrderNotInState) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def placing(reward, *, by, **fields):
    return lambda: operations.place_order(reward_id=reward.pk, actor=by, at=timezone.now(), **fields)


def test_twenty_orders_of_the_whole_balance_spend_it_once(committed_db):
    mother = factories.member()
    home = factories.tokens_in_wallet(mother.membership.household, 100)
    rewards = [factories.reward(tokens=100, stock=None) for _ in range(THREADS)]

    answers = at_once([placing(reward, by=mother) for reward in rewards])

    assert sum(isinstance(answer, Order) for answer in answers) == 1
    assert sum(isinstance(answer, InsufficientTokens) for answer in answers) == THREADS - 1
    assert (balance_of(wallet_address(home)).available, Order.objects.count()) == (0, 1)


def test_twenty_orders_succeed_exactly_as_often_as_the_balance_covers(committed_db):
    home = factories.tokens_in_wallet(factories.household(), 750)
    mother, father = factories.member(of=home), factories.member(of=home)
    wanted = factories.reward(tokens=100, stock=None)

    answers = at_once([placing(wanted, by=(mother, father)[place % 2]) for place in range(THREADS)])

    wallet = balance_of(wallet_address(home))
    assert sum(isinstance(answer, Order) for answer in answers) == 750 // 100
    assert (wallet.posted, wallet.held, wallet.available) == (750, 700, 50)
    assert (trial_balance().difference, balance_of(ISSUANCE).posted) == (0, -750)
    assert broken_invariants() == {}


def test_twenty_homes_after_three_pieces_get_three(committed_db):
    homes = [factories.tokens_in_wallet(factories.household(), 100) for _ in range(THREADS)]
    people = [factories.member(of=home) for home in homes]
    scarce = factories.reward(tokens=100, stock=3)

    answers = at_once([placing(scarce, by=person) for person in people])

    held = [balance_of(wallet_address(home)).held for home in homes]
    assert sum(isinstance(answer, Order) for answer in answers) == 3
    assert (Reward.objects.get().stock, sum(held), Order.objects.count()) == (0, 300, 3)


def test_twenty_taps_with_one_key_make_one_order(committed_db):
    mother = factories.member()
    factories.tokens_in_wallet(mother.membership.household, 1_000)
    wanted = factories.reward(tokens=10, stock=None)

    answers = at_once([placing(wanted, by=mother, idempotency_key="tap") for _ in range(THREADS)])

    assert {answer.pk for answer in answers} == {Order.objects.get().pk}


def test_refusals_and_cancellations_at_once_give_back_once(committed_db):
    for _ in range(6):
        order = factories.order()
        worker = factories.staff(of=order.reward.provider)

        def refuse(order=order, worker=worker):
            return operations.refuse_order(order_id=order.pk, actor=worker, reason="까닭", at=timezone.now())

        def cancel(order=order):
            return operations.cancel_order(order_id=order.pk, actor=order.ordered_by, at=timezone.now())

        answers = at_once([refuse, cancel] * 4)

        home = balance_of(wallet_address(order.household))
        assert sum(isinstance(answer, Order) for answer in answers) == 1
        assert (home.available, home.held, balance_of("orders").posted) == (order.tokens, 0, 0)


def test_fulfilling_and_cancelling_at_once_pay_one_of_the_two(committed_db):
    for _ in range(6):
        order = factories.order_in(Order.State.ACCEPTED)
        worker, firm = factories.staff(of=order.reward.provider), provider_account(order.reward.provider_id)
        ledger.open_account(address=firm, kind="provider")

        def fulfil(order=order, worker=worker):
            return operations.fulfil_order(
                order_id=order.pk, actor=worker, voucher_code=order.voucher_code, at=timezone.now()
            )

        def cancel(order=order):
            return operations.cancel_order(order_id=order.pk, actor=order.ordered_by, at=timezone.now())

        answers = at_once([fulfil, cancel] * 4)

        home, paid = balance_of(wallet_address(order.household)).available, balance_of(firm).posted
        assert sum(isinstance(answer, Order) for answer in answers) == 1
        assert sorted([home, paid]) == [0, order.tokens]


def test_orders_and_cancellations_of_many_never_wait_in_a_circle(committed_db):
    wanted = [factories.reward(tokens=10, stock=50) for _ in range(2)]
    people = [factories.member() for _ in range(8)]
    for person in people:
        factories.tokens_in_wallet(person.membership.household, 1_000)

    def back_and_forth(person, first):
        def run():
            for turn in range(6):
                order = placing(wanted[(turn + first) % 2], by=person)()
                operations.cancel_order(order_id=order.pk, actor=person, at=timezone.now())
            return order

        return run

    answers = at_once([back_and_forth(person, number % 2) for number, person in enumerate(people)])

    assert all(isinstance(answer, Order) for answer in answers)
    assert {reward.stock for reward in Reward.objects.all()} == {50}
    assert trial_balance().held == 0
    assert broken_invariants() == {}
