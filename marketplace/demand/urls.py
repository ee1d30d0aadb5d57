"""Addresses of this room."""

from django.urls import path

from marketplace.demand import api, views

ONE = "api/v1/data-requests/<uuid:request_id>"
PAGE = "buyer/data-requests/<uuid:request_id>"

urlpatterns = [
    path("api/v1/data-requests", api.Requests.as_view(), name="data_requests"),
    path(ONE, api.OneRequest.as_view(), name="data_request"),
    path(f"{ONE}/fund", api.FundRequest.as_view(), name="fund_data_request"),
    path(f"{ONE}/submit", api.SubmitRequest.as_view(), name="submit_data_request"),
    path(f"{ONE}/pause", api.PauseRequest.as_view(), name="pause_data_request"),
    path(f"{ONE}/resume", api.ResumeRequest.as_view(), name="resume_data_request"),
    path(f"{ONE}/close", api.CloseRequest.as_view(), name="close_data_request"),
    path(f"{ONE}/reach", api.RequestReach.as_view(), name="data_request_reach"),
    path("api/v1/budget", api.ShowBudget.as_view(), name="budget"),
    path("buyer/data-requests", views.list_requests, name="buyer_requests"),
    path("buyer/data-requests/new", views.write_request, name="buyer_write_request"),
    path("buyer/data-requests/preview", views.preview_request, name="buyer_preview_request"),
    path(f"{PAGE}/manage", views.show_request, name="buyer_request"),
    path(f"{PAGE}/edit", views.edit_request, name="buyer_edit_request"),
    path(f"{PAGE}/fund", views.fund_request, name="buyer_fund_request"),
    path(f"{PAGE}/submit", views.submit_request, name="buyer_submit_request"),
    path(f"{PAGE}/pause", views.pause_request, name="buyer_pause_request"),
    path(f"{PAGE}/resume", views.resume_request, name="buyer_resume_request"),
    path(f"{PAGE}/close", views.close_request, name="buyer_close_request"),
    path(f"{PAGE}/reach", views.estimate_reach, name="buyer_request_reach"),
    path("buyer/budget", views.show_budget, name="buyer_budget"),
    path("review", views.list_reviews, name="reviews"),
]
