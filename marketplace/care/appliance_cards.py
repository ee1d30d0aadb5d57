"""The appliances of a home as its page shows them: one card for each thing, however many names its hub has for it."""

from collections.abc import Mapping
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
from marketplace.care.twin import charts, names, sayings
from marketplace.care.twin.page import cheapest_for, kinds_of_wholes, seen_by
from marketplace.insights import twin
from marketplace.insights.kinds import KINDS
from rewards.redemption.models import Reward

#: After this long without a word, the card says since when.
SILENCE = timedelta(days=2)
DAY = timedelta(days=1)
#: So many further words stand on a card beside the first; all of them are on the appliance's own page.
MORE_WORDS = 3


@dataclass(frozen=True)
class KindSwitch:
    """One kind of thing an appliance notices, and whether anybody may ask about it."""

    code: str
    label: str
    is_never: bool


@dataclass(frozen=True)
class ApplianceCard:
    """One appliance as its home sees it: what it is, what it said last, what nobody may ask about.

    Attributes:
        name: tells it from every other one of the home.
        about: what it is beside its name.
        said: its last words, what people look for first before the others.
        spark: a day of the first of them as a small line; empty where that is no measure.
        refill: a filter of the shop that fits, while its own is low.
        repair: something of the shop that looks after such a thing, while it complains.
        parts: other names of the hub's that speak for the same thing.
        others: what it may turn out to be one with.
    """

    appliance: Appliance
    name: str
    about: str
    icon: str
    said: list[sayings.Said]
    spark: list[str]
    health: sayings.Health
    refill: Reward | None
    repair: Reward | None
    noticed: str
    is_silent: bool
    can_change: bool
    kinds: list[KindSwitch]
    parts: list[Appliance]
    others: list["Other"]

    @property
    def main(self) -> sayings.Said | None:
        return next(iter(self._values), None)

    @property
    def more(self) -> list[sayings.Said]:
        return self._values[1 : 1 + MORE_WORDS]

    @property
    def _values(self) -> list[sayings.Said]:
        """How long the filter lasts and what is broken stand on the card in words of their own."""
        return [one for one in self.said if one.kind not in (sayings.FILTER, sayings.FAULT)]

    @property
    def nevers(self) -> int:
        return sum(kind.is_never for kind in self.kinds)


@dataclass(frozen=True)
class Other:
    """Another appliance of the home, under the name by which its page calls it."""

    pk: UUID
    name: str
    last_seen_at: datetime | None


@dataclass(frozen=True)
class _Home:
    """What is known of all appliances that one member sees, each thing's together."""

    user: User
    at: datetime
    names: dict[UUID, str]
    heard_of: dict[UUID, set[str]]
    counted: dict[UUID, list[str]]
    states: dict[UUID, list[twin.State]]
    hours: dict[UUID, dict[twin.Stream, list[twin.Summary]]]
    health: dict[UUID, sayings.Health]
    refills: Mapping[str, Reward]
    repairs: Mapping[str, Reward]


def cards_of(user: User, *, at: datetime) -> list[ApplianceCard]:
    """Return the cards of what this member sees, in a number of statements that does not grow with the home."""
    week = Count("insights", filter=Q(insights__received_at__gt=at - WEEK))
    rows = seen_by(user).annotate(noticed=week).select_related("private_to__user")
    found = list(rows.order_by("joined_at", "pk"))
    wholes = [row for row in found if row.part_of_id is None]
    home = _home(user, found, wholes, at)
    return [_card(row, [part for part in found if part.part_of_id == row.pk], wholes, home) for row in wholes]


def _home(user: User, rows: list[Any], wholes: list[Any], at: datetime) -> _Home:
    ids = [row.pk for row in rows]
    whole_of = {row.pk: row.part_of_id or row.pk for row in rows}
    all_states = twin.latest(appliance_ids=ids)
    heard_of = kinds_of_wholes(rows, all_states)
    states: dict[UUID, list[twin.State]] = {}
    for state in all_states:
        states.setdefault(whole_of[state.appliance_id], []).append(state)
    signing = {row.pk for row in rows if row.signs}
    hours: dict[UUID, dict[twin.Stream, list[twin.Summary]]] = {}
    for pk, streams in twin.summaries_of_each(appliance_ids=ids, since=at - DAY, until=at).items():
        hours.setdefault(whole_of[pk], {}).update(streams)
    health = {row.pk: sayings.health_of(states.get(row.pk, []), signing=signing, at=at) for row in wholes}
    types = {row.pk: names.type_of(row, heard_of.get(row.pk, ())) for row in wholes}
    low = {types[row.pk] for row in wholes if health[row.pk].filter_is_low}
    broken = {types[row.pk] for row in wholes if health[row.pk].fault}
    return _Home(
        user=user,
        at=at,
        names=names.names_of(wholes, heard_of),
        heard_of=heard_of,
        counted=kinds_of(ids),
        states=states,
        hours=hours,
        health=health,
        refills=cheapest_for(low, kind=Reward.Kind.FILTER, at=at),
        repairs=cheapest_for(broken, kind=Reward.Kind.SERVICE, at=at),
    )


def _card(appliance: Any, parts: list[Any], wholes: list[Any], home: _Home) -> ApplianceCard:
    name, heard_of = home.names[appliance.pk], home.heard_of.get(appliance.pk, ())
    counted = {kind for row in (appliance, *parts) for kind in home.counted.get(row.pk, ())}
    states = home.states.get(appliance.pk, [])
    said, health = sayings.said_by(states), home.health[appliance.pk]
    helped = names.type_of(appliance, heard_of)
    return ApplianceCard(
        appliance=appliance,
        name=name,
        about=names.about(appliance, heard_of, name=name),
        icon=names.icon_of(appliance, heard_of),
        said=said,
        spark=_spark(said, home.hours.get(appliance.pk, {}), home.at),
        health=health,
        refill=home.refills.get(helped) if health.filter_is_low else None,
        repair=home.repairs.get(helped) if health.fault else None,
        noticed=_noticed(sum(row.noticed for row in (appliance, *parts))),
        is_silent=appliance.last_seen_at is None or appliance.last_seen_at < home.at - SILENCE,
        can_change=policies.is_changeable(appliance, by=home.user.membership),
        kinds=_switches(appliance, counted),
        parts=parts,
        others=[
            Other(row.pk, home.names[row.pk], row.last_seen_at)
            for row in wholes
            if row.pk != appliance.pk and row.private_to_id == appliance.private_to_id
        ],
    )


def _spark(said: list[sayings.Said], hours: dict[twin.Stream, list[twin.Summary]], at: datetime) -> list[str]:
    if not said or said[0].kind in charts.AMOUNTS:
        return []
    stream = next((one for one in sorted(hours) if one[0] == said[0].kind), None)
    found = hours[stream] if stream else []
    return charts.spark_of(found, since=at - DAY, until=at) if len(found) > 1 else []


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
    return words % {"count": f"{count:,}"}
