from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightsConfig(AppConfig):
    name = "marketplace.insights"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("알아챈 것")
