from django.apps import AppConfig


class RedemptionConfig(AppConfig):
    name = "rewards.redemption"
    default_auto_field = "django.db.models.BigAutoField"
