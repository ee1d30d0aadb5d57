"""Reads of what buyers want. A budget is told in three numbers only: what is held, and how many were asked, never."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.models import AuditEntry, Household, Organisation
from marketplace.demand.conditions import REACHED_BY
from marketplace.demand.models import DataRequest, LeastAssurance, RequestVersion, Review
from rewards.ledger.addresses import buyer_account
from rewards.ledger.models import Account, Transfer
from rewards.ledger.queries import Line, Standing, balances_of, statement

REACH_PER_DAY = 20
REACH_ACTION = "request.reach"


@dataclass(frozen=True)
class Budget:
    """Where the tokens of a data request went: put in escrow, paid for events, still the buyer's."""

    funded: int
    spent: int
    refundable: int


@dataclass(frozen=True)
class Purse:
    """A buyer's own account, and all its data requests together."""

    available: int
    total: Budget


@dataclass(frozen=True)
class PurseLine:
    """One row of a buyer's account; `request_id` where a data request caused it."""

    at: datetime
    words: str
    change: int
    after: int | None
    request_id: UUID | None


@dataclass(frozen=True)
class Reach:
    """How many homes could be asked, so roughly that no home shows through.

    `low` and `high` are tens; `low` is 0 for "fewer than 10".
    """

    low: int
    left_today: int

    @property
    def high(self) -> int:
        return self.low + 10

    @property
    def households(self) -> str:
        """The estimate in words of the API."""
        return f"{self.low}-{self.high}" if self.low else "fewer than 10"


def data_requests(user: object) -> QuerySet[DataRequest]:
    """Return the data requests of somebody's organisation with what their pages show, to be ordered by the caller."""
    rows = DataRequest.objects.visible_to(user)
    return rows.select_related("organisation", "current__area")


def budget(request: DataRequest) -> Budget:
    """Return where the tokens of one data request went."""
    return budgets([request])[request.pk]


def budgets(requests: Iterable[DataRequest]) -> dict[UUID, Budget]:
    """Return where the tokens of several data requests went, all seen at one instant, in one query."""
    wanted = {request.escrow: request for request in requests}
    found = dict.fromkeys((request.pk for request in wanted.values()), Budget(0, 0, 0))
    for address, funded, returned, posted in _escrows(wanted.values()):
        found[wanted[address].pk] = Budget(funded, funded - returned - posted, posted)
    return found


def purse(organisation: Organisation) -> Purse:
    """Return what a buyer may still put in escrow, and its data requests' budgets added up."""
    requests = DataRequest.objects.filter(organisation=organisation).only("id", "organisation_id")
    parts = budgets(requests).values()
    total = Budget(
        sum(part.funded for part in parts), sum(part.spent for part in parts), sum(part.refundable for part in parts)
    )
    account = Account.objects.filter(address=buyer_account(organisation.pk)).values_list(_POSTED, flat=True).first()
    return Purse(account or 0, total)


def purse_lines(organisation: Organisation, *, limit: int = 50) -> list[PurseLine]:
    """Return the newest rows of a buyer's account: what came in, what was put in escrow, what came back."""
    address = buyer_account(organisation.pk)
    if not Account.objects.filter(address=address).exists():
        return []
    return [_purse_line(line) for line in statement(address, limit=limit)]


def in_escrow(request: DataRequest) -> Standing:
    """Return where the escrow of a data request stands. For operations only: `held` is never shown to a buyer.

    Raises:
        UnknownAccount: it was never opened.
    """
    return balances_of([request.escrow])[request.escrow]


def last_review(request: DataRequest) -> Review | None:
    """Return what an admin last said of a data request, in any of its versions."""
    return Review.objects.filter(version__request=request).select_related("version").order_by("-id").first()


def reach_used_today(organisation: Organisation, *, at: datetime) -> int:
    """Return how many estimates a buyer has had since midnight in Seoul."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    subject = f"organisation:{organisation.pk}"
    return AuditEntry.objects.filter(subject=subject, action=REACH_ACTION, at__gte=midnight).count()


def homes_within_reach(version: RequestVersion) -> int:
    """Count the homes in the area with a shared appliance that has noticed one of the kinds. Never shown as it is."""
    where = Q(area=version.area_id) | Q(area__parent=version.area_id)
    yielded = Q(insights__kind__in=version.kinds, insights__appliance__never_share=False)
    if version.least_assurance != LeastAssurance.ANY:
        yielded &= Q(insights__assurance__in=REACHED_BY.get(version.least_assurance, ()))
    return Household.objects.filter(where & yielded).distinct().count()


def _purse_line(line: Line) -> PurseLine:
    words = {
        "request.funded": gettext("데이터 요청에 맡겼어요"),
        "request.refunded": gettext("데이터 요청에서 돌아왔어요"),
    }
    row = line.transfer
    is_ours = row.event_type in words
    return PurseLine(
        at=row.recorded_at,
        words=words[row.event_type]
        if is_ours
        else gettext("토큰이 들어왔어요")
        if line.change > 0
        else gettext("토큰이 나갔어요"),
        change=line.change,
        after=line.after,
        request_id=UUID(row.event_ref.removeprefix("request:")) if is_ours else None,
    )


_POSTED = F("balance__credits") - F("balance__debits")


def _escrows(requests: Collection[DataRequest]) -> QuerySet[Account, tuple[str, int, int, int]]:
    """Yield (address, funded, returned, posted) per escrow."""
    # Each along the credits of its taker, which are few beside what an escrow pays out. The version says that the taker
    # keeps a balance: only then may the index be taken.
    given = Transfer.objects.filter(credit_version__isnull=False)
    buyers = Account.objects.filter(address__in={request.account for request in requests})
    put_in = given.filter(credit=OuterRef("pk"), debit__kind="buyer")
    given_back = given.filter(credit__in=buyers, debit=OuterRef("pk"))
    rows = Account.objects.filter(address__in=[request.escrow for request in requests])
    return rows.values_list("address", _sum_of(put_in), _sum_of(given_back), _POSTED)


def _sum_of(rows: QuerySet[Transfer]) -> Coalesce:
    summed = rows.order_by().annotate(one=F("amount") * 0).values("one").annotate(tokens=Sum("amount"))
    return Coalesce(Subquery(summed.values("tokens")), 0)
