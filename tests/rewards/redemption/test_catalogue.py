"""The first things in the shop, and the vouchers that stand for them."""

import pytest
from django.db import IntegrityError, transaction

from consent.parties.models import Organisation
from rewards.redemption.catalogue import seed_catalogue
from rewards.redemption.models import VOUCHER_SIGNS, Order, Reward, new_voucher_code
from rewards.redemption.qr import QUIET, qr_of
from tests import factories


@pytest.fixture
def manufacturer(db):
    return factories.organisation(kind=Organisation.Kind.MANUFACTURER)


def test_every_kind_is_there_for_every_appliance_of_a_home(firm, manufacturer):
    rewards = seed_catalogue(firm, manufacturer)

    assert {reward.kind for reward in rewards} == set(Reward.Kind.values)
    assert {fit for reward in rewards for fit in reward.fits} == {
        "air_purifier", "robot_vacuum", "refrigerator", "air_conditioner", "microwave",
    }  # fmt: skip
    assert {reward.provider for reward in rewards if reward.kind == Reward.Kind.SERVICE} == {firm}


def test_filling_the_shop_twice_fills_it_once(firm, manufacturer):
    first, second = seed_catalogue(firm, manufacturer), seed_catalogue(firm, manufacturer)

    assert [reward.pk for reward in first] == [reward.pk for reward in second]


def test_a_voucher_code_is_read_aloud_without_mistakes():
    codes = {new_voucher_code() for _ in range(200)}

    assert len(codes) == 200
    assert {sign for code in codes for sign in code.replace(" ", "")} <= set(VOUCHER_SIGNS)
    assert not set("01IOL") & set(VOUCHER_SIGNS)


def test_the_qr_code_is_square_with_a_quiet_zone():
    qr = qr_of("MARU 7K2Q 94FD")

    assert qr.size == 21 + 2 * QUIET
    assert qr.path.startswith(f"M{QUIET} {QUIET}.5h7")


def test_a_reward_costs_something(firm):
    with pytest.raises(IntegrityError, match="reward_costs_something"), transaction.atomic():
        factories.reward(of=firm, tokens=0)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "refused", "ended_at": "2026-11-22T00:00Z"}, "order_refusal_says_why"),
        ({"state": "cancelled"}, "order_ended_iff_ended_at"),
        ({"ended_at": "2026-11-22T00:00Z"}, "order_ended_iff_ended_at"),
    ],
)
def test_the_database_itself_refuses_a_half_told_end(db, change, constraint):
    order = factories.order()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**change)


def test_the_database_itself_keeps_one_order_per_key(db):
    first, second = factories.order(), factories.order()
    with factories.as_owner():
        Order.objects.filter(pk=second.pk).update(household=first.household, idempotency_key="tap")

    with (
        pytest.raises(IntegrityError, match="order_once_per_idempotency_key"),
        transaction.atomic(),
        factories.as_owner(),
    ):
        Order.objects.filter(pk=first.pk).update(idempotency_key="tap")
