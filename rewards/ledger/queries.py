"""Reads of the books. The journal is the truth; balances are its projection, kept by the same statement."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Case, F, Func, Q, QuerySet, When

from consent.parties.models import Household
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import Account, Attempt, Transfer, Wallet


@dataclass(frozen=True)
class Standing:
    """Where one account stands. `posted` is what is in it, `available` what may be spent or held."""

    address: str
    posted: int
    held: int
    version: int

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass(frozen=True)
class Line:
    """One row of an account's statement, as that account sees it."""

    transfer: Transfer
    #: What the row did to what is in the account; zero for a hold, release or expire.
    change: int
    version: int | None
    after: int | None

    @property
    def position(self) -> int:
        """Return what the next page of a statement starts after."""
        return self.transfer.pk if self.version is None else self.version


@dataclass(frozen=True)
class TrialRow:
    """One kind of account in the trial balance."""

    kind: str
    accounts: int
    debits: int
    credits: int
    held: int

    @property
    def balance(self) -> int:
        return self.credits - self.debits


@dataclass(frozen=True)
class TrialBalance:
    """All books on one page. Every token taken from one account was given to another: `difference` is zero."""

    rows: list[TrialRow] = field(default_factory=list)

    @property
    def accounts(self) -> int:
        return sum(row.accounts for row in self.rows)

    @property
    def debits(self) -> int:
        return sum(row.debits for row in self.rows)

    @property
    def credits(self) -> int:
        return sum(row.credits for row in self.rows)

    @property
    def held(self) -> int:
        return sum(row.held for row in self.rows)

    @property
    def difference(self) -> int:
        return self.debits - self.credits


def wallet_address(household: Household) -> str:
    """Return the address of a household's account.

    Raises:
        UnknownAccount: the household has no wallet, or no longer.
    """
    address = Wallet.objects.filter(household=household).values_list("account__address", flat=True).first()
    if address is None:
        raise UnknownAccount(f"wallet:{household.pk}")
    return address


def account_at(address: str) -> Account:
    """Return the account at `address`.

    Raises:
        UnknownAccount: there is none.
    """
    account = Account.objects.filter(address=address).first()
    if account is None:
        raise UnknownAccount(address)
    return account


def balance_of(address: str) -> Standing:
    """Return where the account stands now.

    Raises:
        UnknownAccount: there is no such account.
    """
    return balances_of([address])[address]


def balances_of(addresses: list[str]) -> dict[str, Standing]:
    """Return where several accounts stand, all seen at one instant.

    Raises:
        UnknownAccount: one of them does not exist.
    """
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [addresses])
        found = {row[0]: Standing(*row) for row in cursor.fetchall()}
    for address in addresses:
        if address not in found:
            raise UnknownAccount(address)
    return found


def statement(
    address: str, *, before: int | None = None, limit: int = 50, kinds: list[str] | None = None
) -> list[Line]:
    """Return an account's rows, newest first.

    Args:
        before: the `position` of the last line of the page before; None starts at the newest.
        kinds: only rows of these kinds.

    Raises:
        UnknownAccount: there is no such account.
    """
    return lines_of(account_at(address), before=before, limit=limit, kinds=kinds)


def lines_of(
    account: Account,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    kinds: list[str] | None = None,
    between: tuple[datetime, datetime] | None = None,
) -> list[Line]:
    """Return an account's rows between two positions, neither included, newest first.

    Args:
        between: recorded from the first up to, not including, the second.
    """
    position = "{}_version" if account.has_balance else "id"
    bounds = {"__lt": before, "__gt": after}

    def side(name: str, sign: int) -> list[Line]:
        place = position.format(name)
        rows = transfers(kinds=kinds).filter(**{name: account, f"{name}_version__isnull": not account.has_balance})
        rows = rows.filter(**{place + bound: value for bound, value in bounds.items() if value is not None})
        if between:
            rows = rows.filter(is_recorded_between(*between))
        return [_line(row, account, sign=sign) for row in rows.order_by(f"-{place}")[:limit]]

    # Two short reads, each along its own index: one OR over both columns would walk the whole journal.
    return sorted(side("debit", -1) + side("credit", 1), key=lambda line: line.position, reverse=True)[:limit]


def transfers(*, kinds: list[str] | None = None) -> QuerySet[Transfer]:
    """Return rows of the journal with their accounts, to be ordered by `-id` and cut by the caller."""
    rows = Transfer.objects.select_related("debit", "credit", "hold")
    return rows.filter(kind__in=kinds) if kinds else rows


