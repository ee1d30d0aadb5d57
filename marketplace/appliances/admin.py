"""Where an admin sees whether the bridge to the MQTT broker is there, and what it turns away; never a value."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from consent.parties.admin import OnlyLooked
from marketplace.appliances.models import BridgeBeat, TurnedAway


@admin.register(BridgeBeat)
class BridgeBeatAdmin(OnlyLooked):
    list_display = ("client", "seen_at", "connected_at", "publications")
    ordering = ("client",)


@admin.register(TurnedAway)
class TurnedAwayAdmin(OnlyLooked):
    """What hubs publish in vain, the latest first: of which pairing, never of which home."""

    list_display = ("last_at", "code", "times", "thing")
    list_filter = ("code",)
    ordering = ("-last_at", "pk")
    fields = ("thing", "code", "times", "last_at")
    readonly_fields = fields

    @admin.display(description=_("들인 것"))
    def thing(self, row: TurnedAway) -> str:
        return str(row.pairing_id)[:8] if row.pairing_id else "-"
