from django.apps import AppConfig


class DemandConfig(AppConfig):
    name = "marketplace.demand"
    default_auto_field = "django.db.models.BigAutoField"
