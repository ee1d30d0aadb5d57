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
    "change_offer",
    "fulfil_order",
    "lapse_orders",
    "offer_reward",
    "place_order",
    "refuse_order",
]
