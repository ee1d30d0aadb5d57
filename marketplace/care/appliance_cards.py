"""The appliances of a home as its page shows them: one card for each thing, however many names its hub has for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext, ngettext

from consent.parties.languages import language
from consent.parties.models import User
from consent.records.queries import WEEK
from marketplace.appliances import policies
from marketplace.appliances.models import Appliance
from marketplace.appliances.queries import kinds_of
from marketplace.care.forms import ApplianceForm
from marketplace.insights.kinds import KINDS

#: After this long without a word, the card says since when.
SILENCE = timedelta(days=2)
ICONS = {
    Appliance.Type.AIR_PURIFIER: "purifier",
    Appliance.Type.AIR_SENSOR: "sensor",
    Appliance.Type.ROBOT_VACUUM: "vacuum",
    Appliance.Type.REFRIGERATOR: "fridge",
    Appliance.Type.MICROWAVE: "microwave",
    Appliance.Type.AIR_CONDITIONER: "cooler",
    Appliance.Type.OTHER: "appliance",
}


@dataclass(frozen=True)
class KindSwitch:
    """One kind of thing an appliance notices, and whether anybody may ask about it."""

    code: str
    label: str
    is_never: bool


@dataclass(frozen=True)
class ApplianceCard:
    """One appliance as its home sees it. Values stay out of it: they come with the twin.

    Attributes:
        parts: other names of the hub's that speak for the same thing.
        others: what it may turn out to be one with.
    """

    appliance: Appliance
    icon: str
    noticed: str
    is_silent: bool
    can_change: bool
    form: ApplianceForm | None
    kinds: list[KindSwitch]
    parts: list[Appliance]
    others: list[Appliance]

    @property
    def nevers(self) -> int:
        return sum(kind.is_never for kind in self.kinds)


def cards_of(user: User, *, at: datetime, failed: tuple[UUID, ApplianceForm] | None = None) -> list[ApplianceCard]:
    """Return the cards of what this member sees, in two statements.

    Args:
        failed: the description somebody has just posted that needs another word, by its appliance.
    """
    week = Count("insights", filter=Q(insights__received_at__gt=at - WEEK))
    rows = Appliance.objects.visible_to(user).annotate(noticed=week).select_related("private_to__user")
    found = list(rows.order_by("joined_at", "pk"))
    kinds, failing = kinds_of(row.pk for row in found), dict([failed]) if failed else {}
    wholes = [row for row in found if row.part_of_id is None]
    return [
        _card(row, [part for part in found if part.part_of_id == row.pk], wholes, user, at, kinds, failing.get(row.pk))
        for row in wholes
    ]


def _card(
    appliance: Any,
    parts: list[Any],
    wholes: list[Any],
    user: User,
    at: datetime,
    kinds: dict[UUID, list[str]],
    failing: ApplianceForm | None,
) -> ApplianceCard:
    initial = {"type": appliance.type, "model": appliance.model}
    can_change = policies.is_changeable(appliance, by=user.membership)
    form = failing or ApplianceForm(initial=initial, prefix=str(appliance.pk))
    seen = {kind for row in (appliance, *parts) for kind in kinds.get(row.pk, ())}
    return ApplianceCard(
        appliance=appliance,
        icon=ICONS[Appliance.Type(appliance.type)],
        noticed=_noticed(sum(row.noticed for row in (appliance, *parts))),
        is_silent=appliance.last_seen_at is None or appliance.last_seen_at < at - SILENCE,
        can_change=can_change,
        form=form if can_change else None,
        kinds=_switches(appliance, seen),
        parts=parts,
        others=[row for row in wholes if row.pk != appliance.pk and row.private_to_id == appliance.private_to_id],
    )


def _switches(appliance: Appliance, seen: set[str]) -> list[KindSwitch]:
    return [
        KindSwitch(code, KINDS[code].label.say(language()), code in appliance.never_kinds)
        for code in sorted({*seen, *appliance.never_kinds})
        if code in KINDS
    ]


def _noticed(count: int) -> str:
    if not count:
        return gettext("이레 동안 알아챈 것이 없어요.")
    words = ngettext("이레 동안 한 가지를 알아챘어요.", "이레 동안 %(count)s가지를 알아챘어요.", count)
    return words % {"count": count}
