"""Addresses of this room."""

from django.urls import path

from marketplace.brokerage import api
from marketplace.brokerage.views import history, inbox

urlpatterns = [
    path("inbox", inbox.show_inbox, name="inbox"),
    path("inbox/<uuid:ask_id>", inbox.show_ask, name="show_ask"),
    path("inbox/<uuid:ask_id>/answer", inbox.answer_ask, name="answer_ask"),
    path("inbox/<uuid:ask_id>/wrong", inbox.call_wrong_from_page, name="call_wrong_from_page"),
    path("history", history.show_history, name="history"),
    path("history/<uuid:consent_id>", history.show_consent, name="show_consent"),
    path("history/<uuid:consent_id>/receipt", history.download_receipt, name="download_receipt"),
    path("history/<uuid:consent_id>/withdraw", history.withdraw_from_page, name="withdraw_from_page"),
    path("api/v1/asks", api.ListAsks.as_view(), name="list_asks"),
    path("api/v1/asks/<uuid:ask_id>", api.GetAsk.as_view(), name="get_ask"),
    path("api/v1/asks/<uuid:ask_id>/approve", api.ApproveAsk.as_view(), name="approve_ask"),
    path("api/v1/asks/<uuid:ask_id>/deny", api.DenyAsk.as_view(), name="deny_ask"),
    path("api/v1/asks/<uuid:ask_id>/defer", api.DeferAsk.as_view(), name="defer_ask"),
    path("api/v1/asks/<uuid:ask_id>/wrong", api.CallWrong.as_view(), name="call_wrong"),
    path("api/v1/consents", api.ListConsents.as_view(), name="list_consents"),
    path("api/v1/consents/<uuid:consent_id>/receipt", api.GetReceipt.as_view(), name="get_receipt"),
    path("api/v1/consents/<uuid:consent_id>/withdraw", api.WithdrawConsent.as_view(), name="withdraw_consent"),
    path("api/v1/receipts/verify", api.VerifyReceipt.as_view(), name="verify_receipt"),
    path(".well-known/jwks.json", api.ListSigningKeys.as_view(), name="list_signing_keys"),
]
