"""What lies in the inbox and in the history, on which shelf, and how many of each there are under every filter."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncMonth
from django.utils import timezone

from consent.records.models import Ask, Consent, Preference
from consent.records.queries import WEEK
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS
from marketplace.brokerage.queries import consents_of, offers_to

WAITING, DEFERRED, ANSWERED = "waiting", "deferred", "answered"
JUST = timedelta(hours=24)
MOST_BOARDS = 10

_ANSWERED = (Ask.State.APPROVED, Ask.State.DENIED, Ask.State.CANCELLED)
_MAY_BE_LATE = (Ask.State.PENDING, Ask.State.EXPIRED)


@dataclass(frozen=True)
class Filters:
    """What somebody chose to see; empty means all. They combine."""

    state: str = ""
    buyer: str = ""
    appliance: str = ""
    purpose: str = ""
    kind: str = ""
    period: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Filters":
        return cls(**{name: params.get(name, "")[:40] for name in cls.__dataclass_fields__})

    @property
    def chosen(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    def switched(self, name: str, value: str) -> "Filters":
        """Return these filters with another value in one place."""
        return replace(self, **{name: value})


@dataclass(frozen=True)
class Cell:
    """How many rows share all these properties. `period` is the month, as in `2026-11`, where people are."""

    state: str
    buyer: str
    appliance: str
    purpose: str
    kind: str
    period: str
    rows: int

    def meets(self, chosen: Mapping[str, str]) -> bool:
        return all(getattr(self, name) == value for name, value in chosen.items())


@dataclass(frozen=True)
class Week:
    """How much of its week's attention a household has given, and how much it allows."""

    asked: int
    limit: int
    is_paused: bool

    @property
    def boards(self) -> int:
        """Boards that fit beside a heading on a phone; a wider week is drawn in proportion."""
        return min(self.limit, MOST_BOARDS)

    @property
    def laid(self) -> int:
        used = min(self.asked, self.limit)
        return -(-used * self.boards // self.limit) if self.limit else 0


def week_of(household_id: UUID, *, at: datetime) -> Week:
    """Return the last seven days of a household; without a preference nobody asks anything."""
    asked = Ask.objects.filter(household=household_id, asked_at__gt=at - WEEK).count()
    line = Preference.objects.filter(household=household_id).first()
    return Week(asked, line.asks_per_week if line else 0, line is None or line.paused)


def inbox_of(user: object, *, at: datetime) -> QuerySet[Offer]:
    """Return what lies in this person's inbox at `at`, with its `shelf`, most urgent first, just answered last.

    It holds what waits, what was put aside, and what was decided in the last 24 hours.
    """
    pending = Q(ask__state=Ask.State.PENDING, ask__expires_at__gt=at) & STANDS
    decided = Q(ask__state__in=_ANSWERED, ask__decided_at__gt=at - JUST)
    late = Q(ask__state__in=_MAY_BE_LATE, ask__expires_at__lte=at, ask__expires_at__gt=at - JUST)
    shelf = Case(
        When(pending & Q(ask__deferred_at=None), then=Value(WAITING)),
        When(pending, then=Value(DEFERRED)),
        default=Value(ANSWERED),
        output_field=CharField(),
    )
    place = Case(When(shelf=WAITING, then=1), When(shelf=DEFERRED, then=2), default=3)
    due = Case(When(shelf=ANSWERED, then=None), default=F("ask__expires_at"))
    lying = offers_to(user).filter(pending | decided | late).annotate(shelf=shelf, place=place)
    return lying.order_by("place", due, F("ask__decided_at").desc(nulls_last=True), "pk")


def history_of(user: object, *, at: datetime) -> QuerySet[Consent]:
    """Return what this person's household decided, newest first, each with the `shelf` of its state at `at`."""
    shelf = Case(
        When(verdict=Consent.Verdict.REFUSED, then=Value(str(Consent.State.REFUSED))),
        When(end__isnull=False, then=F("end__reason")),
        When(ends_at__lte=at, then=Value(str(Consent.State.EXPIRED))),
        default=Value(str(Consent.State.GIVEN)),
        output_field=CharField(),
    )
    return consents_of(user).annotate(shelf=shelf)


def cells_of(rows: QuerySet[Any], *, path: str = "", when: str = "ask__asked_at") -> list[Cell]:
    """Count rows with a `shelf` by all properties at once, in one statement.

    Args:
        path: from the rows to their offer, with its underscores; empty for offers.
        when: the time by whose month the rows are told apart.
    """
    by = _columns(path)
    counted = rows.order_by().values("shelf", *by.values(), month=TruncMonth(when)).annotate(rows=Count("pk"))
    return [
        Cell(
            row["shelf"],
            rows=row["rows"],
            period=f"{row['month']:%Y-%m}",
            **{name: str(row[column]) for name, column in by.items()},
        )
        for row in counted
    ]


def _columns(path: str) -> dict[str, str]:
    return {
        "buyer": f"{path}ask__recipient",
        "appliance": f"{path}insight__appliance__type",
        "purpose": f"{path}version__purpose",
        "kind": f"{path}insight__kind",
    }


def counts_of(cells: list[Cell], chosen: Filters, *, by: str) -> dict[str, int]:
    """Return how many rows each value of one property has under the other filters; what has none is left out."""
    others = {name: value for name, value in chosen.chosen.items() if name != by}
    counts: dict[str, int] = {}
    for cell in cells:
        if cell.meets(others):
            value = getattr(cell, by)
            counts[value] = counts.get(value, 0) + cell.rows
    return counts


def total_of(cells: list[Cell], chosen: Filters) -> int:
    """Return how many rows the filters leave."""
    return sum(cell.rows for cell in cells if cell.meets(chosen.chosen))


def filtered(
    rows: QuerySet[Any], chosen: Filters, cells: list[Cell], *, path: str = "", when: str = "ask__asked_at"
) -> QuerySet[Any]:
    """Leave the rows that the filters ask for; a value that nothing has leaves none."""
    if not total_of(cells, chosen):
        return rows.none()
    columns = {"state": "shelf", **_columns(path)}
    found = rows.filter(**{columns[name]: value for name, value in chosen.chosen.items() if name != "period"})
    if chosen.period:
        # It can be read as a month: a word that no cell names has left no row already.
        first = timezone.make_aware(datetime.strptime(chosen.period, "%Y-%m"))
        after = timezone.make_aware(datetime(first.year + first.month // 12, first.month % 12 + 1, 1))
        found = found.filter(**{f"{when}__gte": first, f"{when}__lt": after})
    return found
