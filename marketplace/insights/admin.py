"""Where an admin sees how sure it is who says what: kinds and days, never a value and never a home."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent.parties.admin import OnlyLooked
from marketplace.insights.models import Insight, WrongWord
from marketplace.insights.queries import rule_counts

#: A day is enough to see shares by, and bounds what there is to count.
SHOWN = timedelta(days=1)


@admin.register(Insight)
class InsightAdmin(OnlyLooked):
    """The insights of one day, counted by how they were told; the filter's counts are the shares."""

    list_display = ("received_at", "kind", "assurance")
    list_display_links = None
    list_filter = ("assurance", "kind")
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
class WrongWordAdmin(OnlyLooked):
    """The words that something is wrong, counted by rule. Nobody is named: they are about rules, not about homes."""

    list_display = ("at", "kind", "rule", "version")
    list_display_links = None
    list_filter = ("rule", "kind")
    ordering = ("-at",)
    change_list_template = "insights/admin_wrong_words.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WrongWord]:
        return super().get_queryset(request).only("at", "kind", "rule", "version")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counted = {"counts": rule_counts(at=timezone.now()), **(extra_context or {})}
        return super().changelist_view(request, extra_context=counted)

    def has_view_permission(self, request: HttpRequest, obj: WrongWord | None = None) -> bool:
        return obj is None and super().has_view_permission(request)
