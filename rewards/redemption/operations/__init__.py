"""Every write of this room, by subject."""

from rewards.redemption.operations.giving import (
    change_gift_code,
    find_taker,
    forget_gifts,
    give_tokens,
    open_gift_address,
    return_gift,
)
from rewards.redemption.operations.offering import change_offer, offer_reward
from rewards.redemption.operations.ordering import (
    ANSWER_TIME,
    accept_order,
    cancel_order,
    fulfil_order,
    lapse_orders,
    place_order,
    refuse_order,
)

__all__ = [
    "ANSWER_TIME",
    "accept_order",
    "cancel_order",
    "change_gift_code",
    "change_offer",
    "find_taker",
    "forget_gifts",
    "fulfil_order",
    "give_tokens",
    "lapse_orders",
    "offer_reward",
    "open_gift_address",
    "place_order",
    "refuse_order",
    "return_gift",
]
