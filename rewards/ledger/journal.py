"""Looking through the journal: filters that combine, along a path that costs the same on large books as on small ones.

Every page reads along one index and looks at `WINDOW` rows at most: what an operation, a key or an account names, what
was dated back or taken back, or else a stretch of the journal itself. So no filter needs an index of its own, and a
page may come back short, or empty, with a place to go on from.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, Max, Min, OuterRef, QuerySet

from rewards.ledger.models import Account, Attempt, Checkpoint, Leaf, Transfer
from rewards.ledger.queries import account_at, is_recorded_between, transfers, transfers_of

#: Rows that one page looks at.
WINDOW = 20_000
#: Times follow ids but for transactions that crossed and clocks that were set: a period is looked for this much wider.
SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Filters:
    """What to look for. What is not said is not asked; everything that is said must hold."""

    kinds: tuple[str, ...] = ()
    account: str = ""
    actor: str = ""
    event_type: str = ""
    event_ref: str = ""
    min_amount: int | None = None
    max_amount: int | None = None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None
    effective_from: datetime | None = None
    effective_to: datetime | None = None
    is_sealed: bool | None = None
    back_dated: bool = False
    #: None: of any operation; empty: what was named leads to none.
    operations: tuple[UUID, ...] | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether an index of its own holds the few rows that can be meant."""
        return self.operations is not None or self.back_dated or self.kinds == (Transfer.Kind.REVERSE,)

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    def narrow(self, rows: QuerySet[Any], *, at: str = "") -> QuerySet[Any]:
        """Leave the rows that fit, but for the account and the seal.

        Args:
            at: the way from `rows` to the transfer, where they are not transfers themselves.
        """
        asked = {
            "actor": self.actor or None,
            "event_type": self.event_type or None,
            "event_ref": self.event_ref or None,
            "amount__gte": self.min_amount,
            "amount__lte": self.max_amount,
            "effective_at__gte": self.effective_from,
            "effective_at__lt": self.effective_to,
            "kind__in": self.kinds or None,
            "op_id__in": self.operations,
            "reverses__isnull": False if self.kinds == (Transfer.Kind.REVERSE,) else None,
        }
        rows = rows.filter(**{at + field: value for field, value in asked.items() if value is not None})
        if self.recorded_from or self.recorded_to:  # the ids or versions are bounded by it already
            rows = rows.filter(is_recorded_between(self.recorded_from, self.recorded_to, at=at))
        return rows.filter(**{f"{at}effective_at__lt": F(f"{at}recorded_at")}) if self.back_dated else rows

    def fitting(self) -> QuerySet[Transfer]:
        """Return the transfers that fit, but for the account, with what a list shows of them."""
        rows = self.narrow(transfers())
        if self.is_sealed is None:
            return rows
        sealed = Exists(Leaf.objects.filter(transfer=OuterRef("pk")))
        return rows.filter(sealed if self.is_sealed else ~sealed)


@dataclass(frozen=True)
class Stretch:
    """What one look found, newest first."""

    rows: list[Transfer]
    #: Where the next look begins, before which row or version; None at the end of the books.
    next_before: int | None


@dataclass(frozen=True)
class HoldLife:
    """A hold, and what became of it: captured leg by leg, released, expired; nothing yet while it is open."""

    placed: Transfer
    resolved: list[Transfer]

    @property
    def kept(self) -> int:
        """How much of it was paid out; the rest went free again."""
        return sum(row.amount for row in self.resolved if row.kind == Transfer.Kind.CAPTURE)


@dataclass(frozen=True)
class Operation:
    """One operation with what hangs on it: holds, reversals both ways, and the first checkpoint over all its rows."""

    op_id: UUID
    rows: list[Transfer]
    holds: list[HoldLife]
    #: From the id of a row to the row that took it back.
    reversed_by: dict[int, Transfer]
    #: The operations whose rows this one takes back.
    takes_back: list[UUID]
    checkpoint: Checkpoint | None

    @property
    def is_sealed(self) -> bool:
        return self.checkpoint is not None


