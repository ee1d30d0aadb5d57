"""Every address of Maru. Rooms bring their own; the roof only says where they hang."""

from django.contrib import admin
from django.urls import include, path

from config import api_docs, health, problem_pages, views

handler400 = "config.api_errors.bad_request"
handler403 = "config.api_errors.permission_denied"
handler404 = "config.api_errors.page_not_found"
handler500 = "config.api_errors.server_error"

urlpatterns = [
    # Asked most, and so looked at first.
    path("", include("marketplace.insights.urls")),
    path("accounts/", include("allauth.urls")),
    path("", views.landing, name="landing"),
    path("home", views.home, name="home"),
    path("privacy-notice", views.privacy_notice, name="privacy_notice"),
    path("i18n/setlang/", views.set_language, name="set_language"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/schema", api_docs.Schema.as_view(), name="schema"),
    path("problems/<slug:code>", problem_pages.show_problem, name="problem"),
    path("api/docs", api_docs.Docs.as_view(), name="docs"),
    path("", include("marketplace.care.urls")),
    path("", include("marketplace.brokerage.urls")),
    path("", include("marketplace.delivery.urls")),
    path("", include("marketplace.demand.urls")),
    path("", include("marketplace.appliances.urls")),
    path("", include("rewards.ledger.urls")),
    path("", include("rewards.redemption.urls")),
    path("", include("consent.records.urls")),
    path("", include("consent.parties.urls")),
]
