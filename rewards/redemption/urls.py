"""Addresses of this room."""

from django.urls import path

from rewards.redemption import api, views

urlpatterns = [
    path("api/v1/wallet", api.ShowWallet.as_view(), name="api_wallet"),
    path("api/v1/wallet/entries", api.ListEntries.as_view(), name="api_wallet_entries"),
    path("api/v1/wallet/proof", api.ShowWalletProof.as_view(), name="api_wallet_proof"),
    path("api/v1/rewards", api.ListRewards.as_view(), name="api_rewards"),
    path("api/v1/orders", api.Orders.as_view(), name="api_orders"),
    path("api/v1/orders/<uuid:order_id>/cancel", api.CancelOrder.as_view(), name="api_cancel_order"),
    path("api/v1/gifts", api.Gifts.as_view(), name="api_gifts"),
    path("api/v1/gifts/<uuid:gift_id>/return", api.ReturnGift.as_view(), name="api_return_gift"),
    path("provider/orders", views.list_orders, name="provider_orders"),
    path("provider/orders/<uuid:order_id>", views.show_order, name="provider_order"),
    path("provider/orders/<uuid:order_id>/accept", views.accept_order, name="provider_accept_order"),
    path("provider/orders/<uuid:order_id>/refuse", views.refuse_order, name="provider_refuse_order"),
    path("provider/orders/<uuid:order_id>/fulfil", views.fulfil_order, name="provider_fulfil_order"),
    path("provider/rewards", views.list_rewards, name="provider_rewards"),
    path("provider/rewards/<uuid:reward_id>", views.change_reward, name="provider_reward"),
]