def walk(filters: Filters, *, before: int | None = None, limit: int = 50) -> Stretch:
    """Return the rows that fit, newest first.

    Args:
        before: `next_before` of the look before; None starts at the newest.

    Raises:
        UnknownAccount: there is no account at the address that is asked for.
    """
    if filters.is_sparse:
        return _walk_few(filters, before=before, limit=limit)
    if filters.account:
        account = account_at(filters.account)
        return (_walk_versions if account.has_balance else _walk_unversioned)(account, filters, before, limit)
    low, high = _ids_of(filters)
    top = min(before or high, high)
    bottom = max(top - WINDOW, low)
    rows = filters.fitting().filter(pk__lt=top, pk__gte=bottom).order_by("-pk")
    return _cut(list(rows[: limit + 1]), limit=limit, bottom=bottom, end=low)


def operation_of(op_id: UUID) -> Operation | None:
    """Return one operation with what hangs on it, or None where there is none."""
    rows = list(transfers_of(op_id).select_related("reverses"))
    if not rows:
        return None
    undoing = Transfer.objects.filter(reverses__in=[row.pk for row in rows])
    return Operation(
        op_id=op_id,
        rows=rows,
        holds=_holds_of(rows),
        reversed_by={row.reverses_id: row for row in undoing if row.reverses_id},
        takes_back=list(dict.fromkeys(row.reverses.op_id for row in rows if row.reverses)),
        checkpoint=_checkpoint_over(rows),
    )


def operations_under(key: str) -> tuple[UUID, ...]:
    """Return the operation that was applied under a key, if one was."""
    found = Attempt.objects.filter(key=key).values_list("op_id", flat=True)
    return tuple(op_id for op_id in found if op_id)


def _walk_few(filters: Filters, *, before: int | None, limit: int) -> Stretch:
    rows = filters.fitting()
    if filters.account:
        account = account_at(filters.account)
        rows = rows.filter(debit=account) | rows.filter(credit=account)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return _cut(list(rows.order_by("-pk")[: limit + 1]), limit=limit)


def _walk_versions(account: Account, filters: Filters, before: int | None, limit: int) -> Stretch:
    """Walk an account along its versions; they are in the order of time, so a period is exactly a run of them."""
    first, last = _versions_of(account, filters)
    top = min(before or last + 1, last + 1)
    bottom = max(top - WINDOW, first + 1)
    found = []
    for side in ("debit", "credit"):
        place = f"{side}_version"
        rows = filters.fitting().filter(
            **{side: account, f"{place}__isnull": False, f"{place}__lt": top, f"{place}__gte": bottom}
        )
        found += [(getattr(row, place), row) for row in rows.order_by(f"-{place}")[: limit + 1]]
    found.sort(key=lambda pair: pair[0], reverse=True)
    page = [row for _, row in found[: limit + 1]]
    stretch = _cut(page, limit=limit, bottom=bottom, end=first + 1)
    return replace(stretch, next_before=found[limit - 1][0]) if len(page) > limit else stretch


def _walk_unversioned(account: Account, filters: Filters, before: int | None, limit: int) -> Stretch:
    """Walk an account that keeps no running balance along its own partial index, which holds ids."""
    low, high = _ids_of(filters)
    top = min(before or high, high)
    sides = {
        side: Transfer.objects.filter(**{side: account, f"{side}_version__isnull": True, "pk__lt": top})
        for side in ("debit", "credit")
    }
    # Where each of the account's rows fits, a page is full soon enough.
    bounded = {} if filters == Filters(account=filters.account) else sides
    ends = [
        pk for rows in bounded.values() for pk in rows.order_by("-pk").values_list("pk", flat=True)[WINDOW : WINDOW + 1]
    ]
    bottom = max([low, *ends])
    found: list[Transfer] = []
    for side in sides:
        rows = filters.fitting().filter(
            **{side: account, f"{side}_version__isnull": True, "pk__lt": top, "pk__gte": bottom}
        )
        found += rows.order_by("-pk")[: limit + 1]
    found.sort(key=lambda row: row.pk, reverse=True)
    return _cut(found[: limit + 1], limit=limit, bottom=bottom, end=low)


