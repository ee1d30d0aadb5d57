"""From insights to asks: what meets a data request is asked about, once its price is held."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from consent.parties.models import Household, Membership
from consent.records import notices
from consent.records import operations as records
from consent.records.models import Ask
from consent.records.queries import Line, lines_of
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS, fallen
from marketplace.brokerage.taken import Noticed, moved_since, take
from marketplace.demand.conditions import Value
from marketplace.demand.models import RequestVersion
from marketplace.demand.pricing import Price, price_of_version
from marketplace.demand.wanted import Want, Wanted, wanted
from marketplace.insights import vault, waiting
from marketplace.insights.copying import array_of, copy_in
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Waiting
from marketplace.insights.perception.rules import drawn_from
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import escrow_account, manufacturer_account
from rewards.ledger.items import Hold, HoldItem
from rewards.ledger.models import Account, AccountKind, Wallet
from rewards.ledger.queries import balances_of


@dataclass(frozen=True)
class _Proposal:
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


#: Which data requests must not ask about a stream again yet.
_Recent = dict[tuple[str, str], set[UUID]]
#: Each home's line, by the home's id as text.
_Lines = dict[str, Line]
#: One insight, and those who want what it says.
_Meeting = tuple[Noticed, list[Want]]


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def match_insights(*, at: datetime, limit: int = 500) -> int:
    """Ask about the insights that meet an open data request; return how many insights were looked at.

    Several workers may match at once: each takes homes nobody else has at the moment, so that none waits for another
    one's home. What the household's line, the gap or the escrow does not allow is not asked, and leaves no trace a
    buyer could see.
    """
    taken = take(at=at, limit=limit)
    if not taken:
        return _pass_over(at, limit)
    proposals = _proposals(taken, at)
    moved = _moved(proposals)
    # About whose appliances somebody decides in this very moment, they come again in the next round.
    waiting.take_off_list(insight_ids=[insight.pk for insight in taken if insight.pk not in moved])
    proposals = [proposal for proposal in proposals if proposal.insight.pk not in moved]
    if proposals:
        _put(proposals, at)
        # The escrows are what others wait for until the commit: what it would check is checked before they are locked.
        connection.check_constraints()
        held = ledger.place_holds([proposal.hold for proposal in proposals])
        _take_back([one.ask_id for one, outcome in zip(proposals, held, strict=True) if not isinstance(outcome, Hold)])
    return len(taken)


def _pass_over(at: datetime, limit: int) -> int:
    """Take what nobody may be asked about off the list: a home without a line is never asked."""
    unlined = Waiting.objects.due(at).filter(insight__household__preference=None)
    ids = list(unlined.values_list("pk", flat=True)[:limit])
    waiting.take_off_list(insight_ids=ids)
    return len(ids)


def _proposals(taken: Sequence[Noticed], at: datetime) -> list[_Proposal]:
    """Leave of what was taken what its home may be asked about, what somebody wants, and what can be paid.

    In the order of what it costs to find out: most homes have been asked all they want to be in a week.
    """
    askable = [insight for insight in taken if _may_be_asked(insight)]
    lines = _lines(askable, at)
    open_to = [insight for insight in askable if _is_open_to_asks(insight, lines.get(insight.household_id, Line()))]
    near, now = _near(open_to, at)
    met = _met(near, now, _asked_recently(near, at))
    return _allotted(met, lines, at) if met else []


def _lines(insights: Sequence[Noticed], at: datetime) -> _Lines:
    homes = {insight.household_id for insight in insights}
    return {str(home): line for home, line in lines_of(list(map(UUID, homes)), at=at).items()} if homes else {}


def _allotted(met: Sequence[_Meeting], lines: _Lines, at: datetime) -> list[_Proposal]:
    """Give out each home's week and each escrow to those that come first."""
    wants = {want.request_id: want for _, wanting in met for want in wanting}
    versions = RequestVersion.objects.in_bulk({want.version_id for want in wants.values()})
    prices = {number: price_of_version(version) for number, version in versions.items()}
    purses, ends_at = _available_for(wants), at + timedelta(hours=settings.ASK_HOURS)
    found: list[_Proposal] = []
    for insight, want in ((insight, want) for insight, wanting in met for want in wanting):
        line, price = lines[insight.household_id], prices[want.version_id]
        # The hold decides; but who cannot pay must not use up a home's week in front of who can.
        if not _allows(line, insight, want, price) or purses[want.request_id] < price.total:
            continue
        purses[want.request_id] -= price.total
        line.asks_left -= 1
        found.append(_Proposal(uuid4(), insight, want, versions[want.version_id], price, ends_at))
    return found


def _allows(line: Line, insight: Noticed, want: Want, price: Price) -> bool:
    """Tell whether a home wants to hear of all that it tells of, from this organisation, for so much."""
    return all(
        line.allows(topic=topic, organisation_id=want.organisation_id, tokens=price.tokens)
        for topic in _topics(insight.kind)
    )


def _moved(proposals: Sequence[_Proposal]) -> set[str]:
    """Return the insights among these whose appliances, or those they were drawn from, are not as they were read."""
    if not proposals:
        return set()
    insights = [proposal.insight for proposal in proposals]
    return moved_since(insights) | _fallen(insights)


def _fallen(insights: Sequence[Noticed]) -> set[str]:
    return fallen([UUID(insight.pk) for insight in insights if drawn_from(insight.kind)])


def _near(insights: Sequence[Noticed], at: datetime) -> tuple[list[Noticed], Wanted]:
    """Return the insights whose kind somebody near wants to know of, and what is wanted there."""
    shut = _fallen(insights)
    kinds, areas = {insight.kind for insight in insights}, {area for insight in insights for area in insight.areas}
    now = wanted(kinds=kinds, areas=areas, at=at) if insights else Wanted()
    return [
        insight for insight in insights if insight.pk not in shut and now.has(kind=insight.kind, areas=insight.areas)
    ], now


