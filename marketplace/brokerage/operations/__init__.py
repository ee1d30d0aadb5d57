"""Every act that joins floors, by subject."""

from marketplace.brokerage.operations.asking import cancel_void_asks, match_insights
from marketplace.brokerage.operations.deciding import Deal, Waiting, approve_ask, defer_ask, deny_ask
from marketplace.brokerage.operations.exhausting import mark_exhausted
from marketplace.brokerage.operations.forgetting import forget_insights
from marketplace.brokerage.operations.leaving import leave_maru, leave_some, take_out_member, take_out_some
from marketplace.brokerage.operations.owning import Owned, give_appliance_back, make_appliance_own
from marketplace.brokerage.operations.parting import Parted, hand_on_appliance
from marketplace.brokerage.operations.suspending import (
    Suspension,
    reinstate_buyer,
    revoke_consents,
    suspend_buyer,
    suspend_overdue_buyers,
)
from marketplace.brokerage.operations.trusting import look_at_stream
from marketplace.brokerage.operations.trying import note_refused_try
from marketplace.brokerage.operations.withdrawing import withdraw_consent
from marketplace.brokerage.operations.wronging import call_wrong

__all__ = [
    "Deal",
    "Owned",
    "Parted",
    "Suspension",
    "Waiting",
    "approve_ask",
    "call_wrong",
    "cancel_void_asks",
    "defer_ask",
    "deny_ask",
    "forget_insights",
    "give_appliance_back",
    "hand_on_appliance",
    "leave_maru",
    "leave_some",
    "look_at_stream",
    "make_appliance_own",
    "mark_exhausted",
    "match_insights",
    "note_refused_try",
    "reinstate_buyer",
    "revoke_consents",
    "suspend_buyer",
    "suspend_overdue_buyers",
    "take_out_member",
    "take_out_some",
    "withdraw_consent",
]
