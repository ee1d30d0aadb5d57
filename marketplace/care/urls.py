"""Addresses of this room."""

from django.urls import path

from marketplace.care.views import appliances, audit, privacy, shop, status, wallet, welcome

urlpatterns = [
    path("status", status.show_status, name="status"),
    path("audit", audit.show_books, name="audit"),
    path("audit/transfers", audit.list_transfers, name="audit_transfers"),
    path("audit/transfers/<uuid:op_id>", audit.show_transfer, name="audit_transfer"),
    path("audit/accounts/<str:address>", audit.show_account, name="audit_account"),
    path("welcome", welcome.welcome, name="welcome"),
    path("wallet", wallet.show_wallet, name="wallet"),
    path("shop", shop.show_shop, name="shop"),
    path("shop/<uuid:reward_id>/reserve", shop.reserve, name="shop_reserve"),
    path("shop/orders", shop.list_orders, name="shop_orders"),
    path("shop/orders/<uuid:order_id>", shop.show_order, name="shop_order"),
    path("shop/orders/<uuid:order_id>/cancel", shop.cancel_order, name="shop_cancel_order"),
    path("appliances", appliances.show_appliances, name="appliances"),
    path("appliances/<uuid:appliance_id>", appliances.describe_appliance, name="describe_appliance"),
    path("appliances/<uuid:appliance_id>/sharing", appliances.change_sharing, name="change_sharing"),
    path("appliances/keys", appliances.make_key, name="make_key"),
    path("appliances/keys/<uuid:key_id>/revoke", appliances.end_key, name="end_key"),
    path("privacy", privacy.privacy, name="privacy"),
    path("privacy/organisations", privacy.change_organisation, name="change_organisation"),
    path("privacy/export", privacy.take_everything, name="take_everything"),
]