def _may_be_asked(insight: Noticed) -> bool:
    """Tell whether anybody may ask; whether a home was empty is everybody's, so never what one member's own says."""
    if insight.sealed_id is None or insight.never_share or insight.kind in insight.never_kinds:
        return False
    return insight.private_to_id is None or KINDS[insight.kind].topic != Topic.PRESENCE


def _is_open_to_asks(insight: Noticed, line: Line) -> bool:
    """Tell whether a home may be asked anything about such a thing, before anybody knows what it was."""
    return line.asks_left > 0 and not line.never_topics & _topics(insight.kind)


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


def _is_askable(insight: Noticed, now: Wanted, recent: _Recent) -> bool:
    """Tell whether any of those who want such a thing has not asked about it just now."""
    asked = recent[insight.stream]
    near = now.all_of(kind=insight.kind, areas=insight.areas, assurance=insight.assurance)
    return any(want.request_id not in asked for want in near)


@cache
def _topics(kind: str) -> frozenset[Topic]:
    """Return what it tells of: its own topic, and of a conclusion also those of what it was drawn from."""
    return frozenset(KINDS[code].topic for code in (kind, *drawn_from(kind)))


def _value(sealed: vault.SealedRow | None, epochs: vault.Epochs) -> Value | None:
    if sealed is None:
        return None
    try:
        value: Value = json.loads(vault.open_sealed(sealed, epochs=epochs))["value"]
    except VaultClosed:
        return None
    return value


def _available_for(request_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return what each escrow may still hold, as far as can be seen before its row is locked."""
    escrows = {escrow_account(request_id): request_id for request_id in request_ids}
    return {escrows[address]: standing.available for address, standing in balances_of(sorted(escrows)).items()}


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


def _put(proposals: Sequence[_Proposal], at: datetime) -> None:
    """Write the asks, with everything a later yes will need in place."""
    notices.check_complete(notices.CURRENT_VERSION)
    adults = _adults({UUID(proposal.insight.household_id) for proposal in proposals})
    _open_accounts(proposals)
    copy_in(Ask, _ASK_COLUMNS, (_ask_row(proposal, adults, at) for proposal in proposals))
    copy_in(Offer, _OFFER_COLUMNS, map(_offer_row, proposals))


def _take_back(ask_ids: Collection[UUID]) -> None:
    """Let it be as if nobody had been asked what cannot be paid: another worker held the escrow's last tokens."""
    if ask_ids:
        Offer.objects.filter(pk__in=ask_ids).delete()
        Ask.objects.filter(pk__in=ask_ids).delete()


_ASK_COLUMNS = (
    *("id", "household_id", "private_to_id", "recipient_id", "purpose", "notice_version", "subject", "topic"),
    *("state", "asked_at", "expires_at", "answers_needed"),
)
_OFFER_COLUMNS = (
    *("ask_id", "insight_id", "request_id", "version_id", "tokens", "price_tokens"),
    *("chosen_rung", "dropped_fields"),
)


def _ask_row(proposal: _Proposal, adults: dict[UUID, int], at: datetime) -> tuple[Any, ...]:
    insight = proposal.insight
    kind = KINDS[insight.kind]
    everybody = kind.topic == Topic.PRESENCE
    return (
        proposal.ask_id,
        insight.household_id,
        insight.private_to_id,
        proposal.want.organisation_id,
        proposal.version.purpose,
        notices.CURRENT_VERSION,
        f"insight:{insight.pk}",
        str(kind.topic),
        str(Ask.State.PENDING),
        at,
        proposal.expires_at,
        max(1, adults[UUID(insight.household_id)]) if everybody else 1,
    )


def _offer_row(proposal: _Proposal) -> tuple[Any, ...]:
    price, want = proposal.price, proposal.want
    return (
        *(proposal.ask_id, proposal.insight.pk, want.request_id, want.version_id, price.tokens, price.total),
        *("", "[]"),
    )


def _adults(household_ids: set[UUID]) -> dict[UUID, int]:
    """Count the adults of each home: all of them decide what tells whether the home was empty."""
    counts: dict[UUID, int] = defaultdict(int)
    for household_id in (
        Membership.objects.adults().filter(household__in=household_ids).values_list("household", flat=True)
    ):
        counts[household_id] += 1
    return counts


def _open_accounts(proposals: Sequence[_Proposal]) -> None:
    """Give wallets and manufacturers' accounts to those who have none yet; mostly that is nobody."""
    homes = {UUID(proposal.insight.household_id) for proposal in proposals}
    without = homes - set(Wallet.objects.filter(household__in=homes).values_list("household", flat=True))
    for home in Household.objects.filter(pk__in=without).order_by("pk") if without else ():
        ledger.open_wallet(household=home)
    makers = {manufacturer_account(UUID(maker)) for one in proposals if (maker := one.insight.manufacturer_id)}
    for address in makers - set(Account.objects.filter(address__in=makers).values_list("address", flat=True)):
        ledger.open_account(address=address, kind=AccountKind.MANUFACTURER)


@transaction.atomic(durable=True)
def cancel_void_asks(*, at: datetime, limit: int = 500) -> int:
    """Take back asks that can no longer be answered on the terms they were asked with.

    They could not be approved any more anyway; this only tidies them out of the inbox. The money stays held until the
    ask's own deadline, so that nobody learns from it who was asked.
    """
    void = Offer.objects.exclude(STANDS).filter(ask__state=Ask.State.PENDING).order_by("ask__expires_at")
    return records.cancel_asks(ask_ids=list(void.values_list("ask", flat=True)[:limit]), at=at)
