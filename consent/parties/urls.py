"""Addresses of this room."""

from django.urls import path

from consent.parties.views import keys, members

urlpatterns = [
    path("privacy/members", members.members, name="members"),
    path(
        "privacy/members/invitations/<uuid:invitation_id>/withdraw",
        members.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("join/<str:invitation_code>", members.join, name="join"),
    path("buyer/keys", keys.keys, name="buyer_keys"),
    path("buyer/keys/<uuid:buyer_key_id>/revoke", keys.end_key, name="buyer_end_key"),
]
