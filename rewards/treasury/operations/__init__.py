"""Every write of this room, by subject."""

from rewards.treasury.operations.ageing import (
    expire_tokens,
    give_back,
    hand_on,
    hand_on_at,
    set_aside,
    take_older,
    tell_expiring,
)
from rewards.treasury.operations.issuing import (
    approve_issuance,
    propose_issuance,
    refuse_issuance,
    withdraw_issuance,
)
from rewards.treasury.operations.telling import mail_notices
from rewards.treasury.operations.thanking import Outcome, begin_thanks, check_budget, thank_homes

__all__ = [
    "Outcome",
    "approve_issuance",
    "begin_thanks",
    "check_budget",
    "expire_tokens",
    "give_back",
    "hand_on",
    "hand_on_at",
    "mail_notices",
    "propose_issuance",
    "refuse_issuance",
    "set_aside",
    "take_older",
    "tell_expiring",
    "thank_homes",
    "withdraw_issuance",
]
