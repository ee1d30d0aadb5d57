from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    """The roof: site chrome, and the wiring that no room may know."""

    name = "config"
    label = "site"


class DeskConfig(AdminConfig):
    """Django's admin, at which a password alone does not seat anybody."""

    default_site = "config.admin_site.Desk"
