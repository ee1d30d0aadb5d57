"""Reads that change nothing: what a buyer holds and must erase, and what a household's data was read for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from consent.parties.models import Organisation
from consent.records.models import Consent
from marketplace.delivery.models import Access, Erasure, Release, WebhookEndpoint, readable
from marketplace.demand.models import DataRequest

TAKEN_BACK = (Release.Closed.WITHDRAWN, Release.Closed.REVOKED)


@dataclass(frozen=True)
class Figures:
    """What a buyer holds under one data request. Nothing here counts asks, refusals or silence."""

    readable: int
    unread: int
    taken_back: int
    ended: int
    to_erase: int


def figures_of(request: DataRequest, *, at: datetime) -> Figures:
    """Return the figures of one data request as they stand at `at`, swept or not."""
    lasting = readable(at)
    taken_back = Q(closed_because__in=TAKEN_BACK) | Q(closed_at=None, consent__end__isnull=False)
    counted = Release.objects.filter(request=request).aggregate(
        released=Count("pk"),
        readable=Count("pk", filter=lasting),
        unread=Count("pk", filter=lasting & Q(first_read_at=None)),
        taken_back=Count("pk", filter=taken_back),
        to_erase=Count("erasure", filter=Q(erasure__attested_at=None)),
    )
    ended = counted.pop("released") - counted["readable"] - counted["taken_back"]
    return Figures(ended=ended, **counted)


def duties_of(organisation: Organisation) -> QuerySet[Erasure]:
    """Return what this buyer must erase or said it erased, with its releases."""
    return Erasure.objects.filter(release__organisation=organisation).select_related("release")


def open_duties_of(request: DataRequest) -> QuerySet[Erasure]:
    """Return what is still to be erased under one data request, the most urgent first."""
    mine = Erasure.objects.filter(release__request=request, attested_at=None)
    return mine.select_related("release").order_by("due_at", "pk")


@dataclass(frozen=True)
class Standing:
    """What one buyer made of its duties to erase: those whose time has come, or that it confirmed sooner.

    Attributes:
        overdue: duties past their deadline without a word.
        overdue_since: the oldest of these deadlines.
    """

    duties: int
    erased: int
    overdue: int
    overdue_since: datetime | None


def standings_of(organisations: Iterable[UUID] | QuerySet[Any, Any], *, at: datetime) -> dict[UUID, Standing]:
    """Return the standing of each of these buyers that ever had to erase something, in one statement."""
    rows = Erasure.objects.filter(release__organisation__in=organisations).values("release__organisation")
    told = rows.annotate(
        duties=Count("pk", filter=Q(due_at__lte=at) | Q(attested_at__isnull=False)),
        erased=Count("pk", filter=Q(attested_at__isnull=False)),
        overdue=Count("pk", filter=Q(attested_at=None, due_at__lte=at)),
        overdue_since=Min("due_at", filter=Q(attested_at=None, due_at__lte=at)),
    ).order_by()
    columns = ("release__organisation", "duties", "erased", "overdue", "overdue_since")
    return {buyer: Standing(*figures) for buyer, *figures in told.values_list(*columns)}


def overdue_duties(*, at: datetime) -> QuerySet[Erasure]:
    """Return the duties past their deadline that nobody confirmed, the oldest first."""
    late = Erasure.objects.filter(attested_at=None, due_at__lte=at)
    return late.select_related("release__organisation").order_by("due_at", "pk")


def reads_of(release_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how often each of these releases was read."""
    read = Access.objects.filter(release__in=list(release_ids)).values_list("release").annotate(times=Count("pk"))
    return dict(read.order_by())


def ends_of(release_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return when the buyer must have erased each of these records."""
    return dict(Release.objects.filter(pk__in=list(release_ids)).values_list("pk", "erase_at"))


def requests_with_records(organisation: Organisation, *, at: datetime) -> QuerySet[DataRequest]:
    """Return the buyer's data requests that ever brought a record, with `readable`, `unread` and `to_erase`."""
    lasting = readable(at, of="releases__")
    due = Q(releases__erasure__isnull=False, releases__erasure__attested_at=None)
    return (
        DataRequest.objects.filter(organisation=organisation)
        .annotate(
            released=Count("releases"),
            readable=Count("releases", filter=lasting),
            unread=Count("releases", filter=lasting & Q(releases__first_read_at=None)),
            to_erase=Count("releases", filter=due),
        )
        .filter(released__gt=0)
        .select_related("current")
        .order_by("-created_at")
    )


def endpoints_of(organisation: Organisation) -> QuerySet[WebhookEndpoint]:
    """Return the addresses at which this buyer is told."""
    return WebhookEndpoint.objects.active().filter(organisation=organisation)


def accesses_of(user: object) -> QuerySet[Access]:
    """Return every read of this person's household's records, as far as the person may see the consents.

    Newest first is the caller's order; `release`, its consent and organisation are loaded.
    """
    seen = Access.objects.filter(release__consent__in=Consent.objects.visible_to(user))
    return seen.select_related("release__organisation")
