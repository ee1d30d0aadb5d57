"""Addresses of this room."""

from django.urls import path

from rewards.ledger import api, audit_api, proof_api

urlpatterns = [
    path("api/v1/ledger/trial-balance", api.ShowTrialBalance.as_view(), name="ledger_trial_balance"),
    path("api/v1/ledger/accounts", api.ListAccounts.as_view(), name="ledger_accounts"),
    path("api/v1/ledger/accounts/<str:address>", api.ShowAccount.as_view(), name="ledger_account"),
    path("api/v1/ledger/accounts/<str:address>/statement", api.ShowStatement.as_view(), name="ledger_statement"),
    path(
        "api/v1/ledger/accounts/<str:address>/proof", proof_api.ShowAccountProof.as_view(), name="ledger_account_proof"
    ),
    path("api/v1/ledger/transfers", audit_api.ListTransfers.as_view(), name="ledger_transfers"),
    path("api/v1/ledger/transfers/<uuid:op_id>", audit_api.ShowOperation.as_view(), name="ledger_operation"),
    path("api/v1/ledger/transfers/<uuid:op_id>/proof", api.ShowProof.as_view(), name="ledger_proof"),
    path("api/v1/ledger/attempts", audit_api.ShowAttempt.as_view(), name="ledger_attempt"),
    path("api/v1/ledger/exceptions", audit_api.CountExceptions.as_view(), name="ledger_exception_counts"),
    path("api/v1/ledger/exceptions/<slug:list_name>", audit_api.ListExceptions.as_view(), name="ledger_exceptions"),
    path("api/v1/ledger/export/transfers", audit_api.ExportTransfers.as_view(), name="ledger_export_transfers"),
    path("api/v1/ledger/export/accounts", audit_api.ExportAccounts.as_view(), name="ledger_export_accounts"),
    path(
        "api/v1/ledger/export/accounts/<str:address>/statement",
        audit_api.ExportStatement.as_view(),
        name="ledger_export_statement",
    ),
    path(
        "api/v1/ledger/export/exceptions/<slug:list_name>",
        audit_api.ExportExceptions.as_view(),
        name="ledger_export_exceptions",
    ),
    path("api/v1/ledger/refusals", api.ListRefusals.as_view(), name="ledger_refusals"),
    path("api/v1/ledger/checkpoints", api.ListCheckpoints.as_view(), name="ledger_checkpoints"),
    path("api/v1/ledger/checkpoints/latest", proof_api.ShowLatestCheckpoint.as_view(), name="ledger_latest_checkpoint"),
    path("api/v1/ledger/checkpoints/cosignatures", proof_api.Cosign.as_view(), name="ledger_cosign"),
    path("api/v1/ledger/liabilities", proof_api.ShowLiabilities.as_view(), name="ledger_liabilities"),
    path("api/v1/ledger/checkpoints/consistency", api.ShowConsistency.as_view(), name="ledger_consistency"),
    path("api/v1/ledger/bundle", api.DownloadBundle.as_view(), name="ledger_bundle"),
    path("ledger/checkpoint", api.show_checkpoint, name="ledger_checkpoint"),
    path("ledger/key", api.show_key, name="ledger_key"),
]
