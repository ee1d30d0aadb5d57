"""Where an admin looks at streams that were held back. It shows kinds and days, never a value and never a home."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.parties.admin import OnlyLooked, column
from consent.parties.permissions import person_of
from marketplace.appliances.errors import AppliancesError
from marketplace.appliances.models import StreamFlag
from marketplace.brokerage import operations
from marketplace.insights.admin import kind_in_words


@admin.register(StreamFlag)
class StreamFlagAdmin(OnlyLooked):
    """The trust queue: what nobody has looked at comes first."""

    list_display = (
        column("raised_at", _("알아챈 때")), "what", "thing", "reason", "why", "verdict",
        column("decided_by", _("정한 사람")), column("decided_at", _("정한 때")),
    )  # fmt: skip
    list_filter = ("verdict", "reason")
    list_select_related = ("appliance", "decided_by")
    ordering = ("verdict", "raised_at")
    fields = readonly_fields = list_display  # type: ignore[assignment]
    actions = ("clear", "keep")

    @admin.display(description=_("알아챈 일"), ordering="kind")
    def what(self, flag: StreamFlag) -> SafeString:
        return kind_in_words(flag.kind)

    @admin.display(description=_("가전"))
    def thing(self, flag: StreamFlag) -> str:
        # Neither the home nor the model: who looks at the stream needs to know what it is, not whose.
        return f"{flag.appliance.get_type_display()} {str(flag.appliance_id)[:8]}"

    @admin.display(description=_("까닭"))
    def why(self, flag: StreamFlag) -> str:
        return flag.why

    @admin.action(description=_("괜찮으니 다시 여쭤보기"), permissions=["look"])
    def clear(self, request: HttpRequest, flags: QuerySet[StreamFlag]) -> None:
        self._decide(request, flags, StreamFlag.Verdict.CLEARED)

    @admin.action(description=_("그대로 막아 두기"), permissions=["look"])
    def keep(self, request: HttpRequest, flags: QuerySet[StreamFlag]) -> None:
        self._decide(request, flags, StreamFlag.Verdict.KEPT)

    def has_look_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("appliances.change_streamflag"))

    def _decide(self, request: HttpRequest, flags: QuerySet[StreamFlag], verdict: str) -> None:
        decided = 0
        for flag in flags.order_by("pk"):
            try:
                operations.look_at_stream(flag_id=flag.pk, actor=person_of(request), verdict=verdict, at=timezone.now())
            except AppliancesError as refusal:
                messages.error(request, f"{flag.kind}: {refusal}")
            else:
                decided += 1
        if decided:
            words = ngettext("한 가지를 정했어요.", "%(count)s가지를 정했어요.", decided)
            messages.success(request, words % {"count": decided})