def is_recorded_between(start: datetime | None, end: datetime | None, *, at: str = "") -> Case:
    """Return a filter to be asked of each row on the way along another index; an end may be open.

    As plain comparisons the planner takes the index over all times instead, or guesses that so few rows fit that it
    reads and sorts them all: either way it no longer stops at a full page. Of a CASE it knows nothing and guesses half.

    Args:
        at: the way to the transfer, where the rows are not transfers themselves.
    """
    ends = {"gte": start, "lt": end}
    said = {f"{at}recorded_at__{bound}": instant for bound, instant in ends.items() if instant is not None}
    return Case(When(Q(**said), then=True), default=False, output_field=BooleanField())


def back_dated_transfers(*, kinds: list[str] | None = None) -> QuerySet[Transfer]:
    """Return the rows that are said to have happened before they were written, to be ordered and cut by the caller."""
    return transfers(kinds=kinds).filter(effective_at__lt=F("recorded_at"))


def rows_since(account: Account, instant: datetime) -> tuple[QuerySet[Transfer], QuerySet[Transfer]]:
    """Return what was given to and taken from an account with a running balance since an instant, of any kind.

    Its versions are in the order of time, so each side is a stretch of its own index.
    """
    version = Func(account.pk, instant, function="ledger_version_before", output_field=BigIntegerField())
    given = Transfer.objects.filter(credit=account, credit_version__gt=version)
    taken = Transfer.objects.filter(debit=account, debit_version__gt=version)
    return given, taken


def refused_attempts() -> QuerySet[Attempt]:
    """Return what was asked of the books and refused, to be ordered by time and cut by the caller.

    Only refusals outside a deal are kept: inside one nothing remains of them.
    """
    return Attempt.objects.exclude(outcome=Attempt.APPLIED)


def transfers_of(op_id: UUID) -> QuerySet[Transfer]:
    """Return the rows of one operation, leg by leg."""
    return transfers().filter(op_id=op_id).order_by("leg")


def accounts(*, kind: str | None = None) -> QuerySet[Account]:
    """Return accounts with their running balance, to be ordered and cut by the caller."""
    rows = Account.objects.select_related("balance", "closure")
    return rows.filter(kind=kind) if kind else rows


def trial_balance() -> TrialBalance:
    """Return debits, credits and held tokens per kind of account, all seen at one instant."""
    with connection.cursor() as cursor:
        cursor.execute(TRIAL_BALANCE)
        return TrialBalance([TrialRow(*row) for row in cursor.fetchall()])


def _line(row: Transfer, account: Account, *, sign: int) -> Line:
    change = sign * row.amount if row.kind in Transfer.MOVES else 0
    if sign < 0:
        return Line(row, change, row.debit_version, row.debit_after)
    return Line(row, change, row.credit_version, row.credit_after)


#: What was taken from and given to each account that keeps no running balance: what was rolled up of its kind, which is
#: its own, and what came since, along the account's own partial index.
SUMMED = """
    SELECT a.id,
           coalesce(r.debits, 0) + (
               SELECT coalesce(sum(amount), 0) FROM ledger_transfer
               WHERE debit_id = a.id AND debit_version IS NULL AND id > coalesce(r.through, 0)) AS debits,
           coalesce(r.credits, 0) + (
               SELECT coalesce(sum(amount), 0) FROM ledger_transfer
               WHERE credit_id = a.id AND credit_version IS NULL AND id > coalesce(r.through, 0)) AS credits
    FROM ledger_account a
    LEFT JOIN LATERAL (SELECT * FROM ledger_rollup WHERE kind = a.kind ORDER BY through DESC LIMIT 1) r ON true
    WHERE NOT a.has_balance
"""

STANDINGS = f"""
SELECT outside.address,
       CASE WHEN outside.has_balance THEN b.credits - b.debits
            ELSE (SELECT s.credits - s.debits FROM ({SUMMED} AND a.id = outside.id) s) END::bigint,
       coalesce(b.held, 0),
       coalesce(b.version, 0)
FROM ledger_account outside LEFT JOIN ledger_balance b ON b.account_id = outside.id
WHERE outside.address = ANY(%s)
"""  # noqa: S608  (put together from constants alone)

TRIAL_BALANCE = f"""
WITH summed AS ({SUMMED})
SELECT a.kind, count(*)::bigint,
       sum(coalesce(b.debits, s.debits))::bigint,
       sum(coalesce(b.credits, s.credits))::bigint,
       sum(coalesce(b.held, 0))::bigint
FROM ledger_account a
LEFT JOIN ledger_balance b ON b.account_id = a.id
LEFT JOIN summed s ON s.id = a.id
GROUP BY a.kind ORDER BY a.kind
"""  # noqa: S608  (put together from constants alone)
