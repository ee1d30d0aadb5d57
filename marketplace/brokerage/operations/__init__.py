from marketplace.brokerage.operations.asking import cancel_void_asks, match_insights
from marketplace.brokerage.operations.deciding import Deal, Waiting, approve_ask, defer_ask, deny_ask
from marketplace.brokerage.operations.exhausting import mark_exhausted
from marketplace.brokerage.operations.forgetting import forget_insights
from marketplace.brokerage.operations.withdrawing import withdraw_consent

__all__ = [
    "Deal",
    "Waiting",
    "approve_ask",
    "cancel_void_asks",
    "defer_ask",
    "deny_ask",
    "forget_insights",
    "mark_exhausted",
    "match_insights",
    "withdraw_consent",
]
