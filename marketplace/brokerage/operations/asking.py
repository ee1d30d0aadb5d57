"""From insights to asks: what meets a data request is asked about, once its price is held."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models import Value as Literal

from consent.parties.models import Membership
from consent.records import notices
from consent.records import operations as records
from consent.records.models import Ask
from consent.records.queries import Line, lines_of
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS, fallen
from marketplace.demand.conditions import Value
from marketplace.demand.models import RequestVersion
from marketplace.demand.pricing import Price, price_of_version
from marketplace.demand.wanted import Want, wanted
from marketplace.insights import operations as insights
from marketplace.insights import vault
from marketplace.insights.copying import copy_in
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Insight
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
    insight: Insight
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


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def match_insights(*, at: datetime, limit: int = 200) -> int:
    """Ask about the insights that meet an open data request; return how many insights were looked at.

    Several workers may match at once: each takes homes nobody else has at the moment, so that none waits for another
    one's home. What the household's line, the gap or the escrow does not allow is not asked, and leaves no trace a
    buyer could see.
    """
    waiting = Insight.objects.unmatched(at).order_by("ask_after")
    taken = _taken(waiting, limit)
    if not taken:
        return _pass_over(waiting.filter(household__preference=None)[:limit], at)
    proposals = _proposals(taken, at)
    held = ledger.place_holds([proposal.hold for proposal in proposals])
    _put([proposal for proposal, outcome in zip(proposals, held, strict=True) if isinstance(outcome, Hold)], at)
    insights.mark_matched(insight_ids=[insight.pk for insight in taken], at=at)
    return len(taken)


def _taken(waiting: QuerySet[Insight], limit: int) -> list[Insight]:
    """Take insights together with the lines of their homes; what others have in hand is left to them."""
    lined = waiting.filter(household__preference__isnull=False)
    locked = lined.select_for_update(skip_locked=True, of=("self", "household__preference"))
    return list(
        locked.select_related("sealed__data_key", "appliance", "household__area", "household__preference")[:limit]
    )


def _pass_over(unlined: QuerySet[Insight], at: datetime) -> int:
    """Take what nobody may be asked about off the list: a home without a line is never asked."""
    ids = list(unlined.values_list("pk", flat=True))
    insights.mark_matched(insight_ids=ids, at=at)
    return len(ids)


def _proposals(taken: Sequence[Insight], at: datetime) -> list[_Proposal]:
    met = _met(taken, at)
    if not met:
        return []
    lines = lines_of(list({insight.household_id for insight, _ in met}), at=at)
    recent = _asked_recently([insight for insight, _ in met], at)
    wants = {want.request_id: want for _, wants in met for want in wants}
    versions = RequestVersion.objects.in_bulk({want.version_id for want in wants.values()})
    prices = {number: price_of_version(version) for number, version in versions.items()}
    purses = _available_for(wants)
    found: list[_Proposal] = []
    for insight, wanting in met:
        line, topics = lines.get(insight.household_id, Line()), _topics(insight.kind)
        for want in wanting:
            price = prices[want.version_id]
            key = (insight.appliance_id, insight.kind, want.request_id)
            allows = partial(line.allows, organisation_id=want.organisation_id, tokens=price.tokens)
            if key in recent or not all(allows(topic=topic) for topic in topics):
                continue
            # The hold decides; but who cannot pay must not use up a home's week in front of who can.
            if purses[want.request_id] < price.total:
                continue
            purses[want.request_id] -= price.total
            recent.add(key)
            line.asks_left -= 1
            ends_at = at + timedelta(hours=settings.ASK_HOURS)
            found.append(_Proposal(uuid4(), insight, want, versions[want.version_id], price, ends_at))
    return found


def _met(taken: Sequence[Insight], at: datetime) -> list[tuple[Insight, list[Want]]]:
    """Return the insights that meet open data requests; what nobody near wants is not even opened."""
    shut = fallen(taken)
    askable = [insight for insight in taken if _may_be_asked(insight) and insight.pk not in shut]
    areas = {area for insight in askable for area in _areas(insight)}
    now, epochs = wanted(kinds={insight.kind for insight in askable}, areas=areas, at=at), vault.Epochs()
    near = [insight for insight in askable if now.has(kind=insight.kind, areas=_areas(insight))]
    found = []
    for insight in near:
        value = _value(insight, epochs)
        wants = [] if value is None else now.met_by(value, kind=insight.kind, areas=_areas(insight))
        if wants:
            found.append((insight, wants))
    return found


def _may_be_asked(insight: Insight) -> bool:
    """Tell whether anybody may ask; whether a home was empty is everybody's, so never what one member's own says."""
    appliance = insight.appliance
    if appliance.private_to_id is not None and KINDS[insight.kind].topic == Topic.PRESENCE:
        return False
    return appliance.may_be_asked(insight.kind)


def _topics(kind: str) -> set[Topic]:
    """Return what it tells of: its own topic, and of a conclusion also those of what it was drawn from."""
    return {KINDS[code].topic for code in (kind, *drawn_from(kind))}


def _areas(insight: Insight) -> tuple[str, ...]:
    area = insight.household.area
    return (area.pk, area.parent_id) if area.parent_id else (area.pk,)


def _value(insight: Insight, epochs: vault.Epochs) -> Value | None:
    if insight.sealed is None:
        return None
    try:
        value: Value = json.loads(vault.open_sealed(insight.sealed, epochs=epochs))["value"]
    except VaultClosed:
        return None
    return value


def _available_for(request_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return what each escrow may still hold, as far as can be seen before its row is locked."""
    escrows = {escrow_account(request_id): request_id for request_id in request_ids}
    return {escrows[address]: standing.available for address, standing in balances_of(sorted(escrows)).items()}


