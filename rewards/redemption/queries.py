"""Reads of a household's tokens: what it has, where every token came from, and where it went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.models import Household
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import Account, OpenHold, Transfer
from rewards.ledger.queries import balance_of, rows_since, statement, wallet_address
from rewards.redemption.models import Gift, Order
from rewards.treasury.models import Thanks
from rewards.treasury.months import first_of, midnight
from rewards.treasury.queries import expiring_of, thanks_named


@dataclass(frozen=True)
class WalletStanding:
    """What a household has at one moment. `available` is `posted` without what live reservations hold."""

    posted: int = 0
    held: int = 0
    #: What ends within thirty days unless it is spent, and on which day.
    expiring: int = 0
    expires_on: date | None = None

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass(frozen=True)
class Entry:
    """One line of the wallet: what came in or went out, why, and what was there afterwards."""

    position: int
    at: datetime
    #: Signed: what came in is positive.
    tokens: int
    balance: int
    kind: str
    event_ref: str
    op_id: UUID
    event_type: str = ""
    order: Order | None = None
    gift: Gift | None = None
    thanks: Thanks | None = None

    @property
    def words(self) -> str:
        """Say in one line what it was, as far as this floor knows."""
        if self.gift is not None:
            return words_of_gift(self.gift, came_in=self.tokens > 0, event_type=self.event_type)
        if self.thanks is not None:
            return gettext("%(name)s에서 고맙다고 보냈어요") % {"name": self.thanks.organisation.name}
        name = self.order.reward.name if self.order else ""
        return {
            "earned": gettext("나눈 값에 받은 토큰"),
            "spent": name,
            "returned": gettext("%(reward)s 예약에서 돌아온 토큰") % {"reward": name}
            if name
            else gettext("돌아온 토큰"),
            "received": gettext("마루에서 받은 토큰"),
            "sent": gettext("보낸 토큰"),
            "expired": gettext("기한이 지나 사라진 토큰"),
        }[self.kind]


@dataclass(frozen=True)
class EntryPage:
    """Entries, newest first, and the position after which older ones follow (None at the end)."""

    entries: list[Entry]
    next_position: int | None


@dataclass(frozen=True)
class Month:
    """One month of the wallet, in Seoul's calendar. `closing` = `opening` + `came_in` - `went_out`."""

    first: date
    opening: int
    came_in: int
    went_out: int

    @property
    def closing(self) -> int:
        return self.opening + self.came_in - self.went_out


def words_of_gift(gift: Gift, *, came_in: bool, event_type: str) -> str:
    """Say in one line what a gift was to the home whose tokens moved.

    Args:
        event_type: "gift.give" or "gift.return".
    """
    if event_type == "gift.return":
        came, went = gettext("%(home)s에서 돌려준 선물"), gettext("%(home)s에 돌려준 선물")
        other = gift.taker if came_in else gift.giver
    else:
        came, went = gettext("%(home)s에서 온 선물"), gettext("%(home)s에 보낸 선물")
        other = gift.giver if came_in else gift.taker
    return (came if came_in else went) % {"home": name_of(other)}


def name_of(home: Household) -> str:
    """Return what another home is called; one that has left Maru has no name any more."""
    return home.name or gettext("떠난 집")


def wallet_of(household: Household, *, at: datetime) -> WalletStanding:
    """Return what a household has at `at`.

    A reservation nobody answered in time holds nothing any more, whether or not a clock has released it.
    """
    try:
        standing = balance_of(wallet_address(household))
    except UnknownAccount:
        return WalletStanding()
    lapsed = Order.objects.lapsed(at).filter(household=household)
    stale = _still_held([order.hold_key for order in lapsed]) if standing.held else 0
    held = standing.held - stale
    ending = expiring_of(household, at=at, held=held)
    return WalletStanding(posted=standing.posted, held=held, expiring=ending.tokens, expires_on=ending.on)


