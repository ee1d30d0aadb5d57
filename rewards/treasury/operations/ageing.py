"""Tokens that change homes keep their age, and tokens whose time is over go to the breakage account.

There are no lots. What leaves an account takes its oldest tokens first; what is old enough to end is counted from the
journal, under the account's lock.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from rewards.ledger import operations as ledger
from rewards.ledger.errors import InsufficientTokens, LedgerError, UnknownAccount
from rewards.ledger.models import BREAKAGE, Account, Attempt, Wallet
from rewards.treasury import months
from rewards.treasury.models import Carried, ExpiryNotice, Sweep
from rewards.treasury.queries import Older, next_homes, older_than

CLOCK = "system:clock"
#: Homes in one transaction; their balances stay locked until it ends.
HOMES = 500


@transaction.atomic(savepoint=False)
def hand_on(
    *, key: str, debit: str, credit: str, amount: int, actor: object, event_type: str, event_ref: str, at: datetime
) -> ledger.Posted:
    """Move tokens from one home to another with the age they have: handing them round never makes them younger.

    Raises:
        UnknownAccount: a side has no account.
        InsufficientTokens: what is available on the debit account does not cover it.
        LedgerError: as `ledger.post` does.
    """
    return hand_on_at(
        key=key, debit=debit, credit=credit, amount=amount, actor=actor, event_type=event_type, event_ref=event_ref,
        boundaries=months.boundaries(at),
    )  # fmt: skip


@transaction.atomic(savepoint=False)
def hand_on_at(
    *,
    key: str,
    debit: str,
    credit: str,
    amount: int,
    actor: object,
    event_type: str,
    event_ref: str,
    boundaries: Sequence[datetime],
) -> ledger.Posted:
    """Do what `hand_on` does, telling ages apart at these moments only.

    Args:
        boundaries: ascending; tokens earned between the same two of them are of one age.

    Raises:
        As `hand_on`.
    """
    ids = _account_ids(debit, credit)
    # Both sides at once and in order: two homes that give to each other never wait for each other in a circle.
    ages = _locked_ages(ids[debit], boundaries, locked=list(ids.values()))
    posted = ledger.post(
        key=key, debit=debit, credit=credit, amount=amount, actor=actor, event_type=event_type, event_ref=event_ref
    )
    if not posted.replayed:
        _carry(posted.transfer_id, ids[credit], _oldest(ages, amount, key=key))
    return posted


@transaction.atomic(savepoint=False)
def set_aside(
    *,
    hold: str,
    key: str,
    debit: str,
    credit: str,
    amount: int,
    actor: object,
    event_type: str,
    event_ref: str,
    boundaries: Sequence[datetime],
) -> ledger.Capture:
    """Pay a hold of a home out to where it may come back from, and write down how old its tokens are.

    Args:
        debit: the home's account, on which the hold lies.
        amount: the whole hold.
        boundaries: ascending; tokens earned between the same two of them are of one age.

    Raises:
        UnknownAccount: a side has no account.
        LedgerError: as `ledger.capture_hold` does.
    """
    ids = _account_ids(debit, credit)
    ages = _locked_ages(ids[debit], boundaries, locked=[ids[debit]])
    captured = ledger.capture_hold(
        hold=hold, key=key, legs=[ledger.Leg(credit, amount)], actor=actor, event_type=event_type, event_ref=event_ref
    )
    if not captured.replayed:
        _carry(captured.transfer_id, ids[credit], _oldest(ages, amount, key=key))
    return captured


@transaction.atomic(savepoint=False)
def give_back(
    *, key: str, aside: str, debit: str, credit: str, amount: int, actor: object, event_type: str, event_ref: str
) -> ledger.Posted:
    """Return to a home what `set_aside` took under the key `aside`, all of it, with the age it had.

    What was set aside before ages were written down is as young as the day it comes back.

    Raises:
        UnknownAccount: a side has no account.
        LedgerError: as `ledger.post` does.
    """
    ids = _account_ids(debit, credit)
    posted = ledger.post(
        key=key, debit=debit, credit=credit, amount=amount, actor=actor, event_type=event_type, event_ref=event_ref
    )
    if not posted.replayed:
        taken = Attempt.objects.filter(pk=aside).values("transfer")
        kept = Carried.objects.filter(transfer__in=taken, account=ids[debit]).order_by("earned_at")
        _carry(posted.transfer_id, ids[credit], list(kept.values_list("earned_at", "tokens")))
    return posted


def expire_tokens(*, at: datetime, limit: int = 20) -> int:
    """Take the tokens whose time is over, up to `limit` batches of homes; return how many tokens ended.

    Once a month, home by home, each batch in its own transaction. It may run twice, late, or beside itself and beside
    people who spend: balances are locked before they are counted, and each home's end of a day has one key for ever.
    What an order holds is not taken, and if it comes back it stays until the next day of ending.
    """
    on = months.first_of(at)
    return _each_batch(Sweep.Kind.EXPIRY, on, at=at, limit=limit)


def tell_expiring(*, at: datetime, limit: int = 20) -> int:
    """Write down for each home what ends within thirty days, once a month; return how many homes were told of."""
    on = months.last_day_within_notice(at)
    return _each_batch(Sweep.Kind.NOTICE, on, at=at, limit=limit) if on > timezone.localdate(at) else 0


def take_older(accounts: Sequence[int], *, cutoff: datetime, on: date) -> tuple[int, int]:
    """Move what these accounts have from before the cutoff, and nothing holds, into the breakage account.

    In the caller's transaction: the balances it counts stay locked until that one ends.

    Returns:
        How many homes lost something, and how many tokens ended.
    """
    addresses = dict(Account.objects.filter(pk__in=accounts).values_list("pk", "address"))
    due = [row for row in older_than(accounts, cutoffs=[cutoff], locking=True) if row.due]
    answers = ledger.apply(
        [
            ledger.PostItem(
                key=f"expire:{addresses[row.account_id]}:{on}",
                debit=addresses[row.account_id],
                credit=BREAKAGE,
                amount=row.due,
                actor=CLOCK,
                event_type="expired",
                event_ref=f"expiry:{on}",
            )
            for row in due
        ],
        skip_refused=True,
    )
    # A closed account, or a home whose turn of this day is over, answers with a refusal and keeps what it has.
    taken = [
        row.due
        for row, answer in zip(due, answers, strict=True)
        if not isinstance(answer, LedgerError) and not answer.replayed
    ]
    return len(taken), sum(taken)


def _account_ids(*addresses: str) -> dict[str, int]:
    ids = dict(Account.objects.filter(address__in=addresses).values_list("address", "pk"))
    for address in addresses:
        if address not in ids:
            raise UnknownAccount(address)
    return ids


def _locked_ages(
    account_id: int, boundaries: Sequence[datetime], *, locked: Sequence[int]
) -> list[tuple[datetime, int]]:
    levels = older_than(locked, cutoffs=boundaries, locking=True)
    return _ages([level for level in levels if level.account_id == account_id])


def _carry(transfer_id: int, account_id: int, parts: Iterable[tuple[datetime, int]]) -> None:
    Carried.objects.bulk_create(
        Carried(transfer_id=transfer_id, account_id=account_id, earned_at=earned_at, tokens=tokens)
        for earned_at, tokens in parts
    )


def _each_batch(kind: str, on: date, *, at: datetime, limit: int) -> int:
    total = 0
    for _ in range(limit):
        count = _sweep(kind=kind, on=on, at=at)
        if count is None:
            break
        total += count
    return total


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _sweep(*, kind: str, on: date, at: datetime) -> int | None:
    """Go one batch of homes further; None when all were looked at, or another clock is at it."""
    if Sweep.objects.filter(kind=kind, on=on, finished_at__isnull=False).exists():
        return None
    Sweep.objects.bulk_create([Sweep(kind=kind, on=on)], ignore_conflicts=True)
    sweep = Sweep.objects.select_for_update(skip_locked=True).filter(kind=kind, on=on, finished_at=None).first()
    if sweep is None:
        return None
    cutoff = months.cutoff_of(on)
    accounts = next_homes(past=sweep.through, cutoff=cutoff, most=HOMES)
    homes, tokens = _write_notices(accounts, cutoff, on, at) if kind == Sweep.Kind.NOTICE else (0, 0)
    if kind == Sweep.Kind.EXPIRY and accounts:
        homes, tokens = take_older(accounts, cutoff=cutoff, on=on)
    sweep.homes, sweep.tokens = sweep.homes + homes, sweep.tokens + tokens
    sweep.through = accounts[-1] if accounts else sweep.through
    sweep.finished_at = at if len(accounts) < HOMES else None
    sweep.save(update_fields=["homes", "tokens", "through", "finished_at"])
    return homes if kind == Sweep.Kind.NOTICE else tokens


def _write_notices(accounts: Sequence[int], cutoff: datetime, on: date, at: datetime) -> tuple[int, int]:
    due = {row.account_id: row.due for row in older_than(accounts, cutoffs=[cutoff]) if row.due}
    homes = Wallet.objects.filter(account__in=due).values_list("household", "account")
    notices = [ExpiryNotice(household_id=home, on=on, tokens=due[account], made_at=at) for home, account in homes]
    ExpiryNotice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(notices), sum(notice.tokens for notice in notices)


def _ages(levels: Sequence[Older]) -> list[tuple[datetime, int]]:
    """Return the tokens of one account by age, the oldest first: each with a moment that has that age."""
    if not levels:
        return []
    ages, below = [(levels[0].cutoff - timedelta(seconds=1), levels[0].older)], levels[0]
    for level in levels[1:]:
        ages.append((below.cutoff, level.older - below.older))
        below = level
    return [*ages, (below.cutoff, below.posted - below.older)]


def _oldest(ages: Iterable[tuple[datetime, int]], amount: int, *, key: str) -> Iterable[tuple[datetime, int]]:
    for earned_at, tokens in ages:
        part = min(tokens, amount)
        amount -= part
        if part:
            yield earned_at, part
    if amount:
        raise InsufficientTokens(key)
