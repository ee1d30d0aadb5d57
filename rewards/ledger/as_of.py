"""The books as they stood at an instant, or in a tree of so many leaves: what a checkpoint signed.

By recorded time an account's rows are in the order of their versions, so a look back is a search among versions.
Accounts without versions, and the trial balance, begin at the last totals that were rolled up before the instant, and
add the few rows that came since. By effective time it is the same, but for the few rows that were dated back.

What stood in a tree is what stands now, less what was sealed since.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, Q

from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import Account, AccountKind, Rollup, Transfer
from rewards.ledger.queries import SUMMED, Line, Standing, TrialBalance, TrialRow, account_at, lines_of

#: The books write microseconds, so "up to and including" an instant is "before" the next one.
NEXT = timedelta(microseconds=1)


class Clock(StrEnum):
    """Which of a row's two times counts: when it was written, or when it is said to have happened."""

    RECORDED = "recorded"
    EFFECTIVE = "effective"


@dataclass(frozen=True)
class Period:
    """One account over a time: where it stood before, what happened, newest first, and where it stood after."""

    opening: Standing
    lines: list[Line]
    closing: Standing


def standing_at(address: str, *, at: datetime, clock: Clock = Clock.RECORDED) -> Standing:
    """Return where the account stood at `at`, rows of that very instant included.

    What is held and the version are by recorded time under either clock: only posts are dated back.

    Raises:
        UnknownAccount: there is no such account.
    """
    return _standing_before(account_at(address), at + NEXT, clock=clock)


def trial_balance_at(*, at: datetime, clock: Clock = Clock.RECORDED) -> TrialBalance:
    """Return debits, credits and held tokens per kind of account as they stood at `at`."""
    instant = at + NEXT
    asked = {"instant": instant, "effective": clock == Clock.EFFECTIVE, **_totals_around(instant)._asdict()}
    with connection.cursor() as cursor:
        cursor.execute(TRIAL_BALANCE_BEFORE, asked)
        return TrialBalance([TrialRow(*row) for row in cursor.fetchall()])


def standing_in_tree(address: str, *, size: int) -> Standing:
    """Return where the account stood when the tree had `size` leaves: the same whenever it is asked.

    Raises:
        UnknownAccount: there is no such account, or the tree does not hold it.
    """
    account = account_at(address)
    sql = STANDING_IN_TREE if account.has_balance else SUMMED_IN_TREE
    with connection.cursor() as cursor:
        cursor.execute(sql, {"account": account.pk, "size": size})
        is_in_tree, *standing = cursor.fetchone()
    if not is_in_tree:
        raise UnknownAccount(address)
    return Standing(account.address, *standing)


def trial_balance_in_tree(*, size: int) -> TrialBalance:
    """Return debits, credits and held tokens per kind of account as a tree of `size` leaves has them."""
    with connection.cursor() as cursor:
        cursor.execute(TRIAL_BALANCE_IN_TREE, [size])
        return TrialBalance([TrialRow(*row) for row in cursor.fetchall()])


def statement_between(
    address: str, *, start: datetime, end: datetime, before: int | None = None, limit: int = 50
) -> Period:
    """Return an account's rows recorded from `start` up to, not including, `end`, with its standing at both ends.

    Args:
        before: the `position` of the last line of the page before; None starts at the newest.

    Raises:
        UnknownAccount: there is no such account.
    """
    account = account_at(address)
    opening, closing = _standing_before(account, start), _standing_before(account, end)
    if account.has_balance:
        first, last, between = opening.version, closing.version + 1, None
    else:
        (first, last), between = _rows_around(start, end), (start, end)
    last = last if before is None else min(before, last)
    return Period(opening, lines_of(account, before=last, after=first, limit=limit, between=between), closing)


def _rows_around(start: datetime, end: datetime) -> tuple[int, int]:
    """Return two rows of the journal, neither included, with all that was recorded from `start` to `end` in between."""
    begins, ends = _totals_around(start), _totals_around(end)
    newer = Transfer.objects.filter(pk__gt=ends.rolled)
    if not newer.filter(recorded_at__lt=end).exists():
        return begins.base, ends.top + 1
    return begins.base, newer.latest("pk").pk + 1


def _standing_before(account: Account, instant: datetime, *, clock: Clock = Clock.RECORDED) -> Standing:
    asked: dict[str, Any] = {"account": account.pk, "instant": instant, "effective": clock == Clock.EFFECTIVE}
    if not account.has_balance:
        asked |= {"kind": account.kind, **_totals_around(instant)._asdict()}
    with connection.cursor() as cursor:
        cursor.execute(STANDING_BEFORE if account.has_balance else SUMMED_BEFORE, asked)
        return Standing(account.address, *cursor.fetchone())


class _Totals(NamedTuple):
    """The rows of the journal between which there may be rows from before an instant that no totals hold.

    Clocks that were set and rows that crossed are allowed for.
    """

    #: Of the last totals with nothing later in them.
    base: int
    #: Of the last totals with anything earlier since the ones before.
    top: int
    #: Of the newest totals.
    rolled: int


def _totals_around(instant: datetime) -> _Totals:
    found = Rollup.objects.filter(kind=AccountKind.ISSUANCE).aggregate(
        base=Max("through", filter=Q(latest__lt=instant), default=0),
        top=Max("through", filter=Q(earliest__lt=instant), default=0),
        rolled=Max("through", default=0),
    )
    return _Totals(**found)


