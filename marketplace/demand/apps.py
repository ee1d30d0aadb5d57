from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemandConfig(AppConfig):
    name = "marketplace.demand"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("데이터 요청")
