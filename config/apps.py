from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The roof: site chrome, and the wiring that no room may know."""

    name = "config"
    label = "site"
