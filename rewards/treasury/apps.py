from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TreasuryConfig(AppConfig):
    name = "rewards.treasury"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("토큰의 시작과 끝")
