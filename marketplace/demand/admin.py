"""Where an admin reads a data request and says whether households may be asked. Nothing else is changed here."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from consent.parties.admin import column
from consent.parties.errors import PartiesError
from consent.parties.models import Organisation
from consent.parties.permissions import person_of
from marketplace.demand import operations
from marketplace.demand.errors import DemandError
from marketplace.demand.facts import Fact, facts_since, kinds_of
from marketplace.demand.forms import ReviewForm
from marketplace.demand.models import DataRequest, RequestVersion, Review
from marketplace.demand.pricing import price_of_version
from marketplace.demand.queries import Budget, budget


@dataclass(frozen=True)
class Paper:
    """What an admin reads before saying anything: the current version, beside the one that was read last."""

    buyer: Organisation
    version: RequestVersion
    before: RequestVersion | None
    facts: list[Fact]
    budget: Budget
    reviews: list[Review]

    @property
    def codes(self) -> str:
        return ", ".join([self.version.purpose, *self.version.kinds])


def paper_of(request: DataRequest) -> Paper:
    """Return what decides about a data request, in words. Needs `organisation` loaded."""
    rows = Review.objects.filter(version__request=request).select_related("version__area", "actor")
    reviews, version = list(rows.order_by("-id")), request.version
    before = next((row.version for row in reviews if row.version_id != version.pk), None)
    return Paper(request.organisation, version, before, facts_since(version, before), budget(request), reviews)


class StateFilter(admin.ChoicesFieldListFilter):
    """States under a heading for people."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("상태")


@admin.register(DataRequest)
class DataRequestAdmin(admin.ModelAdmin):
    """Read-only but for the three verdicts."""

    change_form_template = "demand/admin/review.html"
    list_display = (
        "purpose", column("organisation", _("기관")), "kinds", "price", "retention",
        column("state", _("상태")), column("created_at", _("쓴 때")),
    )  # fmt: skip
    list_filter = (("state", StateFilter),)
    list_select_related = ("organisation", "current")
    ordering = ("-created_at",)

    @admin.display(description=_("쓰는 곳"))
    def purpose(self, request: DataRequest) -> str:
        return request.version.purpose_text

    @admin.display(description=_("알아챈 일"))
    def kinds(self, request: DataRequest) -> str:
        return kinds_of(request.version)

    @admin.display(description=_("한 건 값"))
    def price(self, request: DataRequest) -> str:
        return f"{price_of_version(request.version).total:,}"

    @admin.display(description=_("보관"))
    def retention(self, request: DataRequest) -> str:
        return gettext("%(days)s일") % {"days": request.version.retention_days}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: DataRequest | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DataRequest | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        review = self.admin_site.admin_view(require_POST(self.review))
        return [path("<uuid:request_id>/review", review, name="demand_datarequest_review"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if found is not None:
            waits = found.state == DataRequest.State.IN_REVIEW
            context = {
                "paper": paper_of(found),
                "review_form": ReviewForm(initial={"number": found.version.number}) if waits else None,
                "title": found.version.purpose_text,
                "subtitle": None,
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def review(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """POST /admin/demand/datarequest/<id>/review: open, return with a reason, refuse with a reason."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found, form = get_object_or_404(DataRequest, pk=request_id), ReviewForm(request.POST)
        try:
            if form.is_valid():
                actor = person_of(request)
                operations.review_request(request_id=found.pk, actor=actor, at=timezone.now(), **form.cleaned_data)
                messages.success(request, gettext("검토를 적어 두었어요."))
            else:
                messages.error(request, gettext("판정과 까닭을 다시 봐 주세요."))
        except (DemandError, PartiesError) as refusal:
            messages.error(request, str(refusal))
        return redirect(reverse("admin:demand_datarequest_change", args=[found.pk]))
