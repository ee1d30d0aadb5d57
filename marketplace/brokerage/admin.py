"""Where an admin sees which buyers are late with erasing, and stops or reinstates a buyer. Never a value."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.parties.admin import OnlyLooked, OrganisationAdmin, Untitled, column
from consent.parties.errors import PartiesError
from consent.parties.models import Organisation
from consent.parties.permissions import person_of
from consent.parties.queries import actors_named
from marketplace.brokerage import operations
from marketplace.brokerage.errors import BrokerageError
from marketplace.delivery.models import Erasure

Act = Callable[[UUID], object]


class ReasonForm(ActionForm):
    """Why, in a few words; it stands in the audit trail."""

    reason = forms.CharField(label=_("까닭"), max_length=400, required=False)


class Late(admin.SimpleListFilter):
    """Duties past their deadline, unless others are asked for."""

    title = _("지울 날")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", gettext("지울 것 모두")), ("done", gettext("지운 것"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        late, *others = super().choices(changelist)
        yield {**late, "display": gettext("기한이 지난 것")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> QuerySet[Erasure]:
        if self.value() == "done":
            return queryset.filter(attested_at__isnull=False)
        waiting = queryset.filter(attested_at=None)
        return waiting if self.value() == "open" else waiting.filter(due_at__lte=timezone.now())


class StopsBuyers(admin.ModelAdmin):
    """Actions on buyers, each its own operation; what one refuses is said and the others are still done."""

    action_form = ReasonForm

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("parties.change_organisation"))

    def reason_in(self, request: HttpRequest) -> str:
        return str(request.POST.get("reason", "")).strip()[:400]

    def for_each(self, request: HttpRequest, buyers: Iterable[UUID], act: Act) -> int:
        """Do something for each buyer, say what was refused, and return how many it was done for."""
        done = 0
        for pk in dict.fromkeys(buyers):
            try:
                done += bool(act(pk))
            except (BrokerageError, PartiesError) as refusal:
                messages.error(request, str(refusal))
        return done

    def stop_all(self, request: HttpRequest, buyers: Iterable[UUID]) -> None:
        actor, reason, at = person_of(request), self.reason_in(request), timezone.now()
        if not reason:
            messages.error(request, gettext("까닭을 적어 주세요. 감사 기록에 남아요."))
            return
        done = self.for_each(
            request,
            buyers,
            lambda pk: operations.suspend_buyer(organisation_id=pk, actor=actor, reason=reason, at=at),
        )
        messages.success(request, gettext("기관 %(done)s곳을 멈췄어요.") % {"done": done})


@admin.register(Erasure)
class ErasureAdmin(StopsBuyers, Untitled, OnlyLooked):
    """What buyers have to erase: the late ones first, with how long they have been late."""

    list_display = (
        "buyer", column("release", pgettext_lazy("one", "건넨 기록")), column("due_at", _("지울 날")), "days_late",
        column("attested_at", _("지운 때")), "is_stopped",
    )  # fmt: skip
    list_filter = (Late,)
    list_select_related = ("release__organisation",)
    ordering = ("due_at",)
    fields = readonly_fields = (  # type: ignore[assignment]
        "buyer", column("release", pgettext_lazy("one", "건넨 기록")), column("due_at", _("지울 날")), "days_late",
        column("attested_at", _("지운 때")), "confirmed_by", "is_stopped",
    )  # fmt: skip
    actions = ("stop_buyers",)

    @admin.display(description=_("기관"), ordering="release__organisation__name_ko")
    def buyer(self, erasure: Erasure) -> str:
        return erasure.release.organisation.name

    @admin.display(description=_("늦은 날"))
    def days_late(self, erasure: Erasure) -> int:
        until = erasure.attested_at or timezone.now()
        return max(0, (until - erasure.due_at).days)

    @admin.display(description=_("확인한 사람"))
    def confirmed_by(self, erasure: Erasure) -> str:
        return actors_named([erasure.attested_by]).get(erasure.attested_by, erasure.attested_by or "-")

    @admin.display(description=_("멈춤"), boolean=True)
    def is_stopped(self, erasure: Erasure) -> bool:
        return erasure.release.organisation.suspended_at is not None

    @admin.action(description=_("고른 기관을 멈추기"), permissions=["stop"])
    def stop_buyers(self, request: HttpRequest, erasures: QuerySet[Erasure]) -> None:
        self.stop_all(request, erasures.order_by().values_list("release__organisation", flat=True))


class BuyerDesk(StopsBuyers, OrganisationAdmin):
    """Organisations, with the acts that reach beyond their own row. Nobody stops one by editing a date."""

    actions = ("stop_buyers", "revoke_all", "reinstate")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "suspended_at")

    @admin.action(description=_("고른 기관을 멈추기"), permissions=["stop"])
    def stop_buyers(self, request: HttpRequest, buyers: QuerySet[Organisation]) -> None:
        self.stop_all(request, buyers.values_list("pk", flat=True))

    @admin.action(description=_("멈춘 기관이 받은 허락을 모두 거두기"), permissions=["stop"])
    def revoke_all(self, request: HttpRequest, buyers: QuerySet[Organisation]) -> None:
        actor, at = person_of(request), timezone.now()

        def revoke(pk: UUID) -> int:
            total = 0
            while done := operations.revoke_consents(organisation_id=pk, actor=actor, at=at):
                total += done
            return total

        done = self.for_each(request, buyers.values_list("pk", flat=True), revoke)
        messages.success(request, gettext("기관 %(done)s곳의 허락을 거두었어요.") % {"done": done})

    @admin.action(description=_("고른 기관을 다시 열기"), permissions=["stop"])
    def reinstate(self, request: HttpRequest, buyers: QuerySet[Organisation]) -> None:
        actor, reason, at = person_of(request), self.reason_in(request), timezone.now()
        done = self.for_each(
            request,
            buyers.values_list("pk", flat=True),
            lambda pk: operations.reinstate_buyer(organisation_id=pk, actor=actor, reason=reason, at=at),
        )
        messages.success(request, gettext("기관 %(done)s곳을 다시 열었어요.") % {"done": done})


admin.site.unregister(Organisation)
admin.site.register(Organisation, BuyerDesk)
