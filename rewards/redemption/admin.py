"""Where an admin stops a home from giving and taking gifts, and lets it again. Numbers are shown to nobody here."""

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from consent.parties import operations as parties
from rewards.redemption.models import GiftAddress


@admin.register(GiftAddress)
class GiftAddressAdmin(admin.ModelAdmin):
    list_display = ("household", "changed_at", "stopped_at")
    list_filter = (("stopped_at", admin.EmptyFieldListFilter),)
    list_select_related = ("household",)
    fields = ("household", "stopped_at")
    readonly_fields = ("household",)
    ordering = ("household__name", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: GiftAddress, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        parties.note(
            actor=str(request.user.pk),
            action="gift.stop" if obj.stopped_at else "gift.allow",
            subject=f"household:{obj.household_id}",
            at=timezone.now(),
        )
