from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppliancesConfig(AppConfig):
    name = "marketplace.appliances"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("가전과 허브")
