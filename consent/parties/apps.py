from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartiesConfig(AppConfig):
    name = "consent.parties"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("사람과 기관")

    def ready(self) -> None:
        from consent.parties import roles

        roles.connect()
