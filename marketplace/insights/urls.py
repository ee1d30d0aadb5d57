"""Addresses of this room."""

from django.urls import path

from marketplace.insights import api

urlpatterns = [
    path("api/v1/insights", api.PostInsights.as_view(), name="post_insights"),
    path("api/v1/ingest/<slug:dialect>", api.PostDialect.as_view(), name="post_dialect"),
    path("api/v1/dialects", api.ListDialects.as_view(), name="list_dialects"),
]
