from django.urls import path

from rewards.ledger import api

urlpatterns = [
    path("api/v1/ledger/trial-balance", api.ShowTrialBalance.as_view(), name="ledger-trial-balance"),
    path("api/v1/ledger/accounts", api.ListAccounts.as_view(), name="ledger-accounts"),
    path("api/v1/ledger/accounts/<str:address>", api.ShowAccount.as_view(), name="ledger-account"),
    path("api/v1/ledger/accounts/<str:address>/statement", api.ShowStatement.as_view(), name="ledger-statement"),
    path("api/v1/ledger/transfers", api.ListTransfers.as_view(), name="ledger-transfers"),
    path("api/v1/ledger/transfers/<uuid:op_id>", api.ShowOperation.as_view(), name="ledger-operation"),
]
