from django.apps import AppConfig


class BrokerageConfig(AppConfig):
    name = "marketplace.brokerage"
    default_auto_field = "django.db.models.BigAutoField"