def entries_of(household: Household, *, before: int | None = None, limit: int = 50) -> EntryPage:
    """Return the lines of a household's wallet, newest first: only what moved tokens, no reservations.

    Args:
        before: `next_position` of the page before.
    """
    try:
        lines = statement(wallet_address(household), before=before, limit=limit + 1, kinds=list(Transfer.MOVES))
    except UnknownAccount:
        return EntryPage([], None)
    shown = lines[:limit]
    refs = [line.transfer.event_ref for line in shown]
    orders, gifts = _orders_named(refs, household=household), _gifts_named(refs, household=household)
    thanks = thanks_named(refs)
    entries = [
        Entry(
            position=line.position,
            at=line.transfer.recorded_at,
            tokens=line.change,
            balance=line.after or 0,
            kind=_kind(line.transfer.event_ref, line.change),
            event_ref=line.transfer.event_ref,
            op_id=line.transfer.op_id,
            event_type=line.transfer.event_type,
            order=orders.get(line.transfer.event_ref),
            gift=gifts.get(line.transfer.event_ref),
            thanks=thanks.get(line.transfer.event_ref),
        )
        for line in shown
    ]
    return EntryPage(entries, shown[-1].position if len(lines) > limit else None)


def months_of(household: Household, *, at: datetime, posted: int, count: int = 6) -> list[Month]:
    """Return the last `count` calendar months of a wallet, oldest first, ending with the month of `at`.

    Args:
        posted: what is in the wallet now; the months are walked back from it.
    """
    account = Account.objects.filter(wallet__household=household).first()
    firsts = _month_starts(at, count)
    moved = _moved_by_month(account, since=firsts[0]) if account else {}
    months: list[Month] = []
    closing = posted
    for first in reversed(firsts):
        came_in, went_out = moved.get(first, (0, 0))
        closing = closing - came_in + went_out
        months.append(Month(first, closing, came_in, went_out))
    return months[::-1]


def _still_held(keys: list[str]) -> int:
    return OpenHold.objects.filter(key__in=keys).aggregate(total=Sum("amount"))["total"] or 0 if keys else 0


def _kind(event_ref: str, change: int) -> str:
    if event_ref.startswith("consent:"):
        return "earned"
    if event_ref.startswith("order:"):
        return "spent" if change < 0 else "returned"
    if event_ref.startswith("expiry:"):
        return "expired" if change < 0 else "returned"
    return "sent" if change < 0 else "received"


def _orders_named(refs: Iterable[str], *, household: Household) -> dict[str, Order]:
    ids = {ref.removeprefix("order:") for ref in refs if ref.startswith("order:")}
    if not ids:
        return {}
    orders = Order.objects.filter(pk__in=ids, household=household).with_reward()
    return {order.hold_key: order for order in orders}


def _gifts_named(refs: Iterable[str], *, household: Household) -> dict[str, Gift]:
    ids = {ref.removeprefix("gift:") for ref in refs if ref.startswith("gift:")}
    if not ids:
        return {}
    gifts = Gift.objects.of(household).filter(pk__in=ids).select_related("giver", "taker")
    return {gift.reference: gift for gift in gifts}


def _month_starts(at: datetime, count: int) -> list[date]:
    this = first_of(at)
    month = this.year * 12 + this.month - 1
    return [date((month - back) // 12, (month - back) % 12 + 1, 1) for back in reversed(range(count))]


def _moved_by_month(account: Account, *, since: date) -> dict[date, tuple[int, int]]:
    came_in, went_out = rows_since(account, midnight(since))
    came, went = _by_month(came_in), _by_month(went_out)
    return {first: (came.get(first, 0), went.get(first, 0)) for first in came.keys() | went.keys()}


def _by_month(rows: QuerySet[Transfer]) -> dict[date, int]:
    moved = rows.filter(kind__in=Transfer.MOVES).annotate(month=TruncMonth("recorded_at"))
    sums = moved.values_list("month").annotate(total=Sum("amount"))
    return {timezone.localdate(month): total for month, total in sums}
