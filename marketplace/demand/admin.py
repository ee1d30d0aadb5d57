"""Where an admin reads a data request and says whether households may be asked. Nothing else is changed here."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from consent.parties.errors import PartiesError
from consent.parties.permissions import person_of
from marketplace.demand import operations
from marketplace.demand.errors import DemandError
from marketplace.demand.forms import ReviewForm
from marketplace.demand.models import DataRequest, RequestVersion, Review
from marketplace.demand.queries import budget


class VersionInline(admin.StackedInline):
    """Every version, newest first; the first one is what would open."""

    model = RequestVersion
    fk_name = "request"
    ordering = ("-number",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DataRequest)
class DataRequestAdmin(admin.ModelAdmin):
    """Read-only but for the three verdicts."""

    change_form_template = "demand/admin/review.html"
    list_display = ("purpose", "organisation", "state", "created_at", "opened_at")
    list_filter = ("state",)
    list_select_related = ("organisation", "current")
    ordering = ("-created_at",)
    fields = ("organisation", "state", "tokens", "reviews", "created_at", "opened_at", "closed_at", "refund_due_at")
    inlines = (VersionInline,)

    @admin.display(description=_("쓰는 곳"))
    def purpose(self, request: DataRequest) -> str:
        return request.version.purpose_text

    @admin.display(description=_("맡긴 토큰 · 쓴 토큰 · 돌려받을 토큰"))
    def tokens(self, request: DataRequest) -> str:
        found = budget(request)
        return f"{found.funded:,} · {found.spent:,} · {found.refundable:,}"

    @admin.display(description=_("검토"))
    def reviews(self, request: DataRequest) -> SafeString | str:
        rows = Review.objects.filter(version__request=request).select_related("version", "actor").order_by("-id")
        words = gettext("%(number)s판, %(verdict)s, %(actor)s %(reason)s")
        told = ((words % self._told(row),) for row in rows)
        return format_html_join("", "<p>{}</p>", told) or "-"

    @staticmethod
    def _told(row: Review) -> dict[str, object]:
        verdict = row.get_verdict_display()
        return {"number": row.version.number, "verdict": verdict, "actor": row.actor, "reason": row.reason}

    def get_readonly_fields(self, request: HttpRequest, obj: DataRequest | None = None) -> tuple[str, ...]:
        return self.fields

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
        form = None
        if found is not None and found.state == DataRequest.State.IN_REVIEW:
            form = ReviewForm(initial={"number": found.version.number})
        context = {"review_form": form}
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
