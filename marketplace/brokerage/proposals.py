"""What is worth asking about, of what matching took in hand: what somebody wants, a home lets ask, and can be paid.

Decides, and writes nothing. In the order of what it costs to find out: most insights end without an ask.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from consent.records.queries import Line, lines_of
from marketplace.brokerage.policies import fallen
from marketplace.brokerage.taken import Noticed, moved_since
from marketplace.demand.conditions import Value
from marketplace.demand.models import RequestVersion
from marketplace.demand.pricing import Price, price_of_version
from marketplace.demand.wanted import Want, Wanted, wanted
from marketplace.insights import vault
from marketplace.insights.copying import array_of
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.perception.rules import drawn_from, topics_of
from rewards.ledger.addresses import escrow_account
from rewards.ledger.items import HoldItem
from rewards.ledger.queries import balances_of


@dataclass(frozen=True)
class Proposal:
    """An ask that may be put, if the buyer's escrow covers it."""

    ask_id: UUID
    insight: Noticed
    want: Want
    version: RequestVersion
    price: Price
    expires_at: datetime

    @property
    def hold(self) -> HoldItem:
        return HoldItem(
            key=f"hold:{self.ask_id}",
            debit=escrow_account(self.want.request_id),
            amount=self.price.total,
            expires_at=self.expires_at + timedelta(hours=settings.HOLD_GRACE_HOURS),
            actor="matching",
            event_type="ask",
            event_ref=f"ask:{self.ask_id}",
        )


@dataclass
class _Offered:
    """The terms a data request asks by, and what its escrow may still hold."""

    version: RequestVersion
    price: Price
    available: int


#: Which data requests must not ask about a stream again yet.
_Recent = dict[tuple[str, str], set[UUID]]
#: Each home's line, by the home's id as text.
_Lines = dict[str, Line]
#: One insight, and those who want what it says.
_Meeting = tuple[Noticed, list[Want]]


def proposals(taken: Sequence[Noticed], *, at: datetime) -> list[Proposal]:
    """Return what may be asked about what was taken, in a number of statements that does not grow with it."""
    askable = [insight for insight in taken if _may_be_asked(insight)]
    lines = _lines(askable, at)
    open_to = [insight for insight in askable if _is_open(insight, lines)]
    near, now = _near(open_to, at)
    recent = _asked_recently(near, at)
    found: list[Proposal] = []
    offered: dict[UUID, _Offered] = {}
    for some in _in_turns([insight for insight in near if _is_askable(insight, now, recent)], lines):
        met = _met(some, now, recent)
        _look_up(met, offered)
        found += _allotted(met, lines, offered, at)
    return found


def homes_that_moved(proposed: Sequence[Proposal]) -> set[str]:
    """Return the homes whose appliances, or those that something was drawn from, are not as they were taken.

    The whole home of each: what it would be asked about first decides what else it is asked about.
    """
    if not proposed:
        return set()
    insights = [proposal.insight for proposal in proposed]
    moved = moved_since(insights) | _fallen(insights)
    return {insight.household_id for insight in insights if insight.pk in moved}


def _may_be_asked(insight: Noticed) -> bool:
    """Tell whether anybody may ask; whether a home was empty is everybody's, so never what one member's own says."""
    if insight.sealed_id is None or insight.never_share or insight.kind in insight.never_kinds:
        return False
    return insight.private_to_id is None or KINDS[insight.kind].topic != Topic.PRESENCE


def _lines(insights: Sequence[Noticed], at: datetime) -> _Lines:
    homes = {insight.household_id for insight in insights}
    return {str(home): line for home, line in lines_of(list(map(UUID, homes)), at=at).items()} if homes else {}


def _is_open(insight: Noticed, lines: _Lines) -> bool:
    """Tell whether its home may be asked anything about such a thing, before anybody knows what it was."""
    return lines.get(insight.household_id, Line()).is_open_to(topics_of(insight.kind))


def _near(insights: Sequence[Noticed], at: datetime) -> tuple[list[Noticed], Wanted]:
    """Return the insights whose kind somebody near wants to know of, and what is wanted there."""
    shut = _fallen(insights)
    kinds, areas = {insight.kind for insight in insights}, {area for insight in insights for area in insight.areas}
    now = wanted(kinds=kinds, areas=areas, at=at) if insights else Wanted()
    return [
        insight for insight in insights if insight.pk not in shut and now.has(kind=insight.kind, areas=insight.areas)
    ], now


def _fallen(insights: Sequence[Noticed]) -> set[str]:
    return fallen([UUID(insight.pk) for insight in insights if drawn_from(insight.kind)])


_ASKED_RECENTLY = """
SELECT i.appliance_id::text, i.kind, o.request_id
FROM records_ask a JOIN brokerage_offer o ON o.ask_id = a.id JOIN insights_insight i ON i.id = o.insight_id
JOIN demand_datarequest r ON r.id = o.request_id JOIN demand_requestversion v ON v.id = r.current_id
WHERE a.household_id = ANY(%s::uuid[]) AND i.appliance_id = ANY(%s::uuid[])
  AND (a.state = 'pending' AND a.expires_at > %s OR a.asked_at > %s - v.min_gap_hours * interval '1 hour')"""


