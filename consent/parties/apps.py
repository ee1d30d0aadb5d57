from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "consent.parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent.parties import roles

        roles.connect()
