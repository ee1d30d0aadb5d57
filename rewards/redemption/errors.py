"""Refusals of the redemption room."""


class RedemptionError(Exception):
    """Base of every refusal in this room."""

    code = "redemption"


class OrderNotInState(RedemptionError):
    """The order is in a state from which this step does not lead."""

    code = "order_not_in_state"


class RewardUnavailable(RedemptionError):
    """The reward is not in the shop, or none is left."""

    code = "reward_unavailable"


class NotYourOrder(RedemptionError):
    """Only this household, or the provider of this reward, may do that."""

    code = "not_your_order"
