from django.urls import path

from rewards.ledger import api

urlpatterns = [
    path("api/v1/ledger/trial-balance", api.ShowTrialBalance.as_view(), name="ledger-trial-balance"),
    path("api/v1/ledger/accounts", api.ListAccounts.as_view(), name="ledger-accounts"),
    path("api/v1/ledger/accounts/<str:address>", api.ShowAccount.as_view(), name="ledger-account"),
    path("api/v1/ledger/accounts/<str:address>/statement", api.ShowStatement.as_view(), name="ledger-statement"),
    path("api/v1/ledger/transfers", api.ListTransfers.as_view(), name="ledger-transfers"),
    path("api/v1/ledger/transfers/<uuid:op_id>", api.ShowOperation.as_view(), name="ledger-operation"),
    path("api/v1/ledger/transfers/<uuid:op_id>/proof", api.ShowProof.as_view(), name="ledger-proof"),
    path("api/v1/ledger/refusals", api.ListRefusals.as_view(), name="ledger-refusals"),
    path("api/v1/ledger/checkpoints", api.ListCheckpoints.as_view(), name="ledger-checkpoints"),
    path("api/v1/ledger/checkpoints/consistency", api.ShowConsistency.as_view(), name="ledger-consistency"),
    path("api/v1/ledger/bundle", api.DownloadBundle.as_view(), name="ledger-bundle"),
    path("ledger/checkpoint", api.show_checkpoint, name="ledger-checkpoint"),
    path("ledger/key", api.show_key, name="ledger-key"),
]
