from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RedemptionConfig(AppConfig):
    name = "rewards.redemption"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("가게와 선물")