def _asked_recently(met: Sequence[Insight], at: datetime) -> set[tuple[UUID, str, UUID]]:
    """Return what must not be asked again yet: still waiting, or asked within the request's own gap.

    Looked for among what the homes were asked, which their attention bounds; not among all that they ever brought.
    """
    waiting = Q(ask__state=Ask.State.PENDING, ask__expires_at__gt=at)
    gap = ExpressionWrapper(F("request__current__min_gap_hours") * Literal(timedelta(hours=1)), DurationField())
    within_gap = Q(ask__asked_at__gt=Literal(at) - gap)
    offers = Offer.objects.filter(
        waiting | within_gap,
        ask__household__in={insight.household_id for insight in met},
        insight__appliance__in={insight.appliance_id for insight in met},
    )
    return set(offers.values_list("insight__appliance", "insight__kind", "request"))


def _put(proposals: Sequence[_Proposal], at: datetime) -> None:
    """Write the asks whose price is held, with everything a later yes will need in place."""
    if not proposals:
        return
    notices.check_complete(notices.CURRENT_VERSION)
    adults = _adults({proposal.insight.household_id for proposal in proposals})
    _open_accounts(proposals)
    copy_in(Ask, _ASK_COLUMNS, (_ask_row(proposal, adults, at) for proposal in proposals))
    copy_in(Offer, _OFFER_COLUMNS, map(_offer_row, proposals))


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
        insight.appliance.private_to_id,
        proposal.want.organisation_id,
        proposal.version.purpose,
        notices.CURRENT_VERSION,
        f"insight:{insight.id}",
        str(kind.topic),
        str(Ask.State.PENDING),
        at,
        proposal.expires_at,
        max(1, adults[insight.household_id]) if everybody else 1,
    )


def _offer_row(proposal: _Proposal) -> tuple[Any, ...]:
    price, want = proposal.price, proposal.want
    return (
        *(proposal.ask_id, proposal.insight.id, want.request_id, want.version_id, price.tokens, price.total),
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
    homes = {proposal.insight.household_id: proposal.insight.household for proposal in proposals}
    for household_id in homes.keys() - set(
        Wallet.objects.filter(household__in=homes).values_list("household", flat=True)
    ):
        ledger.open_wallet(household=homes[household_id])
    makers = {
        manufacturer_account(maker) for proposal in proposals if (maker := proposal.insight.appliance.manufacturer_id)
    }
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
