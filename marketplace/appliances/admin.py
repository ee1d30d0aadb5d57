"""Where an admin sees whether the bridge to the MQTT broker is there, and what it turns away; never a value."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.parties.admin import OnlyLooked, column
from marketplace.appliances.models import BridgeBeat, TurnedAway


@admin.register(BridgeBeat)
class BridgeBeatAdmin(OnlyLooked):
    list_display = (
        column("client", _("다리 이름")), column("seen_at", _("마지막 소식")),
        column("connected_at", _("이어진 때")), column("publications", _("전한 수")),
    )  # fmt: skip
    fields = readonly_fields = list_display  # type: ignore[assignment]
    ordering = ("client",)


class CodeFilter(admin.AllValuesFieldListFilter):
    """Reasons under a heading for people."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("까닭")


@admin.register(TurnedAway)
class TurnedAwayAdmin(OnlyLooked):
    """What hubs publish in vain, the latest first: of which pairing, never of which home."""

    list_display = (
        column("last_at", _("마지막 때")), column("code", _("까닭")), column("times", _("횟수")), "thing",
    )  # fmt: skip
    list_filter = (("code", CodeFilter),)
    ordering = ("-last_at", "pk")
    fields = readonly_fields = list_display  # type: ignore[assignment]

    @admin.display(description=_("들인 것"))
    def thing(self, row: TurnedAway) -> str:
        return str(row.pairing_id)[:8] if row.pairing_id else "-"
