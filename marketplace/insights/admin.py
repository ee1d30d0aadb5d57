"""Where an admin sees how sure it is who says what: kinds and days, never a value and never a home."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from consent.parties.admin import OnlyLooked
from marketplace.insights.models import Insight

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