def _asked_recently(near: Sequence[Noticed], at: datetime) -> _Recent:
    """Return what must not be asked again yet: still waiting, or asked within the request's own gap.

    Looked for among what the homes were asked, which their attention bounds; not among all that they ever brought.
    """
    found: _Recent = defaultdict(set)
    if not near:
        return found
    homes = sorted({insight.household_id for insight in near})
    appliances = sorted({insight.appliance_id for insight in near})
    with connection.cursor() as cursor:
        cursor.execute(_ASKED_RECENTLY, [array_of(homes), array_of(appliances), at, at])
        for appliance_id, kind, request_id in cursor.fetchall():
            found[appliance_id, kind].add(request_id)
    return found


def _is_askable(insight: Noticed, now: Wanted, recent: _Recent) -> bool:
    """Tell whether any of those who want such a thing has not asked about it just now."""
    asked = recent[insight.stream]
    near = now.all_of(kind=insight.kind, areas=insight.areas, assurance=insight.assurance)
    return any(want.request_id not in asked for want in near)


def _in_turns(insights: Sequence[Noticed], lines: _Lines) -> Iterator[list[Noticed]]:
    """Yield as many of each home's as it may be asked about; then the rest of those who may still be asked after that.

    Where the first few fill the week, nothing of the rest is opened.
    """
    counts: Counter[str] = Counter()
    first: list[Noticed] = []
    rest: list[Noticed] = []
    for insight in insights:
        counts[insight.household_id] += 1
        (first if counts[insight.household_id] <= lines[insight.household_id].asks_left else rest).append(insight)
    yield first
    yield [insight for insight in rest if lines[insight.household_id].asks_left > 0]


def _met(insights: Sequence[Noticed], now: Wanted, recent: _Recent) -> list[_Meeting]:
    """Open what somebody may ask about, and return what meets an open data request that has not asked just now.

    Who meets one stream twice is told of it once: what keeps the first from being asked about keeps the second too.

    Args:
        recent: is added to.
    """
    left = [insight for insight in insights if _is_askable(insight, now, recent)]
    sealed = vault.load_sealed([insight.sealed_id for insight in left if insight.sealed_id]) if left else {}
    epochs, found = vault.Epochs(), []
    for insight in (insight for insight in left if _is_askable(insight, now, recent)):
        value, asked = _value(sealed.get(insight.sealed_id or ""), epochs), recent[insight.stream]
        if value is None:
            continue
        met = now.met_by(value, kind=insight.kind, areas=insight.areas, assurance=insight.assurance)
        wants = [want for want in met if want.request_id not in asked]
        asked.update(want.request_id for want in wants)
        if wants:
            found.append((insight, wants))
    return found


def _value(sealed: vault.SealedRow | None, epochs: vault.Epochs) -> Value | None:
    if sealed is None:
        return None
    try:
        value: Value = json.loads(vault.open_sealed(sealed, epochs=epochs))["value"]
    except VaultClosed:
        return None
    return value


def _look_up(met: Sequence[_Meeting], offered: dict[UUID, _Offered]) -> None:
    """Add what those who want something offer, where it was not looked up before."""
    wants = {want.request_id: want for _, wanting in met for want in wanting if want.request_id not in offered}
    if not wants:
        return
    versions = RequestVersion.objects.in_bulk({want.version_id for want in wants.values()})
    prices = {number: price_of_version(version) for number, version in versions.items()}
    purses = _available_for(wants)
    for request_id, want in wants.items():
        offered[request_id] = _Offered(versions[want.version_id], prices[want.version_id], purses[request_id])


def _available_for(request_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return what each escrow may still hold, as far as can be seen before its row is locked."""
    escrows = {escrow_account(request_id): request_id for request_id in request_ids}
    return {escrows[address]: standing.available for address, standing in balances_of(sorted(escrows)).items()}


def _allotted(
    met: Sequence[_Meeting], lines: _Lines, offered: dict[UUID, _Offered], at: datetime
) -> Iterator[Proposal]:
    """Give out each home's week and each escrow to those that come first; lines and escrows are drawn on."""
    expires_at = at + timedelta(hours=settings.ASK_HOURS)
    for insight, want in ((insight, want) for insight, wanting in met for want in wanting):
        line, terms = lines[insight.household_id], offered[want.request_id]
        # The hold decides; but who cannot pay must not use up a home's week in front of who can.
        if not _allows(line, insight, want, terms.price) or terms.available < terms.price.total:
            continue
        terms.available -= terms.price.total
        line.asks_left -= 1
        yield Proposal(uuid4(), insight, want, terms.version, terms.price, expires_at)


def _allows(line: Line, insight: Noticed, want: Want, price: Price) -> bool:
    return line.allows(topics=topics_of(insight.kind), organisation_id=want.organisation_id, tokens=price.tokens)
