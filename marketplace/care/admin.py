"""Where an admin looks at streams that were held back, and reads the audit trail in words. Never a value."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from consent.parties.admin import OnlyLooked, Untitled, column
from consent.parties.models import AuditEntry
from consent.parties.permissions import person_of
from marketplace.appliances.errors import AppliancesError
from marketplace.appliances.models import StreamFlag
from marketplace.brokerage import operations
from marketplace.care.trail_words import Names, action_in_words, outcome_in_words, reason_in_words
from marketplace.insights.admin import kind_in_words


@admin.register(StreamFlag)
class StreamFlagAdmin(Untitled, OnlyLooked):
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

    @admin.display(description=pgettext_lazy("one", "가전"))
    def thing(self, flag: StreamFlag) -> str:
        # Neither the home nor the model: who looks at the stream needs to know what it is, not whose.
        return f"{flag.appliance.get_type_display()} {str(flag.appliance_id)[:8]}"

    @admin.display(description=_("자세히"))
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


class NamedLines(ChangeList):
    """A page of the trail whose lines know the names in them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        _name_in(list(self.result_list))


@admin.register(AuditEntry)
class AuditEntryAdmin(Untitled, OnlyLooked):
    """The audit trail in words, with the codes and ids that it holds as small print."""

    list_display = (column("at", _("때")), "who", "did", "to_what", "came_of_it", "why")
    fields = readonly_fields = list_display  # type: ignore[assignment]
    list_display_links = ("did",)
    search_fields = ("subject", "actor")
    ordering = ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedLines

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        found: AuditEntry | None = super().get_object(request, object_id, from_field)
        if found is not None:
            _name_in([found])
        return found

    @admin.display(description=_("누가"), ordering="actor")
    def who(self, entry: AuditEntry) -> SafeString:
        return _beside(_names(entry).actor(entry.actor), entry.actor)

    @admin.display(description=_("한 일"), ordering="action")
    def did(self, entry: AuditEntry) -> SafeString:
        return _beside(action_in_words(entry.action), entry.action)

    @admin.display(description=_("무엇에"), ordering="subject")
    def to_what(self, entry: AuditEntry) -> SafeString:
        return _beside(_names(entry).subject(entry.subject), entry.subject)

    @admin.display(description=_("된 일"), ordering="outcome")
    def came_of_it(self, entry: AuditEntry) -> SafeString | str:
        said = outcome_in_words(entry.outcome)
        return said if entry.outcome == "done" else _beside(said, entry.outcome)

    @admin.display(description=_("까닭"))
    def why(self, entry: AuditEntry) -> str:
        return reason_in_words(entry) or "-"


def _name_in(entries: Sequence[AuditEntry]) -> None:
    """Let lines know the names in them, all at once."""
    names = Names(entries)
    for entry in entries:
        entry.names = names  # type: ignore[attr-defined]


def _names(entry: AuditEntry) -> Names:
    return entry.names  # type: ignore[attr-defined]


def _beside(words: str, code: str) -> SafeString:
    """Say words with the code they stand for as small print; a code without words stands alone."""
    return format_html("{}<small><code>{}</code></small>", f"{words} " if words else "", code)
