"""Refusals of the redemption room. Each class is one fact; the sentence is made where the fact is found."""

from typing import Any

from django.utils.translation import gettext

from rewards.ledger.errors import InsufficientTokens


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


class OnlyAdultsOrder(RedemptionError):
    """Tokens belong to the whole home, so its adults spend them."""

    code = "only_adults_order"


class WalletNotShown(RedemptionError):
    """The wallet is shown to members from 14 years on."""

    code = "wallet_not_shown"


class VoucherMismatch(RedemptionError):
    """The code that was typed is not the code of this order's voucher."""

    code = "voucher_mismatch"


class ReasonMissing(RedemptionError):
    """A refusal without a reason is none."""

    code = "reason_missing"


class NotEnoughTokens(InsufficientTokens):
    """What the household may use now does not cover the reward."""

    def __init__(self, key: str, *, needed: int, available: int) -> None:
        super().__init__(key)
        self.needed, self.available = needed, available

    def __str__(self) -> str:
        numbers: dict[str, Any] = {"needed": f"{self.needed:,}", "available": f"{self.available:,}"}
        return gettext("%(needed)s 토큰이 필요해요. 지금 쓸 수 있는 것은 %(available)s이에요.") % numbers
