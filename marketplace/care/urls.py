"""Addresses of this room."""

from django.urls import path

from marketplace.care import api
from marketplace.care.views import (
    accounts,
    appliances,
    audit,
    findings,
    gifts,
    journal,
    privacy,
    shop,
    status,
    wallet,
    welcome,
)

urlpatterns = [
    path("status", status.show_status, name="status"),
    path("audit", audit.show_books, name="audit"),
    path("audit/trial-balance", audit.show_trial_balance, name="audit_trial_balance"),
    path("audit/transfers", journal.list_transfers, name="audit_transfers"),
    path("audit/transfers/<uuid:op_id>", journal.show_transfer, name="audit_transfer"),
    path("audit/accounts", accounts.list_accounts, name="audit_accounts"),
    path("audit/accounts/<str:address>", accounts.show_account, name="audit_account"),
    path("audit/exceptions", findings.list_exceptions, name="audit_exceptions"),
    path("audit/matches", findings.list_matches, name="audit_matches"),
    path("api/v1/audit/matches", api.ListMatches.as_view(), name="api_audit_matches"),
    path("api/v1/audit/trails/<uuid:op_id>", api.ShowTrail.as_view(), name="api_audit_trail"),
    path("welcome", welcome.welcome, name="welcome"),
    path("wallet", wallet.show_wallet, name="wallet"),
    path("wallet/gifts", gifts.show_gifts, name="gifts"),
    path("wallet/gifts/confirm", gifts.confirm_gift, name="confirm_gift"),
    path("wallet/gifts/give", gifts.give, name="give"),
    path("wallet/gifts/number", gifts.change_number, name="change_gift_number"),
    path("wallet/gifts/<uuid:gift_id>/return", gifts.return_gift, name="return_gift"),
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