def _cut(rows: list[Transfer], *, limit: int, bottom: int = 0, end: int = 0) -> Stretch:
    """Cut what was found to a page; where less was found, go on below what was looked at, until the end."""
    if len(rows) > limit:
        return Stretch(rows[:limit], rows[limit - 1].pk)
    return Stretch(rows, bottom if bottom > end else None)


def _ids_of(filters: Filters) -> tuple[int, int]:
    """Return the first id that can fit and the one after the last.

    Nothing is recorded before it takes effect, so both periods have a beginning here and only one an end.
    """
    starts = [since for since in (filters.recorded_from, filters.effective_from) if since]
    ends = Transfer.objects.aggregate(oldest=Min("pk"), newest=Max("pk"))
    low = _first_id_at(max(starts) - SKEW) if starts else ends["oldest"] or 1
    high = _first_id_at(filters.recorded_to + SKEW) if filters.recorded_to else (ends["newest"] or 0) + 1
    return low, max(low, high)


def _versions_of(account: Account, filters: Filters) -> tuple[int, int]:
    """Return the version before the first that can fit, and the last that can."""
    with connection.cursor() as cursor:
        cursor.execute(
            VERSIONS,
            {"account": account.pk, "start": filters.recorded_from, "end": filters.recorded_to},
        )
        first, last = cursor.fetchone()
    return first, last


def _first_id_at(instant: datetime) -> int:
    """Return the first id whose row was recorded at `instant` or later, but for rows that crossed (`SKEW`)."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_ID_AT, {"instant": instant})
        return int(cursor.fetchone()[0])


def _holds_of(rows: list[Transfer]) -> list[HoldLife]:
    named = (row.pk if row.kind == Transfer.Kind.HOLD else row.hold_id for row in rows)
    ids = {hold for hold in named if hold is not None}
    resolving = list(transfers().filter(hold__in=ids).order_by("hold_id", "hold_leg"))
    placed = transfers().filter(pk__in=ids).order_by("pk")
    return [HoldLife(hold, [row for row in resolving if row.hold_id == hold.pk]) for hold in placed]


def _checkpoint_over(rows: list[Transfer]) -> Checkpoint | None:
    """Return the first checkpoint that signs every one of these rows."""
    leaves = list(Leaf.objects.filter(transfer__in=[row.pk for row in rows]).values_list("index", flat=True))
    found = Checkpoint.objects.filter(tree_size__gt=max(leaves, default=-1)).order_by("tree_size").first()
    return found if len(leaves) == len(rows) else None


VERSIONS = """
SELECT CASE WHEN %(start)s::timestamptz IS NULL THEN 0 ELSE ledger_version_before(b.account_id, %(start)s) END,
       CASE WHEN %(end)s::timestamptz IS NULL THEN b.version ELSE ledger_version_before(b.account_id, %(end)s) END
FROM ledger_balance b WHERE b.account_id = %(account)s
"""

# The first id whose row was recorded at an instant or later, found by halving the ids: a handful of single rows.
FIRST_ID_AT = """
WITH RECURSIVE halving (low, high) AS (
    SELECT coalesce(min(id), 1), coalesce(max(id), 0) + 1 FROM ledger_transfer
    UNION ALL
    SELECT CASE WHEN middle.recorded_at < %(instant)s THEN middle.id + 1 ELSE low END,
           CASE WHEN middle.recorded_at < %(instant)s THEN high ELSE (low + high) / 2 END
    FROM halving CROSS JOIN LATERAL (
        SELECT t.id, t.recorded_at FROM ledger_transfer t WHERE t.id >= (low + high) / 2 ORDER BY t.id LIMIT 1
    ) middle
    WHERE low < high
)
SELECT max(low) FROM halving
"""
