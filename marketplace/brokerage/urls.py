from django.urls import path

from marketplace.brokerage import api

urlpatterns = [
    path("api/v1/asks", api.ListAsks.as_view(), name="list_asks"),
    path("api/v1/asks/<uuid:ask_id>", api.GetAsk.as_view(), name="get_ask"),
    path("api/v1/asks/<uuid:ask_id>/approve", api.ApproveAsk.as_view(), name="approve_ask"),
    path("api/v1/asks/<uuid:ask_id>/deny", api.DenyAsk.as_view(), name="deny_ask"),
    path("api/v1/asks/<uuid:ask_id>/defer", api.DeferAsk.as_view(), name="defer_ask"),
    path("api/v1/consents", api.ListConsents.as_view(), name="list_consents"),
    path("api/v1/consents/<uuid:consent_id>/receipt", api.GetReceipt.as_view(), name="get_receipt"),
    path("api/v1/consents/<uuid:consent_id>/withdraw", api.WithdrawConsent.as_view(), name="withdraw_consent"),
    path("api/v1/receipts/verify", api.VerifyReceipt.as_view(), name="verify_receipt"),
    path(".well-known/jwks.json", api.ListSigningKeys.as_view(), name="list_signing_keys"),
]
