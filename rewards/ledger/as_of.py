"""The books as they stood at an instant, or in a tree of so many leaves: what a checkpoint signed.

By recorded time an account's rows are in the order of their versions, so a look back is a search among versions. By
effective time the same holds but for the few rows that were dated back. The trial balance is today's, less what came
since: it costs what happened since, not what happened ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection

from rewards.ledger.errors import UnknownAccount
from rewards.ledger.journal import SKEW, first_id_at
from rewards.ledger.models import Account
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
    with connection.cursor() as cursor:
        cursor.execute(TRIAL_BALANCE_BEFORE, {"instant": at + NEXT, "effective": clock == Clock.EFFECTIVE})
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
        last = closing.version + 1 if before is None else min(before, closing.version + 1)
        lines = lines_of(account, before=last, after=opening.version, limit=limit)
    else:
        top = first_id_at(end + SKEW)
        last = top if before is None else min(before, top)
        bottom = first_id_at(start - SKEW) - 1
        lines = lines_of(account, before=last, after=bottom, limit=limit, between=(start, end))
    return Period(opening, lines, closing)


def _standing_before(account: Account, instant: datetime, *, clock: Clock = Clock.RECORDED) -> Standing:
    sql = STANDING_BEFORE if account.has_balance else SUMMED_BEFORE
    with connection.cursor() as cursor:
        cursor.execute(sql, {"account": account.pk, "instant": instant, "effective": clock == Clock.EFFECTIVE})
        return Standing(account.address, *cursor.fetchone())


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

# Accounts without a running balance: what they hold now, less what came since. It costs what came since: an account is
# looked for among the rows of that time, not that time among all rows of the account.
SUMMED_BEFORE = f"""
WITH since AS MATERIALIZED (
    SELECT debit_id, credit_id, amount FROM ledger_transfer
    WHERE recorded_at >= %(instant)s AND (NOT %(effective)s OR effective_at >= %(instant)s)
      AND %(account)s IN (debit_id, credit_id)
)
SELECT (s.credits - s.debits
      - (SELECT coalesce(sum(amount), 0) FROM since WHERE credit_id = %(account)s)
      + (SELECT coalesce(sum(amount), 0) FROM since WHERE debit_id = %(account)s))::bigint,
       0::bigint, 0::bigint
FROM ({SUMMED} AND a.id = %(account)s) s
"""  # noqa: S608  (put together from constants alone)

# Nothing is dated ahead: what took effect at or after an instant was also recorded at or after it.
TRIAL_BALANCE_BEFORE = f"""
WITH since AS MATERIALIZED (
    SELECT * FROM ledger_transfer
    WHERE recorded_at >= %(instant)s AND (NOT %(effective)s OR effective_at >= %(instant)s)
),
changed AS (
    SELECT debit_id AS account_id, amount AS debits, 0 AS credits, 0 AS held FROM since WHERE credit_id IS NOT NULL
    UNION ALL SELECT credit_id, 0, amount, 0 FROM since WHERE credit_id IS NOT NULL
    UNION ALL SELECT debit_id, 0, 0, amount FROM since WHERE kind = 'hold'
    UNION ALL SELECT s.debit_id, 0, 0, -h.amount
        FROM since s JOIN ledger_transfer h ON h.id = s.hold_id WHERE s.hold_leg = 1
),
undone AS (
    SELECT account_id, sum(debits) AS debits, sum(credits) AS credits, sum(held) AS held FROM changed GROUP BY 1
),
summed AS ({SUMMED})
SELECT a.kind, count(*)::bigint,
       sum(coalesce(b.debits, s.debits) - coalesce(u.debits, 0))::bigint,
       sum(coalesce(b.credits, s.credits) - coalesce(u.credits, 0))::bigint,
       sum(coalesce(b.held, 0) - coalesce(u.held, 0))::bigint
FROM ledger_account a
LEFT JOIN ledger_balance b ON b.account_id = a.id
LEFT JOIN summed s ON s.id = a.id
LEFT JOIN undone u ON u.account_id = a.id
WHERE a.opened_at < %(instant)s
GROUP BY a.kind ORDER BY a.kind
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
