"""Where an admin proposes tokens against a paid invoice, and another one agrees. Nothing is rewritten here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from consent.parties.admin import column
from consent.parties.errors import PartiesError
from consent.parties.permissions import person_of
from rewards.ledger.errors import LedgerError
from rewards.treasury import operations
from rewards.treasury.errors import TreasuryError
from rewards.treasury.forms import DecisionForm, ProposalForm
from rewards.treasury.models import Issuance, Thanks

TOKENS, AMOUNT = column("tokens", pgettext_lazy("field", "토큰")), column("amount_krw", _("받은 금액(원)"))
REFUSALS = (TreasuryError, PartiesError, LedgerError)
DECISIONS: dict[str, Callable[..., Issuance]] = {
    "approve": operations.approve_issuance,
    "refuse": operations.refuse_issuance,
    "withdraw": operations.withdraw_issuance,
}


class Kept(admin.ModelAdmin):
    """What stands here is looked at; only an operation writes it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Issuance)
class IssuanceAdmin(Kept):
    """Who proposed what against which invoice, who agreed, and what was refused or taken back."""

    change_list_template = "treasury/admin/issuances.html"
    change_form_template = "treasury/admin/issuance.html"
    list_display = (
        "invoice_number", "organisation", TOKENS, AMOUNT, "state", "proposed_by", "proposed_at", "decided_by",
    )  # fmt: skip
    list_filter = ("state", "needs_second")
    search_fields = ("invoice_number", "organisation__name_ko")
    list_select_related = ("organisation", "proposed_by", "decided_by")
    ordering = ("-proposed_at",)
    fields = (  # type: ignore[assignment]
        "organisation", "invoice_number", AMOUNT, TOKENS, "needs_second", "state", "history",
    )  # fmt: skip
    readonly_fields = (AMOUNT, TOKENS, "history")  # type: ignore[assignment]

    @admin.display(description=_("기록"))
    def history(self, issuance: Issuance) -> SafeString | str:
        steps = issuance.steps.select_related("actor").order_by("pk")
        lines = (
            (timezone.localtime(step.at).strftime("%Y-%m-%d %H:%M"), step.get_state_display(), step.actor, step.reason)
            for step in steps
        )
        return format_html_join("", "<p>{} · {} · {} {}</p>", lines) or "-"

    def get_urls(self) -> list[Any]:
        guarded = self.admin_site.admin_view
        return [
            path("propose", guarded(self.propose), name="treasury_issuance_propose"),
            path("<uuid:issuance_id>/decide", guarded(require_POST(self.decide)), name="treasury_issuance_decide"),
            *super().get_urls(),
        ]

    def propose(self, request: HttpRequest) -> HttpResponse:
        """GET, POST /admin/treasury/issuance/propose: one invoice, once."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ProposalForm(request.POST or None)
        if form.is_valid():
            issuance = self._proposed(request, form)
            if issuance is not None:
                return redirect("admin:treasury_issuance_change", issuance.pk)
        context = {**self.admin_site.each_context(request), "title": gettext("발행 올리기"), "form": form}
        return render(request, "treasury/admin/propose.html", context, status=422 if form.errors else 200)

    def _proposed(self, request: HttpRequest, form: ProposalForm) -> Issuance | None:
        said = form.cleaned_data
        try:
            issuance = operations.propose_issuance(
                organisation_id=said["organisation"].pk,
                invoice_number=said["invoice_number"],
                amount_krw=said["amount_krw"],
                tokens=said["tokens"],
                actor=person_of(request),
                at=timezone.now(),
            )
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
            return None
        is_issued = issuance.state == Issuance.State.ISSUED
        waits = gettext("올렸어요. 다른 관리자가 승인하면 발행돼요.")
        messages.success(request, gettext("발행했어요.") if is_issued else waits)
        return issuance

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        issuance = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if issuance is not None and issuance.state == Issuance.State.PROPOSED:
            context = {"decision_form": DecisionForm(), "is_mine": issuance.proposed_by_id == person_of(request).pk}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def decide(self, request: HttpRequest, issuance_id: UUID) -> HttpResponse:
        """POST /admin/treasury/issuance/<id>/decide: agree, refuse with a reason, or take back one's own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        issuance, form = get_object_or_404(Issuance, pk=issuance_id), DecisionForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("결정과 까닭을 다시 봐 주세요."))
        else:
            self._decided(request, issuance, **form.cleaned_data)
        return redirect(reverse("admin:treasury_issuance_change", args=[issuance.pk]))

    def _decided(self, request: HttpRequest, issuance: Issuance, *, decision: str, reason: str) -> None:
        try:
            DECISIONS[decision](issuance_id=issuance.pk, actor=person_of(request), reason=reason, at=timezone.now())
        except REFUSALS as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("기록했어요."))


@admin.register(Thanks)
class ThanksAdmin(Kept):
    """Who thanked many homes at once, why, and with how much each."""

    list_display = ("batch", "organisation", column("tokens", _("집마다 토큰")), "words_ko", "made_by", "made_at")
    list_select_related = ("organisation", "made_by")
    search_fields = ("batch",)
    ordering = ("-made_at",)
