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


class OnlyAdultsProve(RedemptionError):
    """The proof of a wallet is a paper of the whole home, so its adults take it along."""

    code = "only_adults_prove"


class VoucherMismatch(RedemptionError):
    """The code that was typed is not the code of this order's voucher."""

    code = "voucher_mismatch"


class ReasonMissing(RedemptionError):
    """A refusal without a reason is none."""

    code = "reason_missing"


class GiftAddressUnknown(RedemptionError):
    """No home takes gifts under this number: mistyped, changed, stopped, closed and one's own all read alike."""

    code = "gift_address_unknown"


class GiftTriesUsedUp(RedemptionError):
    """The home tried too many numbers that nobody has."""

    code = "gift_tries_used_up"


class GiftTooLarge(RedemptionError):
    """One gift, or the gifts of a day or a month, would go beyond what is allowed."""

    code = "gift_too_large"


class GiftsStopped(RedemptionError):
    """Maru has stopped this home from giving for now."""

    code = "gifts_stopped"


class GiftInvalid(RedemptionError):
    """A gift is a whole number of tokens from one on, with a few words at most."""

    code = "gift_invalid"


class NotYourGift(RedemptionError):
    """Only the home that received a gift returns it."""

    code = "not_your_gift"


class GiftReturned(RedemptionError):
    """A gift is returned once."""

    code = "gift_returned"


class OnlyAdultsGive(RedemptionError):
    """Tokens belong to the whole home, so its adults give them away."""

    code = "only_adults_give"


class NotEnoughTokens(InsufficientTokens):
    """What the household may use now does not cover the reward."""

    def __init__(self, key: str, *, needed: int, available: int) -> None:
        super().__init__(key)
        self.needed, self.available = needed, available

    def __str__(self) -> str:
        numbers: dict[str, Any] = {"needed": f"{self.needed:,}", "available": f"{self.available:,}"}
        return gettext("%(needed)s 토큰이 필요해요. 지금 쓸 수 있는 것은 %(available)s이에요.") % numbers
