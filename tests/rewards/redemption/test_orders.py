"""An order from reservation to fulfilment, and where its tokens are at every step."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.errors import OrganisationSuspended
from consent.parties.models import AuditEntry
from rewards.ledger.errors import IdempotencyMismatch, InsufficientTokens
from rewards.ledger.models import Account, Transfer
from rewards.ledger.queries import wallet_address
from rewards.redemption import operations
from rewards.redemption.errors import (
    NotEnoughTokens,
    NotYourOrder,
    OnlyAdultsOrder,
    OrderNotInState,
    ReasonMissing,
    RewardUnavailable,
    VoucherMismatch,
)
from rewards.redemption.models import Order, Reward
from rewards.treasury.models import Carried
from rewards.treasury.queries import older_than
from tests import factories
from tests.rewards.redemption.books import Standing, everything_written, standing

State = Order.State


def place(reward: Reward, *, by, **fields) -> Order:
    return operations.place_order(reward_id=reward.pk, actor=by, at=fields.pop("at", timezone.now()), **fields)


@pytest.fixture
def placed(filter_reward, mother) -> Order:
    return place(filter_reward, by=mother)


@pytest.fixture
def accepted(placed, worker) -> Order:
    return operations.accept_order(order_id=placed.pk, actor=worker, at=timezone.now())


def test_placing_holds_the_tokens_and_takes_one_from_the_stock(placed, home, firm, filter_reward):
    filter_reward.refresh_from_db()

    assert standing(home, firm) == Standing(available=400, held=600, orders=0, provider=0)
    assert (placed.state, filter_reward.stock) == (State.PLACED, 2)
    assert placed.answer_by == placed.placed_at + timedelta(hours=72)


def test_what_costs_nothing_to_count_is_never_counted(mother, firm):
    endless = factories.reward(of=firm, tokens=100, stock=None)

    operations.cancel_order(order_id=place(endless, by=mother).pk, actor=mother, at=timezone.now())

    assert Reward.objects.get().stock is None


def test_accepting_moves_the_tokens_into_orders(accepted, home, firm):
    assert standing(home, firm) == Standing(available=400, held=0, orders=600, provider=0)
    assert accepted.state == State.ACCEPTED


def test_fulfilling_pays_the_provider(accepted, home, firm, worker):
    operations.fulfil_order(order_id=accepted.pk, actor=worker, voucher_code=accepted.voucher_code, at=timezone.now())

    assert standing(home, firm) == Standing(available=400, held=0, orders=0, provider=600)


def test_every_row_of_the_journal_names_its_order(accepted, worker):
    operations.fulfil_order(order_id=accepted.pk, actor=worker, voucher_code=accepted.voucher_code, at=timezone.now())

    rows = Transfer.objects.filter(event_ref=f"order:{accepted.pk}").order_by("pk")
    assert [row.event_type for row in rows] == ["order.placed", "order.accepted", "order.fulfilled"]


@pytest.mark.parametrize("typed", ["{code}", "maru {code}", "MARU-{dense}", " {lower} ", "{dense}"])
def test_a_voucher_is_read_as_people_type_it(accepted, worker, typed):
    code = accepted.voucher_code
    text = typed.format(code=code, dense=code.replace(" ", ""), lower=code.lower())

    order = operations.fulfil_order(order_id=accepted.pk, actor=worker, voucher_code=text, at=timezone.now())

    assert order.state == State.FULFILLED


@pytest.mark.parametrize("state", [State.PLACED, State.ACCEPTED])
def test_cancelling_gives_back_every_token_and_the_stock(home, mother, firm, worker, filter_reward, state):
    order = place(filter_reward, by=mother)
    if state == State.ACCEPTED:
        operations.accept_order(order_id=order.pk, actor=worker, at=timezone.now())

    operations.cancel_order(order_id=order.pk, actor=mother, at=timezone.now())

    filter_reward.refresh_from_db()
    assert standing(home, firm) == Standing(available=1_000, held=0, orders=0, provider=0)
    assert (Order.objects.get().state, filter_reward.stock) == (State.CANCELLED, 3)


@pytest.mark.parametrize("state", [State.PLACED, State.ACCEPTED])
def test_refusing_gives_back_every_token_and_the_stock_and_says_why(home, mother, firm, worker, filter_reward, state):
    order = place(filter_reward, by=mother)
    if state == State.ACCEPTED:
        operations.accept_order(order_id=order.pk, actor=worker, at=timezone.now())

    operations.refuse_order(order_id=order.pk, actor=worker, reason=" 부품이 없어요. ", at=timezone.now())

    filter_reward.refresh_from_db()
    assert standing(home, firm) == Standing(available=1_000, held=0, orders=0, provider=0)
    assert filter_reward.stock == 3
    assert (Order.objects.get().state, Order.objects.get().reason) == (State.REFUSED, "부품이 없어요.")


def test_the_other_adult_may_cancel_too(placed, home):
    father = factories.member(of=home)

    operations.cancel_order(order_id=placed.pk, actor=father, at=timezone.now())

    assert Order.objects.get().state == State.CANCELLED


def test_every_step_stands_in_the_audit_trail_without_its_words(placed, worker):
    operations.refuse_order(order_id=placed.pk, actor=worker, reason="부품이 없어요.", at=timezone.now())

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.reason) == ("order.refuse", f"order:{placed.pk}", "")


# --- one key, one order -------------------------------------------------------------------------------------------


def test_the_same_key_answers_the_same_order(home, mother, firm, filter_reward):
    first = place(filter_reward, by=mother, idempotency_key="tap")

    again = place(filter_reward, by=mother, idempotency_key="tap")

    assert again.pk == first.pk
    assert standing(home, firm).held == 600


def test_the_same_key_is_remembered_after_the_order_has_ended(mother, filter_reward):
    first = place(filter_reward, by=mother, idempotency_key="tap")
    operations.cancel_order(order_id=first.pk, actor=mother, at=timezone.now())

    assert place(filter_reward, by=mother, idempotency_key="tap").state == State.CANCELLED


def test_the_same_key_for_another_reward_is_refused(mother, firm, filter_reward):
    place(filter_reward, by=mother, idempotency_key="tap")
    other = factories.reward(of=firm, tokens=10)
    before = everything_written()

    with pytest.raises(IdempotencyMismatch):
        place(other, by=mother, idempotency_key="tap")

    assert everything_written() == before


def test_two_homes_may_choose_the_same_key(mother, neighbour, filter_reward):
    place(filter_reward, by=mother, idempotency_key="tap")

    assert place(filter_reward, by=neighbour, idempotency_key="tap").household == neighbour.membership.household


# --- refusals write nothing ---------------------------------------------------------------------------------------


def too_dear(cast):
    return place(factories.reward(of=cast["firm"], tokens=1_001), by=cast["mother"])


def without_wallet(cast):
    return place(cast["filter_reward"], by=factories.member())


def by_a_teen(cast):
    return place(cast["filter_reward"], by=cast["teen"])


def by_a_child(cast):
    return place(cast["filter_reward"], by=cast["child"])


def by_staff(cast):
    return place(cast["filter_reward"], by=cast["worker"])


def sold_out(cast):
    return place(factories.reward(of=cast["firm"], stock=0), by=cast["mother"])


def out_of_the_shop(cast):
    Reward.objects.update(listed=False)
    return place(cast["filter_reward"], by=cast["mother"])


def provider_suspended(cast):
    cast["firm"].suspended_at = timezone.now()
    cast["firm"].save()
    return place(cast["filter_reward"], by=cast["mother"])


def unknown_reward(cast):
    return operations.place_order(reward_id=cast["mother"].pk, actor=cast["mother"], at=timezone.now())


def cancel(cast, *, by):
    return operations.cancel_order(order_id=cast["order"].pk, actor=cast[by], at=timezone.now())


def accept(cast, *, by="worker", at=None):
    return operations.accept_order(order_id=cast["order"].pk, actor=cast[by], at=at or timezone.now())


def refuse(cast, *, by="worker", reason="까닭"):
    return operations.refuse_order(order_id=cast["order"].pk, actor=cast[by], reason=reason, at=timezone.now())


def fulfil(cast, *, by="worker", code=None):
    code = code or cast["order"].voucher_code
    return operations.fulfil_order(order_id=cast["order"].pk, actor=cast[by], voucher_code=code, at=timezone.now())


def accept_while_suspended(cast):
    cast["firm"].suspended_at = timezone.now()
    cast["firm"].save()
    return accept(cast)


def accept_too_late(cast):
    return accept(cast, at=timezone.now() + timedelta(hours=72))


def fulfil_with_another_code(cast):
    accept(cast)
    cast["before"] = everything_written()
    return fulfil(cast, code="2222 2222")


REFUSED = [
    (too_dear, NotEnoughTokens),
    (too_dear, InsufficientTokens),
    (without_wallet, NotEnoughTokens),
    (by_a_teen, OnlyAdultsOrder),
    (by_a_child, OnlyAdultsOrder),
    (by_staff, NotYourOrder),
    (sold_out, RewardUnavailable),
    (out_of_the_shop, RewardUnavailable),
    (provider_suspended, RewardUnavailable),
    (unknown_reward, RewardUnavailable),
    (lambda cast: cancel(cast, by="teen"), OnlyAdultsOrder),
    (lambda cast: cancel(cast, by="neighbour"), NotYourOrder),
    (lambda cast: cancel(cast, by="worker"), NotYourOrder),
    (lambda cast: accept(cast, by="mother"), NotYourOrder),
    (lambda cast: accept(cast, by="other_worker"), NotYourOrder),
    (lambda cast: accept(cast, by="auditor"), NotYourOrder),
    (accept_while_suspended, OrganisationSuspended),
    (accept_too_late, OrderNotInState),
    (lambda cast: refuse(cast, by="other_worker"), NotYourOrder),
    (lambda cast: refuse(cast, reason="  "), ReasonMissing),
    (lambda cast: fulfil(cast), OrderNotInState),
    (lambda cast: fulfil(cast, by="other_worker"), NotYourOrder),
    (fulfil_with_another_code, VoucherMismatch),
]


@pytest.mark.parametrize(("attempt", "refusal"), REFUSED)
def test_a_refusal_writes_nothing(  # the whole cast stands ready, so that the fingerprint is taken after it
    attempt, refusal, mother, teen, child, neighbour, worker, other_worker, firm, filter_reward
):
    cast = {
        "mother": mother, "teen": teen, "child": child, "neighbour": neighbour, "worker": worker, "firm": firm,
        "other_worker": other_worker, "auditor": factories.staff(of=firm, role="auditor"),
        "filter_reward": filter_reward,
    }  # fmt: skip
    if attempt.__name__ not in (place.__name__, "too_dear", "without_wallet"):
        cast["order"] = place(filter_reward, by=mother)
    ledger_before = everything_written()

    with pytest.raises(refusal):
        attempt(cast)

    after, before = everything_written(), cast.get("before", ledger_before)
    assert (after[0], *after[2:]) == (before[0], *before[2:])  # a shelf may have been filled to be empty


def test_the_refusal_says_what_is_needed_and_what_there_is(mother, firm):
    dear = factories.reward(of=firm, tokens=1_600)
    place(factories.reward(of=firm, tokens=580), by=mother)

    with pytest.raises(NotEnoughTokens) as refused:
        place(dear, by=mother)

    assert str(refused.value) == "1,600 토큰이 필요해요. 지금 쓸 수 있는 것은 420이에요."


@pytest.mark.parametrize("verb", ["cancel", "refuse"])
def test_ordering_and_taking_it_back_makes_no_token_younger(home, mother, worker, filter_reward, verb):
    at = timezone.now()
    wallet = Account.objects.get(address=wallet_address(home))
    earned = Transfer.objects.get(credit=wallet)
    years_ago = at - timedelta(days=1_000)
    Carried.objects.create(transfer=earned, account=wallet, earned_at=years_ago, tokens=earned.amount)
    order = place(filter_reward, by=mother)
    operations.accept_order(order_id=order.pk, actor=worker, at=at)

    if verb == "cancel":
        operations.cancel_order(order_id=order.pk, actor=mother, at=at)
    else:
        operations.refuse_order(order_id=order.pk, actor=worker, reason="부품이 없어요.", at=at)

    found = older_than([wallet.pk], cutoffs=[years_ago + timedelta(days=31)])[0]
    assert (found.older, found.posted) == (1_000, 1_000)
