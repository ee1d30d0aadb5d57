"""Every write to the books. Each is one call of a database function, so it is whole or not at all.

Inside a caller's transaction a refusal raises and has written nothing. Where the call is the whole transaction, the
refused attempt is kept under its key: the same key answers with the same refusal for ever.
"""

from rewards.ledger.items import (
    Capture,
    CaptureItem,
    Hold,
    HoldItem,
    Leg,
    Posted,
    PostItem,
    ReleaseItem,
    ReverseItem,
)
from rewards.ledger.operations.accounts import close_account, forget_wallet, open_account, open_wallet, roll_up
from rewards.ledger.operations.applying import apply
from rewards.ledger.operations.holding import capture_hold, expire_holds, place_hold, place_holds, release_hold
from rewards.ledger.operations.moving import post, reverse_operation
from rewards.ledger.retry import retry_on_conflict

__all__ = [
    "Capture",
    "CaptureItem",
    "Hold",
    "HoldItem",
    "Leg",
    "PostItem",
    "Posted",
    "ReleaseItem",
    "ReverseItem",
    "apply",
    "capture_hold",
    "close_account",
    "expire_holds",
    "forget_wallet",
    "open_account",
    "open_wallet",
    "place_hold",
    "place_holds",
    "post",
    "release_hold",
    "retry_on_conflict",
    "reverse_operation",
    "roll_up",
]
