"""Tokens in a wallet, and what they buy or are given for."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from consent.parties.models import Household, Organisation, User
from rewards.ledger import operations as ledger
from rewards.ledger.models import ISSUANCE
from rewards.redemption import operations as redemption
from rewards.redemption.models import Gift, Order, Reward
from tests.factories.people import NUMBERS, member, organisation, staff


def tokens_in_wallet(home: Household, tokens: int) -> Household:
    """A household that has been given this many tokens, on top of what it has."""
    wallet = ledger.open_wallet(household=home)
    ledger.post(
        key=f"test:{uuid4()}", debit=ISSUANCE, credit=wallet.address, amount=tokens,
        actor="test", event_type="test.given", event_ref="test",
    )  # fmt: skip
    return home


def reward(*, of: Organisation | None = None, **fields: Any) -> Reward:
    values = {
        "kind": Reward.Kind.FILTER, "name_ko": f"필터 {next(NUMBERS)}", "name_en": "Filter",
        "words_ko": "새 필터 하나예요.", "words_en": "One new filter.", "tokens": 600, "fits": ["air_purifier"],
    }  # fmt: skip
    provider = of or organisation(kind=Organisation.Kind.PROVIDER, name_ko="한빛서비스", name_en="Hanbit Service")
    return redemption.offer_reward(provider=provider, **{**values, **fields})


def order(
    *, by: User | None = None, of: Reward | None = None, tokens: int | None = None, at: datetime | None = None
) -> Order:
    """A reservation by an adult whose home can afford it."""
    person, wanted = by or member(), of or reward()
    tokens_in_wallet(person.membership.household, tokens or wanted.tokens)
    return redemption.place_order(reward_id=wanted.pk, actor=person, at=at or timezone.now())


def gift(*, to: Household, by: User | None = None, tokens: int = 100, at: datetime | None = None) -> Gift:
    """Tokens that another home gave to this one."""
    person, now = by or member(), at or timezone.now()
    tokens_in_wallet(person.membership.household, tokens)
    ledger.open_wallet(household=to)
    code = redemption.open_gift_address(household=to, at=now).code
    return redemption.give_tokens(code=code, tokens=tokens, words="고마워요", actor=person, at=now)


def order_in(state: str, *, by: User | None = None, of: Reward | None = None) -> Order:
    """An order that was brought into this state by the steps that lead there."""
    placed = order(by=by, of=of)
    now, worker = timezone.now(), staff(of=placed.reward.provider)
    if state in (Order.State.ACCEPTED, Order.State.FULFILLED):
        redemption.accept_order(order_id=placed.pk, actor=worker, at=now)
    if state == Order.State.FULFILLED:
        redemption.fulfil_order(order_id=placed.pk, actor=worker, voucher_code=placed.voucher_code, at=now)
    if state == Order.State.REFUSED:
        redemption.refuse_order(order_id=placed.pk, actor=worker, reason="다 나갔어요.", at=now)
    if state == Order.State.CANCELLED:
        redemption.cancel_order(order_id=placed.pk, actor=placed.ordered_by, at=now)
    return Order.objects.with_reward().get(pk=placed.pk)
