"""Addresses of this room."""

from django.urls import path

from marketplace.delivery import views
from marketplace.delivery.api import accesses, endpoints, records, withdrawals

RECORDS = "api/v1/data-requests/<uuid:request_id>/records"

urlpatterns = [
    path(RECORDS, records.ListRecords.as_view(), name="list_records"),
    path(f"{RECORDS}/<uuid:release_id>", records.GetRecord.as_view(), name="get_record"),
    path("api/v1/withdrawals", withdrawals.ListWithdrawals.as_view(), name="list_withdrawals"),
    path("api/v1/withdrawals/<uuid:withdrawal_id>/ack", withdrawals.AckWithdrawal.as_view(), name="ack_withdrawal"),
    path("api/v1/webhook-endpoints", endpoints.Endpoints.as_view(), name="webhook_endpoints"),
    path("api/v1/webhook-endpoints/<uuid:endpoint_id>", endpoints.Endpoint.as_view(), name="webhook_endpoint"),
    path("api/v1/accesses", accesses.ListAccesses.as_view(), name="list_accesses"),
    path("buyer/records", views.record_requests, name="buyer_record_requests"),
    path("buyer/data-requests/<uuid:request_id>", views.records, name="buyer_records"),
    path("buyer/withdrawals/<uuid:erasure_id>/attest", views.attest, name="buyer_attest"),
]
