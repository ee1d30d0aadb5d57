"""Addresses of this room."""

from django.urls import path

from consent.parties import views

urlpatterns = [
    path("buyer/keys", views.keys, name="buyer_keys"),
    path("buyer/keys/<uuid:buyer_key_id>/revoke", views.end_key, name="buyer_end_key"),
]
