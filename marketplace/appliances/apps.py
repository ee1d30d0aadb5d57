from django.apps import AppConfig


class AppliancesConfig(AppConfig):
    name = "marketplace.appliances"
    default_auto_field = "django.db.models.BigAutoField"
