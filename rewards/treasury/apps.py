from django.apps import AppConfig


class TreasuryConfig(AppConfig):
    name = "rewards.treasury"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "토큰의 시작과 끝"
