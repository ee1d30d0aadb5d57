"""Reads of the treasury: what waits, what was issued, how old tokens are, and what will end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from consent.parties.models import Household, Organisation
from rewards.ledger.addresses import buyer_account
from rewards.ledger.models import Wallet
from rewards.treasury import months
from rewards.treasury.models import Issuance, Thanks


@dataclass(frozen=True)
class Older:
    """What an account has, and how much of it was earned before a cutoff."""

    account_id: int
    cutoff: datetime
    older: int
    posted: int
    held: int

    @property
    def due(self) -> int:
        """What of it nothing holds: an order that waits keeps the oldest tokens from ending."""
        return max(0, self.older - self.held)


@dataclass(frozen=True)
class Expiring:
    """What ends within thirty days unless it is spent, and the first day on which any of it does."""

    tokens: int = 0
    on: date | None = None


def issuances(*, state: str = "") -> QuerySet[Issuance]:
    """Return issuances with everybody they name, to be ordered and cut by the caller."""
    rows = Issuance.objects.with_people()
    return rows.filter(state=state) if state else rows


def older_than(accounts: Sequence[int], *, cutoffs: Sequence[datetime], locking: bool = False) -> list[Older]:
    """Return what was earned before each cutoff and is still there, by account and cutoff.

    Args:
        accounts: ids of accounts with a running balance.
        locking: lock the balances first; what is posted in the same transaction then fits what is returned.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM treasury_older(%s, %s, %s)", [list(accounts), list(cutoffs), locking])
        return [Older(*row) for row in cursor.fetchall()]


def next_homes(*, past: int, cutoff: datetime, most: int) -> list[int]:
    """Return the next homes' accounts that may have tokens from before the cutoff, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM treasury_next_homes(%s, %s, %s)", [past, cutoff, most])
        return [row[0] for row in cursor.fetchall()]


def expiring_of(household: Household, *, at: datetime, held: int) -> Expiring:
    """Return what a home loses within thirty days unless it spends it.

    What is over already but was not swept yet is part of it: until the clock takes them, tokens are the home's.

    Args:
        held: what orders keep back at `at`.
    """
    account_id = Wallet.objects.filter(household=household).values_list("account", flat=True).first()
    if account_id is None:
        return Expiring()
    days = months.days_within_notice(at)
    counted = older_than([account_id], cutoffs=[months.cutoff_of(on) for on in days])
    due = [(max(0, row.older - held), on) for row, on in zip(counted, days, strict=bool(counted))]
    first = next((on for tokens, on in due if tokens), None)
    return Expiring(due[-1][0], first) if first else Expiring()


def thanks_named(references: Iterable[str]) -> dict[str, Thanks]:
    """Return the thanks that rows of the journal name as their cause, by that name."""
    ids = {UUID(reference.removeprefix("thanks:")) for reference in references if reference.startswith("thanks:")}
    if not ids:
        return {}
    return {thanks.reference: thanks for thanks in Thanks.objects.filter(pk__in=ids).select_related("organisation")}


def wallets_in(*, area: str = "") -> QuerySet[Wallet]:
    """Return the wallets of the homes of an area and of what lies in it, or of all homes, in the order of accounts."""
    wallets = Wallet.objects.select_related("account").order_by("account_id")
    if area:
        within = Household.objects.filter(area__code=area) | Household.objects.filter(area__parent__code=area)
        wallets = wallets.filter(household__in=within)
    return wallets


def purse_of(organisation: Organisation) -> str:
    """Return the address of what an organisation may spend; what is not in it cannot be given away."""
    return buyer_account(organisation.pk)
