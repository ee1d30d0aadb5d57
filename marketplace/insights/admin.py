"""Where an admin sees how sure it is who says what: kinds and days, never a value and never a home."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.parties.admin import OnlyLooked, column
from consent.parties.languages import language
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Insight, WrongWord
from marketplace.insights.queries import rule_counts

#: A day is enough to see shares by, and bounds what there is to count.
SHOWN = timedelta(days=1)


def kind_in_words(code: str) -> SafeString:
    """Say a kind as people call it, its code beside it as small print."""
    if code not in KINDS:
        return format_html("<code>{}</code>", code)
    return format_html("{} <small><code>{}</code></small>", KINDS[code].label.say(language()), code)


class KindFilter(admin.AllValuesFieldListFilter):
    """Kinds by the names that people call them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("알아챈 일")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            code, space, count = str(choice["display"]).partition(" ")
            said = KINDS[code].label.say(language()) if code in KINDS else code
            yield {**choice, "display": f"{said}{space}{count}"}


class OfKinds(OnlyLooked):
    """Rows that say of which kind they are."""

    @admin.display(description=_("알아챈 일"), ordering="kind")
    def what(self, row: Insight | WrongWord) -> SafeString:
        return kind_in_words(row.kind)


@admin.register(Insight)
class InsightAdmin(OfKinds):
    """The insights of one day, counted by how they were told; the filter's counts are the shares."""

    list_display = (column("received_at", _("받은 때")), "what", column("assurance", _("알려 온 길")))
    list_display_links = None
    list_filter = ("assurance", ("kind", KindFilter))
    show_facets = admin.ShowFacets.ALWAYS
    show_full_result_count = False
    ordering = ("-received_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Insight]:
        # Those that are sealed still: the only ones whose time is indexed, and of one day that is all of them.
        day = super().get_queryset(request).filter(sealed__isnull=False, received_at__gt=timezone.now() - SHOWN)
        return day.only("received_at", "kind", "assurance")

    def has_view_permission(self, request: HttpRequest, obj: Insight | None = None) -> bool:
        # The list, and no page of one insight: that would name the appliance and the home.
        return obj is None and super().has_view_permission(request)


@admin.register(WrongWord)
class WrongWordAdmin(OfKinds):
    """The words that something is wrong, counted by rule. Nobody is named: they are about rules, not about homes."""

    list_display = (column("at", _("때")), "what", column("rule", _("규칙")), column("version", _("판")))
    list_display_links = None
    list_filter = ("rule", ("kind", KindFilter))
    ordering = ("-at",)
    change_list_template = "insights/admin_wrong_words.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WrongWord]:
        return super().get_queryset(request).only("at", "kind", "rule", "version")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counted = {"counts": rule_counts(at=timezone.now()), **(extra_context or {})}
        return super().changelist_view(request, extra_context=counted)

    def has_view_permission(self, request: HttpRequest, obj: WrongWord | None = None) -> bool:
        return obj is None and super().has_view_permission(request)
