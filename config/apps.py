from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    """The roof: site chrome, and the wiring that no room may know."""

    name = "config"
    label = "site"


class DeskConfig(AdminConfig):
    """Django's admin, at which a password alone does not seat anybody."""

    default_site = "config.admin_site.Desk"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from allauth.usersessions.models import UserSession
        from django.contrib import admin
        from django.contrib.auth.models import Group

        # Whoever may add an address to somebody, or take their second factor, can say yes in their name.
        admin.site.unregister([EmailAddress, Authenticator, UserSession, Group])
