"""The lists an auditor asks for first: few rows among millions, each found along an index that holds only them.

Keys that came again are noted beside the books, each once a day for who sent it
(docs/decisions/0018-what-an-auditor-can-know.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import F, Max, Min, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.parties.paging import open_position, page_of, seal_position
from rewards.ledger.models import ISSUANCE, Account, AccountKind, Attempt, Leaf, OpenHold, Repeat, Transfer
from rewards.ledger.queries import account_at, back_dated_transfers, refused_attempts, transfers
from rewards.ledger.sealing import LATE_SECONDS

#: Nobody reads more; beyond it a list says "more than".
COUNTED = 1000
#: Leaves that one look for late seals goes through.
LEAVES = 5000
#: Accounts that pay for what somebody else decides; a household's own wallet may be empty.
PAYING = (AccountKind.BUYER, AccountKind.ESCROW, AccountKind.GUARANTEE)
#: Less than a tenth of what was ever put in is left.
NEAR_FLOOR = 10
#: What an issue names where a paid invoice stands behind it.
INVOICE = "issuance:"


@dataclass(frozen=True)
class Found:
    """One row of a list: what it is about, since when, and how long."""

    since: datetime
    lasted: timedelta
    op_id: UUID | None = None
    key: str = ""
    account: str = ""
    amount: int | None = None
    actor: str = ""
    code: str = ""
    event_ref: str = ""
    approved_by: str = ""
    reason: str = ""
    #: The operation that was taken back, or that the key made when it first came.
    other_op_id: UUID | None = None


@dataclass(frozen=True)
class Count:
    """How many rows a list has, up to `COUNTED`, and since when the oldest of them."""

    name: str
    rows: int
    oldest: datetime | None

    @property
    def is_more(self) -> bool:
        return self.rows > COUNTED


@dataclass(frozen=True)
class Heading:
    """What a list is called, what is in it, and what `lasted` is measured between."""

    name: str
    title: str | Promise
    about: str | Promise
    span: str | Promise


@dataclass(frozen=True)
class Listing(Heading):
    """One list: its rows in the order of `by`, how one of them is told, and the column its age counts from."""

    rows: Callable[[datetime], QuerySet[Any]]
    by: tuple[str, ...]
    since: str
    tell: Callable[[Any, datetime], Found]


def count_of(name: str, *, at: datetime) -> Count:
    """Return how long a list is.

    Raises:
        KeyError: there is no such list.
    """
    if name == LATE_SEALS:
        found = _late_seals(at=at, before=None, limit=COUNTED + 1)[0]
        return Count(name, len(found), min((one.since for one in found), default=None))
    listing = LISTINGS[name]
    newest = listing.rows(at).order_by(*listing.by).values(listing.since)[: COUNTED + 1]
    counted = newest.aggregate(rows=models.Count("*"), oldest=Min(listing.since))
    return Count(name, counted["rows"], counted["oldest"])


def page_of_list(name: str, *, at: datetime, cursor: str | None, limit: int) -> tuple[list[Found], str | None]:
    """Return one page of a list and the cursor of the next.

    Raises:
        KeyError: there is no such list.
        InvalidCursor: the cursor is broken or belongs to another list.
    """
    bound = f"ledger:exceptions:{name}"
    if name == LATE_SEALS:
        found, further = _late_seals(at=at, before=open_position(cursor, name=bound), limit=limit)
        return found, seal_position(further, name=bound) if further is not None else None
    listing = LISTINGS[name]
    page = page_of(listing.rows(at), by=listing.by, name=bound, cursor=cursor, limit=limit)
    return [listing.tell(row, at) for row in page.rows], page.next_cursor


def near_floor() -> QuerySet[Account]:
    """Return paying accounts with less than a tenth left, but not nothing, and those below zero that have no floor."""
    stands = F("balance__credits") - F("balance__debits") - F("balance__held")
    rows = Account.objects.select_related("balance").filter(kind__in=PAYING, balance__is_closed=False)
    rows = rows.annotate(stands=stands, left=(stands - F("balance__floor")) * NEAR_FLOOR)
    low = Q(left__lt=F("balance__credits"), balance__credits__gt=F("balance__debits") + F("balance__floor"))
    return rows.filter(low | Q(balance__floor=None, stands__lt=0))


def stale_holds(at: datetime) -> QuerySet[OpenHold]:
    """Return the holds that have expired and still stand: the sweeper has not come, or could not."""
    return OpenHold.objects.select_related("transfer", "account").filter(expires_at__lte=at)


def reversals() -> QuerySet[Transfer]:
    """Return what was taken back, with the row it took back."""
    return transfers().select_related("reverses").filter(reverses__isnull=False)


def repeats(kind: Repeat.Kind) -> QuerySet[Repeat]:
    """Return the keys that came again with the same body, or with another."""
    return Repeat.objects.select_related("attempt").filter(kind=kind)


def issued_without_invoice() -> QuerySet[Transfer]:
    """Return the tokens that were made with no invoice named behind them."""
    made = transfers().filter(debit=account_at(ISSUANCE), debit_version=None, kind=Transfer.Kind.POST)
    return made.exclude(event_ref__startswith=INVOICE)


def _late_seals(*, at: datetime, before: int | None, limit: int) -> tuple[list[Found], int | None]:
    """Return rows that wait for their seal, or waited, longer than two minutes; and the leaf to go on before."""
    # The leaves are named by number: a run between two subselects the planner takes for a ninth of all there are.
    top = Leaf.objects.aggregate(top=Max("index", default=-1))["top"] + 1 if before is None else before
    looked_down_to = max(top - LEAVES, 0)
    asked = {"is_first": before is None, "top": top, "bottom": looked_down_to, "late": LATE_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(SEALED_LATE, {**asked, "at": at, "limit": limit + 1})
        rows = cursor.fetchall()
    waiting = [row for row in rows if row[0] is None][:limit]
    late = [row for row in rows if row[0] is not None]
    found = [
        Found(since, lasted, op_id, amount=amount, actor=actor, event_ref=ref, code="waits" if leaf is None else "")
        for leaf, op_id, amount, actor, ref, since, lasted in waiting + late[:limit]
    ]
    further = late[limit - 1][0] if len(late) > limit else looked_down_to
    return found, further or None


def _refused(row: Attempt, at: datetime) -> Found:
    body = row.refused_body or {}
    return Found(
        row.recorded_at, at - row.recorded_at, key=row.key, actor=row.actor, code=row.outcome,
        account=body.get("debit") or body.get("hold") or "", event_ref=body.get("event_ref", ""),
        amount=body.get("amount") if isinstance(body.get("amount"), int) else None,
    )  # fmt: skip


def _repeat(row: Repeat, at: datetime) -> Found:
    first = row.attempt
    return Found(
        row.noted_at, row.noted_at - first.recorded_at, key=first.key, actor=row.actor, code=first.outcome,
        other_op_id=first.op_id,
    )  # fmt: skip


def _near_floor(row: Account, at: datetime) -> Found:
    moved = row.balance.recorded_at
    return Found(moved, at - moved, account=row.address, amount=row.stands, code=row.kind)  # type: ignore[attr-defined]


def _stale_hold(row: OpenHold, at: datetime) -> Found:
    placed = row.transfer
    return Found(
        row.expires_at, at - row.expires_at, op_id=placed.op_id, key=row.key, account=row.account.address,
        amount=row.amount, actor=placed.actor, event_ref=placed.event_ref,
    )  # fmt: skip


def _transfer(row: Transfer, *, since: datetime, lasted: timedelta) -> Found:
    return Found(
        since, lasted, op_id=row.op_id, account=row.debit.address, amount=row.amount, actor=row.actor,
        code=row.event_type, event_ref=row.event_ref, approved_by=row.approved_by or "", reason=row.reason or "",
        other_op_id=row.reverses.op_id if row.reverses_id and row.reverses else None,
    )  # fmt: skip


def _back_dated(row: Transfer, at: datetime) -> Found:
    return _transfer(row, since=row.recorded_at, lasted=row.recorded_at - row.effective_at)


def _reversal(row: Transfer, at: datetime) -> Found:
    taken_back = row.reverses.recorded_at if row.reverses else row.recorded_at
    return _transfer(row, since=row.recorded_at, lasted=row.recorded_at - taken_back)


def _issued(row: Transfer, at: datetime) -> Found:
    return _transfer(row, since=row.recorded_at, lasted=at - row.recorded_at)


LATE_SEALS = "late_seals"
LISTINGS = {
    listing.name: listing
    for listing in (
        Listing(
            "refused",
            _("거절된 시도"),
            _("장부에 청했지만 적히지 않은 것이에요. 거래 안에서 거절된 것은 아무것도 남기지 않아요."),
            _("지난 시간"),
            lambda at: refused_attempts(),
            ("-recorded_at", "-key"),
            "recorded_at",
            _refused,
        ),
        Listing(
            "replayed",
            _("다시 온 키"),
            _("같은 키가 같은 내용으로 다시 와서 처음 답을 드렸어요. 보낸 이마다 하루에 한 번씩, 100개까지 적어요."),
            _("처음 온 뒤"),
            lambda at: repeats(Repeat.Kind.REPLAYED),
            ("-id",),
            "noted_at",
            _repeat,
        ),
        Listing(
            "conflicting",
            _("내용이 다른 키"),
            _("쓰인 키가 다른 내용으로 와서 거절했어요. 보낸 이마다 하루에 한 번씩, 100개까지 적어요."),
            _("처음 온 뒤"),
            lambda at: repeats(Repeat.Kind.CONFLICT),
            ("-id",),
            "noted_at",
            _repeat,
        ),
        Listing(
            "near_floor",
            _("바닥에 가까운 계정"),
            _("넣은 것의 10분의 1보다 적게 남은, 지급하는 계정이에요. 다 쓴 계정과 가구의 지갑은 빼요."),
            _("마지막 움직임 뒤"),
            lambda at: near_floor(),
            ("kind", "id"),
            "balance__recorded_at",
            _near_floor,
        ),
        Listing(
            "stale_holds",
            _("묵은 예약"),
            _("기한이 지났는데 아직 풀리지 않은 예약이에요. 시계가 늦거나 멈췄을 때 보여요."),
            _("기한 뒤"),
            stale_holds,
            ("expires_at", "key"),
            "expires_at",
            _stale_hold,
        ),
        Listing(
            "back_dated",
            _("앞당겨 적은 줄"),
            _("적은 때보다 먼저 일어났다고 하는 줄이에요."),
            _("앞당긴 시간"),
            lambda at: back_dated_transfers(),
            ("-id",),
            "recorded_at",
            _back_dated,
        ),
        Listing(
            "reversals",
            _("되돌림"),
            _("누가 왜 되돌렸고 누가 승인했는지 함께 있어요."),
            _("되돌리기까지"),
            lambda at: reversals(),
            ("-id",),
            "recorded_at",
            _reversal,
        ),
        Listing(
            "issued",
            _("청구서 없는 발행"),
            _("근거에 청구서가 적히지 않은 발행이에요."),
            _("지난 시간"),
            lambda at: issued_without_invoice(),
            ("-id",),
            "recorded_at",
            _issued,
        ),
    )
}
#: Every list with what it is called, in the order in which they stand on the page.
HEADINGS: dict[str, Heading] = {
    **LISTINGS,
    LATE_SEALS: Heading(
        LATE_SEALS,
        _("늦은 봉인"),
        _("적은 지 2분이 지나도록 봉인을 기다리거나 기다린 줄이에요. 다른 거래가 오래 열려 있으면 늦어져요."),
        _("봉인까지"),
    ),
}
NAMES = list(HEADINGS)

# Leaves lie in the order of transactions and not of time, so the whole run is gone through; a leaf's checkpoint is the
# next one above it.
SEALED_LATE = """
WITH late AS (
    SELECT l.index, t.op_id, t.amount, t.actor, t.event_ref, t.recorded_at, c.sealed_at - t.recorded_at AS lasted
    FROM ledger_leaf l JOIN ledger_transfer t ON t.id = l.transfer_id
    CROSS JOIN LATERAL (
        SELECT k.sealed_at FROM ledger_checkpoint k WHERE k.tree_size > l.index ORDER BY k.tree_size LIMIT 1
    ) c
    WHERE l.index < %(top)s AND l.index >= %(bottom)s
      AND c.sealed_at - t.recorded_at > make_interval(secs => %(late)s)
    ORDER BY l.index DESC LIMIT %(limit)s
),
waiting AS (
    SELECT NULL::bigint AS index, t.op_id, t.amount, t.actor, t.event_ref, t.recorded_at,
           %(at)s - t.recorded_at AS lasted
    FROM ledger_transfer t
    WHERE %(is_first)s
      AND t.xid >= ledger_sealed_through()
      AND t.recorded_at < %(at)s - make_interval(secs => %(late)s)
      AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.transfer_id = t.id)
    ORDER BY t.id DESC LIMIT %(limit)s
),
listed AS (SELECT 1 AS part, * FROM waiting UNION ALL SELECT 2, * FROM late)
SELECT index, op_id, amount, actor, event_ref, recorded_at, lasted FROM listed ORDER BY part, index DESC
"""
