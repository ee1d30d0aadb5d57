"""Addresses of this room: what anybody may look up, and check, about receipts."""

from django.urls import path

from consent.records import views

urlpatterns = [
    path("receipts/verify", views.verify_receipt, name="verify_receipt_page"),
    path("receipts/verify_receipt.py", views.download_verifier, name="download_verifier"),
    path("notices/<slug:notice_version>/<slug:notice_locale>", views.show_notice, name="show_notice"),
    path("ns", views.show_vocabulary, name="vocabulary"),
    path("ns/receipt-1.jsonld", views.show_context, name="receipt_context"),
]
