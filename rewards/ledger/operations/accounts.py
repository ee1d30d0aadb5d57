"""Where tokens can be: accounts, and the wallets that say which one is a household's."""

import uuid

from django.db import IntegrityError, transaction

from consent.parties.models import Household
from rewards.ledger.addresses import household_account
from rewards.ledger.errors import BY_CODE, InvalidAddress
from rewards.ledger.items import Actor, actor_reference
from rewards.ledger.models import Account, AccountKind, Wallet
from rewards.ledger.operations.applying import called


def open_account(*, address: str, kind: str) -> Account:
    """Open the account at `address`, or return the one that is there.

    Raises:
        InvalidAddress: the address does not fit the kind, or belongs to an account of another kind.
    """
    try:
        with transaction.atomic():  # savepoint: a refused address leaves the caller's transaction usable
            account_id = called("SELECT ledger_open_account(%s, %s)", [address, AccountKind(kind).value])
    except (IntegrityError, ValueError) as exc:
        raise InvalidAddress(address) from exc
    if account_id is None:
        raise InvalidAddress(address)
    return Account.objects.get(pk=account_id)


def close_account(*, address: str, actor: Actor) -> None:
    """Close an empty account for good. Closing it again changes nothing.

    Raises:
        UnknownAccount: no account has this address.
        AccountUnbounded: the account keeps no running balance, so it is never known to be empty.
        AccountNotEmpty: tokens are in it or held on it.
    """
    outcome = called("SELECT ledger_close_account(%s, %s)", [address, actor_reference(actor)])
    if outcome != "closed":
        raise BY_CODE[outcome](address)


@transaction.atomic(savepoint=False)
def open_wallet(*, household: Household) -> Account:
    """Give a household its account, at a random address, or return the one it has. The caller holds the home.

    The home is not locked against others who hold it: whoever takes insights in holds it too, and may wait for what
    the caller has in hand.
    """
    wallet = Wallet.objects.select_related("account").filter(household=household)
    if found := wallet.first():
        return found.account
    try:
        with transaction.atomic():  # savepoint: whoever comes second gets the account of the first
            account = open_account(address=household_account(uuid.uuid4()), kind=AccountKind.HOUSEHOLD)
            Wallet.objects.create(household=household, account=account)
            return account
    except IntegrityError:
        return wallet.get().account


@transaction.atomic(savepoint=False)
def forget_wallet(*, household: Household) -> None:
    """Cut the link between a household and its account; the journal keeps the account, which now names nobody."""
    Wallet.objects.filter(household=household).delete()


def roll_up(*, stretch: int) -> bool:
    """Write down the totals of every kind of account along the journal; return whether there was anything to add.

    Args:
        stretch: how many rows apart; what came since the last whole stretch waits.
    """
    return called("SELECT ledger_roll_up(%s)", [stretch])
