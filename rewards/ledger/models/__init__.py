"""The books: accounts, their running balances, the journal of transfers, open holds, every attempt, and the seal.

Only the database functions of this room write these rows; the runtime role may read them. Models here describe,
they do not save (`Wallet` is the one ordinary table).
"""

from rewards.ledger.models.accounts import (
    BREAKAGE,
    FEES,
    GUARANTEE,
    ISSUANCE,
    ORDERS,
    SINGLE_ACCOUNTS,
    Account,
    AccountKind,
    Balance,
    Closure,
    Rollup,
    Wallet,
)
from rewards.ledger.models.attempts import Attempt, Repeat
from rewards.ledger.models.journal import MAX_AMOUNT, OpenHold, Transfer
from rewards.ledger.models.seal import (
    Checkpoint,
    Cosignature,
    Evidence,
    Leaf,
    Liabilities,
    Node,
    Share,
)

__all__ = [
    "BREAKAGE",
    "FEES",
    "GUARANTEE",
    "ISSUANCE",
    "MAX_AMOUNT",
    "ORDERS",
    "SINGLE_ACCOUNTS",
    "Account",
    "AccountKind",
    "Attempt",
    "Balance",
    "Checkpoint",
    "Closure",
    "Cosignature",
    "Evidence",
    "Leaf",
    "Liabilities",
    "Node",
    "OpenHold",
    "Repeat",
    "Rollup",
    "Share",
    "Transfer",
    "Wallet",
]
