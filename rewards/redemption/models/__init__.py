"""The tables of this room, by subject."""

from rewards.redemption.models.gifts import Gift, GiftAddress
from rewards.redemption.models.orders import (
    VOUCHER_SIGNS,
    Order,
    OrderQuerySet,
    Reward,
    RewardQuerySet,
    new_voucher_code,
)

__all__ = [
    "VOUCHER_SIGNS",
    "Gift",
    "GiftAddress",
    "Order",
    "OrderQuerySet",
    "Reward",
    "RewardQuerySet",
    "new_voucher_code",
]
