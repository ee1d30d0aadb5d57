"""Addresses of this room."""

from django.urls import path

from marketplace.demand import api

ONE = "api/v1/data-requests/<uuid:request_id>"

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
]
