"""One order, from its reservation to its fulfilment or its end.

One lock order everywhere: the home, the order's row, then the reward's (stock), then the ledger's balances.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from consent.parties import operations as parties
from consent.parties.models import Household, User
from consent.parties.queries import as_now
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import provider_account
from rewards.ledger.errors import (
    HoldExpired,
    HoldResolved,
    IdempotencyMismatch,
    InsufficientTokens,
    UnknownAccount,
)
from rewards.ledger.models import ORDERS, AccountKind
from rewards.ledger.queries import wallet_address
from rewards.redemption import policies
from rewards.redemption.errors import NotEnoughTokens, OrderNotInState, RewardUnavailable
from rewards.redemption.models import Order, OrderQuerySet, Reward
from rewards.redemption.queries import wallet_of
from rewards.treasury import operations as treasury
from rewards.treasury.months import boundaries

#: How long a provider has to answer; afterwards the tokens are free again.
ANSWER_TIME = timedelta(hours=72)
CLOCK = "system:clock"


@ledger.retry_on_conflict
def place_order(*, reward_id: UUID, actor: User, at: datetime, idempotency_key: str = "") -> Order:
    """Reserve one reward: its tokens are held on the home's wallet, and one is taken from the stock.

    Nothing is paid yet. The provider has 72 hours to answer.

    Args:
        idempotency_key: chosen by the caller; the same key with the same reward answers the first order again.

    Raises:
        NotYourOrder: `actor` belongs to no home.
        OnlyAdultsOrder: `actor` is not an adult.
        RewardUnavailable: it is not in the shop, or none is left.
        NotEnoughTokens: what the home may use does not cover it; nothing was written.
        IdempotencyMismatch: the key was used for another reward.
    """
    household = policies.check_can_order(actor)
    # Time that has passed counts even if no clock ran: what lapsed orders kept back is free for this one.
    _lapse_each(Order.objects.lapsed(at).filter(Q(household=household) | Q(reward=reward_id)), at=at)
    return _place(household=household, reward_id=reward_id, actor=actor, at=at, idempotency_key=idempotency_key)


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def cancel_order(*, order_id: UUID, actor: User, at: datetime) -> Order:
    """Take an order back and give every token of it back to the home.

    A home may cancel until the order is fulfilled: before the provider's answer the hold is released, after it the
    tokens come back from `orders`. The provider has earned nothing before it has done the work.

    Raises:
        NotYourOrder: it is another home's order.
        OnlyAdultsOrder: `actor` is not an adult.
        OrderNotInState: it is over already.
    """
    order = Order.objects.lock(order_id)
    policies.check_can_cancel(order, actor=actor, at=at)
    _give_back(order, verb="cancel", actor=actor)
    order.set_state(Order.State.CANCELLED, at=at)
    _note(order, "cancel", actor=actor, at=at)
    return order


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def accept_order(*, order_id: UUID, actor: User, at: datetime) -> Order:
    """Promise to fulfil an order: the held tokens move from the home's wallet into `orders`.

    Raises:
        NotYourOrder: `actor` is not staff of this reward's provider.
        OrganisationSuspended: the provider may not act now.
        OrderNotInState: it is not waiting for an answer, or the 72 hours have passed.
    """
    order = Order.objects.lock(order_id)
    policies.check_can_answer(order, actor=actor, to=Order.State.ACCEPTED, at=at)
    try:
        treasury.set_aside(
            hold=order.hold_key,
            key=_accepting(order),
            debit=wallet_address(order.household),
            credit=ORDERS,
            amount=order.tokens,
            actor=actor,
            event_type="order.accepted",
            event_ref=order.hold_key,
            boundaries=boundaries(at),
        )
    except (HoldExpired, HoldResolved) as exc:
        raise OrderNotInState(gettext("72시간이 지나 예약이 풀렸어요.")) from exc
    order.set_state(Order.State.ACCEPTED, at=at)
    _note(order, "accept", actor=actor, at=at)
    return order


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def refuse_order(*, order_id: UUID, actor: User, reason: str, at: datetime) -> Order:
    """Say that an order cannot be fulfilled, and why; every token goes back to the home, and the stock with it.

    Args:
        reason: shown to the home as it was written.

    Raises:
        ReasonMissing: there is no reason.
        NotYourOrder: `actor` is not staff of this reward's provider.
        OrganisationSuspended: the provider may not act now.
        OrderNotInState: it is over already.
    """
    words = policies.check_reason(reason)
    order = Order.objects.lock(order_id)
    policies.check_can_answer(order, actor=actor, to=Order.State.REFUSED, at=at)
    _give_back(order, verb="refuse", actor=actor)
    order.set_state(Order.State.REFUSED, at=at, reason=words)
    _note(order, "refuse", actor=actor, at=at)
    return order


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def fulfil_order(*, order_id: UUID, actor: User, voucher_code: str, at: datetime) -> Order:
    """Hand the reward over against its voucher: the tokens move from `orders` to the provider.

    Args:
        voucher_code: as typed or scanned; case, spaces, hyphens and a leading MARU do not matter.

    Raises:
        NotYourOrder: `actor` is not staff of this reward's provider.
        OrganisationSuspended: the provider may not act now.
        OrderNotInState: it was not accepted, or is over already.
        VoucherMismatch: the code is another one.
    """
    order = Order.objects.lock(order_id)
    policies.check_can_answer(order, actor=actor, to=Order.State.FULFILLED, at=at)
    policies.check_voucher(order, typed=voucher_code)
    earnings = ledger.open_account(address=provider_account(order.reward.provider_id), kind=AccountKind.PROVIDER)
    ledger.post(
        key=f"fulfil:{order.pk}",
        debit=ORDERS,
        credit=earnings.address,
        amount=order.tokens,
        actor=actor,
        event_type="order.fulfilled",
        event_ref=order.hold_key,
    )
    order.set_state(Order.State.FULFILLED, at=at)
    _note(order, "fulfil", actor=actor, at=at)
    return order


def free_lapsed(household: Household, *, at: datetime) -> None:
    """Free what a home's unanswered orders kept back past their 72 hours; time counts even if no clock ran."""
    _lapse_each(Order.objects.lapsed(at).filter(household=household), at=at)


