"""Addresses of this room."""

from django.urls import path

from marketplace.care.views import audit, shop, status, wallet

urlpatterns = [
    path("status", status.show_status, name="status"),
    path("audit", audit.show_books, name="audit"),
    path("audit/transfers", audit.list_transfers, name="audit_transfers"),
    path("audit/transfers/<uuid:op_id>", audit.show_transfer, name="audit_transfer"),
    path("audit/accounts/<str:address>", audit.show_account, name="audit_account"),
    path("wallet", wallet.show_wallet, name="wallet"),
    path("shop", shop.show_shop, name="shop"),
    path("shop/<uuid:reward_id>/reserve", shop.reserve, name="shop_reserve"),
    path("shop/orders", shop.list_orders, name="shop_orders"),
    path("shop/orders/<uuid:order_id>", shop.show_order, name="shop_order"),
    path("shop/orders/<uuid:order_id>/cancel", shop.cancel_order, name="shop_cancel_order"),
]