STANDING_BEFORE = """
WITH stood AS MATERIALIZED (SELECT ledger_version_before(%(account)s, %(instant)s) AS version)
SELECT (coalesce(
            (SELECT debit_after FROM ledger_transfer WHERE debit_id = %(account)s AND debit_version = s.version),
            (SELECT credit_after FROM ledger_transfer WHERE credit_id = %(account)s AND credit_version = s.version),
            0)
        + CASE WHEN %(effective)s THEN
            (SELECT coalesce(sum(amount), 0) FROM ledger_transfer
             WHERE credit_id = %(account)s AND effective_at < recorded_at
               AND effective_at < %(instant)s AND recorded_at >= %(instant)s)
          - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer
             WHERE debit_id = %(account)s AND effective_at < recorded_at
               AND effective_at < %(instant)s AND recorded_at >= %(instant)s)
          ELSE 0 END)::bigint,
       coalesce((SELECT debit_held FROM ledger_transfer
                 WHERE debit_id = %(account)s AND debit_version <= s.version
                 ORDER BY debit_version DESC LIMIT 1), 0),
       s.version
FROM stood s
"""

# The rows recorded before an instant that the totals before it do not hold: of the stretches that have any, and of what
# was not rolled up yet. By effective time also those recorded since that are dated back before it.
NOT_IN_TOTALS = """
not_in_totals AS MATERIALIZED (
    SELECT * FROM ledger_transfer WHERE id > %(base)s AND id <= %(top)s AND recorded_at < %(instant)s
    UNION ALL SELECT * FROM ledger_transfer WHERE id > %(rolled)s AND recorded_at < %(instant)s
    UNION ALL SELECT * FROM ledger_transfer
        WHERE %(effective)s AND effective_at < recorded_at AND effective_at < %(instant)s AND recorded_at >= %(instant)s
)
"""

SUMMED_BEFORE = f"""
WITH {NOT_IN_TOTALS}
SELECT (coalesce((SELECT credits - debits FROM ledger_rollup WHERE kind = %(kind)s AND through = %(base)s), 0)
      + coalesce(sum(CASE %(account)s WHEN credit_id THEN amount WHEN debit_id THEN -amount END), 0))::bigint,
       0::bigint, 0::bigint
FROM not_in_totals
"""  # noqa: S608  (put together from constants alone)

TRIAL_BALANCE_BEFORE = f"""
WITH {NOT_IN_TOTALS},
changed AS (
    SELECT debit_id AS account_id, amount AS debits, 0 AS credits, 0 AS held
        FROM not_in_totals WHERE credit_id IS NOT NULL
    UNION ALL SELECT credit_id, 0, amount, 0 FROM not_in_totals WHERE credit_id IS NOT NULL
    UNION ALL SELECT debit_id, 0, 0, amount FROM not_in_totals WHERE kind = 'hold'
    UNION ALL SELECT s.debit_id, 0, 0, -h.amount
        FROM not_in_totals s JOIN ledger_transfer h ON h.id = s.hold_id WHERE s.hold_leg = 1
),
moved AS (
    SELECT a.kind, sum(c.debits) AS debits, sum(c.credits) AS credits, sum(c.held) AS held
    FROM changed c JOIN ledger_account a ON a.id = c.account_id GROUP BY a.kind
)
SELECT a.kind, a.accounts,
       (coalesce(r.debits, 0) + coalesce(m.debits, 0))::bigint,
       (coalesce(r.credits, 0) + coalesce(m.credits, 0))::bigint,
       (coalesce(r.held, 0) + coalesce(m.held, 0))::bigint
FROM (SELECT kind, count(*) AS accounts FROM ledger_account WHERE opened_at < %(instant)s GROUP BY kind) a
LEFT JOIN ledger_rollup r ON r.kind = a.kind AND r.through = %(base)s
LEFT JOIN moved m ON m.kind = a.kind
ORDER BY a.kind
"""  # noqa: S608  (put together from constants alone)

IN_TREE = "EXISTS (SELECT FROM ledger_leaf WHERE account_id = %(account)s AND index < %(size)s)"

STANDING_IN_TREE = f"""
WITH stood AS MATERIALIZED (SELECT ledger_version_in_tree(%(account)s, %(size)s) AS version)
SELECT {IN_TREE},
       coalesce(
            (SELECT debit_after FROM ledger_transfer WHERE debit_id = %(account)s AND debit_version = s.version),
            (SELECT credit_after FROM ledger_transfer WHERE credit_id = %(account)s AND credit_version = s.version),
            0),
       coalesce((SELECT debit_held FROM ledger_transfer
                 WHERE debit_id = %(account)s AND debit_version <= s.version
                 ORDER BY debit_version DESC LIMIT 1), 0),
       s.version
FROM stood s
"""  # noqa: S608  (put together from constants alone)

SUMMED_IN_TREE = f"""
WITH since AS MATERIALIZED (SELECT * FROM ledger_transfers_since(%(size)s))
SELECT {IN_TREE},
       (s.credits - s.debits
      - (SELECT coalesce(sum(amount), 0) FROM since WHERE credit_id = %(account)s)
      + (SELECT coalesce(sum(amount), 0) FROM since WHERE debit_id = %(account)s))::bigint,
       0::bigint, 0::bigint
FROM ({SUMMED} AND a.id = %(account)s) s
"""  # noqa: S608

TRIAL_BALANCE_IN_TREE = """
SELECT kind, count(*)::bigint, sum(debits)::bigint, sum(credits)::bigint, sum(held)::bigint
FROM ledger_standings(%s) GROUP BY kind ORDER BY kind
"""