def lapse_orders(*, at: datetime, limit: int = 100) -> int:
    """Cancel the orders nobody answered within 72 hours, each in its own transaction; return how many.

    Only tidying up: a late order reads as cancelled before this has run.
    """
    return _lapse_each(Order.objects.lapsed(at).order_by("answer_by")[:limit], at=at)


@transaction.atomic(durable=True)
def _place(*, household: Household, reward_id: UUID, actor: User, at: datetime, idempotency_key: str) -> Order:
    # A home that closes waits for this, and finds the order; or this waits, and finds no wallet.
    parties.hold_home(household=household)
    policies.check_can_order(as_now(actor))
    try:
        reward = Reward.objects.lock(reward_id)
    except Reward.DoesNotExist as exc:
        raise RewardUnavailable(gettext("지금은 가게에 없는 것이에요.")) from exc
    earlier = _earlier(household, idempotency_key, reward_id)
    if earlier is not None:
        return earlier
    policies.check_on_offer(reward)
    try:
        with transaction.atomic():
            order = Order.objects.create(
                household=household,
                reward=reward,
                ordered_by=actor,
                tokens=reward.tokens,
                placed_at=at,
                answer_by=at + ANSWER_TIME,
                idempotency_key=idempotency_key,
            )
    except IntegrityError as exc:
        # The same key came with another reward at the same instant; the first one won.
        if "order_once_per_idempotency_key" not in str(exc):
            raise
        raise IdempotencyMismatch(idempotency_key) from exc
    Reward.objects.filter(pk=reward.pk, stock__isnull=False).update(stock=F("stock") - 1)
    _hold(order, actor=actor, at=at)
    return order


def _earlier(household: Household, idempotency_key: str, reward_id: UUID) -> Order | None:
    if not idempotency_key:
        return None
    earlier = Order.objects.with_reward().filter(household=household, idempotency_key=idempotency_key).first()
    if earlier is not None and earlier.reward_id != reward_id:
        raise IdempotencyMismatch(idempotency_key)
    return earlier


def _hold(order: Order, *, actor: User, at: datetime) -> None:
    try:
        ledger.place_hold(
            key=order.hold_key,
            debit=wallet_address(order.household),
            amount=order.tokens,
            lifetime=ANSWER_TIME,
            actor=actor,
            event_type="order.placed",
            event_ref=order.hold_key,
        )
    except (InsufficientTokens, UnknownAccount) as exc:
        available = wallet_of(order.household, at=at).available
        raise NotEnoughTokens(order.hold_key, needed=order.tokens, available=available) from exc


def _give_back(order: Order, *, verb: str, actor: User | str) -> None:
    """Undo what the order did so far: the hold or the payment, and the piece taken from the stock."""
    Reward.objects.filter(pk=order.reward_id, stock__isnull=False).update(stock=F("stock") + 1)
    if order.state == Order.State.PLACED:
        # The ledger's own sweeper may have come first; then the tokens are free already.
        with suppress(HoldResolved):
            ledger.release_hold(
                hold=order.hold_key,
                key=f"{verb}:{order.pk}",
                actor=actor,
                event_type=f"order.{verb}",
                event_ref=order.hold_key,
            )
        return
    # With the age they had: ordering and taking it back makes no token younger.
    treasury.give_back(
        key=f"{verb}:{order.pk}",
        aside=_accepting(order),
        debit=ORDERS,
        credit=wallet_address(order.household),
        amount=order.tokens,
        actor=actor,
        event_type=f"order.{verb}",
        event_ref=order.hold_key,
    )


def _accepting(order: Order) -> str:
    """Return the key in the books under which an order was paid for."""
    return f"accept:{order.pk}"


def _lapse_each(orders: OrderQuerySet, *, at: datetime) -> int:
    return sum(_lapse(order_id=order_id, at=at) for order_id in orders.values_list("pk", flat=True))


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _lapse(*, order_id: UUID, at: datetime) -> bool:
    order = Order.objects.lock(order_id)
    if order.state != Order.State.PLACED or order.answer_by > at:
        return False
    _give_back(order, verb="lapse", actor=CLOCK)
    # It ended at its deadline, whenever the clock came by.
    order.set_state(Order.State.CANCELLED, at=order.answer_by)
    return True


def _note(order: Order, verb: str, *, actor: User, at: datetime) -> None:
    parties.note(actor=str(actor.pk), action=f"order.{verb}", subject=order.hold_key, at=at)
