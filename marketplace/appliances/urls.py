"""Addresses of this room."""

from django.urls import path

from marketplace.appliances import api

urlpatterns = [
    path("api/v1/pairings", api.Pair.as_view(), name="pair"),
    path("api/v1/pairings/keys", api.ChangeKey.as_view(), name="change_key"),
    path("api/v1/pairings/broker", api.MakeBrokerLogin.as_view(), name="make_broker_login"),
]
