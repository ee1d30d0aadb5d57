"""One appliance as its own page shows it, read in a number of statements that does not grow with its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from consent.parties.models import Membership, User
from marketplace.appliances import policies
from marketplace.appliances.models import Appliance, PairedKey
from marketplace.care.twin import charts, names, sayings
from marketplace.insights import twin
from marketplace.insights.kinds import KINDS
from rewards.redemption.models import Reward

#: So many words of one kind are listed; the others are counted.
MOST_LINES = 20
_WORDS = [code for code, kind in KINDS.items() if kind.value_type != "number"]
_LEVELS = [code for code, kind in KINDS.items() if kind.value_type == "number" and code not in charts.AMOUNTS]
_AMOUNTS = sorted(charts.AMOUNTS)


@dataclass(frozen=True)
class WordLine:
    """One word an appliance said, and when."""

    at: datetime
    words: str
    covers: str


@dataclass(frozen=True)
class WordList:
    """What an appliance said of one kind in words, the latest first; `count` is all of it."""

    key: str
    label: str
    lines: list[WordLine]
    count: int


@dataclass(frozen=True)
class Heir:
    """Somebody whose own it may become."""

    membership: Membership
    is_you: bool


@dataclass(frozen=True)
class Elsewhere:
    """A time with news beside one without: when, and how many ranges back that is shown."""

    at: datetime
    back: int


def page_of(user: User, appliance: Appliance, *, range_name: str, back: int | None, at: datetime) -> dict[str, Any]:
    """Return what `care/appliance.html` needs.

    Args:
        appliance: a whole one that this member sees.
        range_name: a key of `charts.RANGES`.
        back: so many ranges before the last one; None for the latest in which there was news.
    """
    rows = list(seen_by(user).order_by("joined_at", "pk"))
    family = [row.pk for row in rows if appliance.pk in (row.pk, row.part_of_id)]
    states = twin.latest(appliance_ids=[row.pk for row in rows])
    own = [state for state in states if state.appliance_id in family]
    if back is None:
        back = charts.back_to(max((state.observed_at for state in own), default=at), range_name, at=at)
    window = charts.window_of(range_name, back=back, at=at)
    health = sayings.health_of(own, signing={row.pk for row in rows if row.signs}, at=at)
    kinds = kinds_of_wholes(rows, states)
    found = _charts(family, window)
    words = _word_lists(twin.recent(appliance_ids=family, kinds=_WORDS, since=window.since, until=window.until))
    name = names.names_of([row for row in rows if row.part_of_id is None], kinds)[appliance.pk]
    heard_of = kinds.get(appliance.pk, ())
    helped = names.type_of(appliance, heard_of)
    return {
        "appliance": appliance,
        "name": name,
        "about": names.about(appliance, heard_of, name=name),
        "icon": names.icon_of(appliance, heard_of),
        "said": sayings.said_by(own),
        "health": health,
        "refill": cheapest_for({helped} if health.filter_is_low else (), kind=Reward.Kind.FILTER, at=at).get(helped),
        "repair": cheapest_for({helped} if health.fault else (), kind=Reward.Kind.SERVICE, at=at).get(helped),
        "window": window,
        "back": back,
        "has_earlier": window.since > at - timedelta(days=settings.TWIN_KEEP_DAYS),
        "charts": found,
        "word_lists": words,
        "is_quiet": not found and not words,
        "elsewhere": [] if found or words else _elsewhere(family, window, at=at),
        "keep_days": settings.TWIN_KEEP_DAYS,
        "can_change": policies.is_changeable(appliance, by=user.membership),
        "is_own": appliance.private_to_id == user.membership.pk,
        "heirs": _heirs(user, appliance),
    }


def seen_by(user: User) -> QuerySet[Any]:
    """Return the appliances that this member sees, and of each whether it signs by itself what it sends (`signs`)."""
    signing = PairedKey.objects.filter(pairing__appliance=OuterRef("pk"), machine_key=None, revoked_at=None)
    return Appliance.objects.visible_to(user).annotate(signs=Exists(signing))


def _elsewhere(family: Sequence[UUID], window: charts.Window, *, at: datetime) -> list[Elsewhere]:
    """Return the nearest times with news before and after one without."""
    found = twin.nearest(appliance_ids=family, since=window.since, until=window.until)
    return [Elsewhere(one, charts.back_to(one, window.range.name, at=at)) for one in found if one is not None]


def kinds_of_wholes(rows: Iterable[Appliance], states: Iterable[twin.State]) -> dict[UUID, set[str]]:
    """Return what each thing has told of, whichever of its names said it."""
    wholes = {row.pk: row.part_of_id or row.pk for row in rows}
    found: dict[UUID, set[str]] = {}
    for state in states:
        found.setdefault(wholes[state.appliance_id], set()).add(state.kind)
    return found


def cheapest_for(types: Iterable[str], *, kind: str, at: datetime) -> Mapping[str, Reward]:
    """Return the cheapest of one kind in the shop for each of some types of appliance, in one statement or none."""
    wanted = sorted(set(types))
    found: dict[str, Reward] = {}
    if not wanted:
        return found
    for reward in Reward.objects.on_offer(at).filter(kind=kind).fitting(wanted).order_by("tokens", "pk"):
        for fitted in reward.fits:
            found.setdefault(fitted, reward)
    return found


def _charts(family: Sequence[UUID], window: charts.Window) -> list[charts.Chart]:
    when: dict[str, Any] = {"appliance_ids": family, "since": window.since, "until": window.until}
    if window.range.width < charts.HOUR:
        said = twin.fine_summaries(**when, kinds=_LEVELS, width=window.range.width)
        said |= twin.summaries(**when, kinds=_AMOUNTS)
    else:
        said = twin.summaries(**when, kinds=[*_LEVELS, *_AMOUNTS])
    places = {kind: place for place, kind in enumerate(names.in_order(kind for kind, _ in said))}
    streams = sorted((stream for stream in said if stream[0] in places), key=lambda one: (places[one[0]], one[1]))
    found = (charts.chart_of(stream, said[stream], window) for stream in streams)
    return [chart for chart in found if chart is not None]


def _word_lists(points: Iterable[twin.Point]) -> list[WordList]:
    found: dict[twin.Stream, list[twin.Point]] = {}
    for point in points:
        found.setdefault((point.kind, point.zone), []).append(point)
    return [
        WordList(
            key=f"{kind.replace('.', '-')}{'-' if zone else ''}{zone}",
            label=names.label_of(kind, zone),
            lines=[
                WordLine(
                    one.observed_at,
                    sayings.say(kind, one.value)[0],
                    sayings.duration(one.covers_s) if one.covers_s else "",
                )
                for one in reversed(said[-MOST_LINES:])
            ],
            count=len(said),
        )
        for (kind, zone), said in sorted(found.items())
    ]


def _heirs(user: User, appliance: Appliance) -> list[Heir]:
    """Return whose own it may become, by this member's hand."""
    if appliance.private_to_id is not None or not user.membership.is_adult:
        return []
    teens = Membership.objects.living().filter(household=appliance.household_id, role=Membership.Role.TEEN)
    others = teens.select_related("user").order_by("since", "pk")
    return [Heir(user.membership, True), *(Heir(other, False) for other in others)]
