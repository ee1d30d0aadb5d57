"""What the tests ask of the books."""

from typing import NamedTuple

from consent.parties.models import AuditEntry, Household, Organisation
from rewards.ledger.addresses import provider_account
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import ORDERS, Attempt, OpenHold, Transfer
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from rewards.redemption.models import Order, Reward


class Standing(NamedTuple):
    """Where the tokens of one order are."""

    available: int
    held: int
    orders: int
    provider: int


def standing(home: Household, firm: Organisation) -> Standing:
    wallet = balance_of(wallet_address(home))
    try:
        earned = balance_of(provider_account(firm.pk)).posted
    except UnknownAccount:
        earned = 0
    return Standing(wallet.available, wallet.held, balance_of(ORDERS).posted, earned)


def everything_written() -> tuple[object, ...]:
    """A fingerprint of every table a redemption may write."""
    return (
        list(Order.objects.order_by("pk").values_list()),
        list(Reward.objects.order_by("pk").values_list()),
        list(Transfer.objects.order_by("pk").values_list("pk", "amount", "kind")),
        list(Attempt.objects.order_by("pk").values_list("pk", "outcome")),
        list(OpenHold.objects.order_by("pk").values_list()),
        list(AuditEntry.objects.order_by("pk").values_list("pk", "action")),
        trial_balance(),
    )
