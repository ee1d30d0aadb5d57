"""From insights to asks: what meets a data request is asked about, once its price is held."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value

from consent.parties.models import Membership
from consent.parties.strict_json import loads
from consent.records import notices
from consent.records import operations as records
from consent.records.models import Ask
from consent.records.queries import Line, lines_of
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS
from marketplace.demand.conditions import is_met
from marketplace.demand.models import DataRequest
from marketplace.demand.pricing import Price, price_of_version
from marketplace.insights import operations as insights
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Insight
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import manufacturer_account
from rewards.ledger.items import Hold, HoldItem
from rewards.ledger.models import Account, AccountKind, Wallet
from rewards.ledger.queries import balances_of


@dataclass(frozen=True)
class _Proposal:
    """An ask that may be put, if the buyer's escrow covers it."""

    ask_id: UUID
    insight: Insight
    request: DataRequest
    price: Price
    expires_at: datetime

    @property
    def hold(self) -> HoldItem:
        return HoldItem(
            key=f"hold:{self.ask_id}",
            debit=self.request.escrow,
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

    Several workers may match at once: each takes insights nobody else has. What the household's line, the gap or the
    escrow does not allow is not asked, and leaves no trace a buyer could see.
    """
    waiting = Insight.objects.unmatched(at).select_for_update(skip_locked=True, of=("self",)).order_by("ask_after")
    taken = list(waiting.select_related("sealed__data_key", "appliance", "household__area")[:limit])
    if not taken:
        return 0
    proposals = list(_proposals(taken, at))
    held = ledger.place_holds([proposal.hold for proposal in proposals])
    _put([proposal for proposal, outcome in zip(proposals, held, strict=True) if isinstance(outcome, Hold)], at)
    insights.mark_matched(insight_ids=[insight.pk for insight in taken], at=at)
    return len(taken)


def _proposals(taken: Sequence[Insight], at: datetime) -> Iterator[_Proposal]:
    requests = _requests_by_kind({insight.kind for insight in taken}, at)
    wanted = [insight for insight in taken if requests[insight.kind] and _may_be_asked(insight)]
    lines = lines_of(list({insight.household_id for insight in wanted}), at=at)
    recent = _asked_recently(wanted, at)
    purses = _available_for(requests.values())
    for insight in wanted:
        line = lines.get(insight.household_id, Line())
        for request in _meeting(insight, requests[insight.kind]):
            price = price_of_version(request.version)
            key = (insight.appliance_id, insight.kind, request.pk)
            if key in recent or not line.allows(
                topic=KINDS[insight.kind].topic, organisation_id=request.organisation_id, tokens=price.tokens
            ):
                continue
            # The hold decides; but who cannot pay must not use up a home's week in front of who can.
            if purses[request.escrow] < price.total:
                continue
            purses[request.escrow] -= price.total
            recent.add(key)
            line.asks_left -= 1
            yield _Proposal(uuid4(), insight, request, price, at + timedelta(hours=settings.ASK_HOURS))


def _may_be_asked(insight: Insight) -> bool:
    """Tell whether anybody may ask; whether a home was empty is everybody's, so never what one member's own says."""
    appliance = insight.appliance
    if appliance.private_to_id is not None and KINDS[insight.kind].topic == Topic.PRESENCE:
        return False
    return appliance.may_be_asked(insight.kind)


def _requests_by_kind(kinds: set[str], at: datetime) -> dict[str, list[DataRequest]]:
    found = DataRequest.objects.asking(at).filter(current__kinds__overlap=sorted(kinds))
    by_kind: dict[str, list[DataRequest]] = defaultdict(list)
    for request in found.select_related("current", "organisation").order_by("opened_at", "pk"):
        for kind in request.version.kinds:
            by_kind[kind].append(request)
    return by_kind


def _available_for(requests: Iterable[Iterable[DataRequest]]) -> dict[str, int]:
    """Return what each escrow may still hold, as far as can be seen before its row is locked."""
    escrows = sorted({request.escrow for found in requests for request in found})
    return {address: standing.available for address, standing in balances_of(escrows).items()} if escrows else {}


def _meeting(insight: Insight, requests: Iterable[DataRequest]) -> Iterator[DataRequest]:
    """Open the insight once, and yield the data requests whose area and condition it meets."""
    area = insight.household.area
    near = [request for request in requests if request.version.area_id in (area.pk, area.parent_id)]
    if not near:
        return
    if insight.sealed is None:
        return
    try:
        value = loads(vault.open_sealed(insight.sealed))["value"]
    except VaultClosed:
        return
    for request in near:
        if is_met(request.version, kind=insight.kind, value=value):
            yield request


def _asked_recently(taken: Sequence[Insight], at: datetime) -> set[tuple[UUID, str, UUID]]:
    """Return what must not be asked again yet: still waiting, or asked within the request's own gap."""
    waiting = Q(ask__state=Ask.State.PENDING, ask__expires_at__gt=at)
    gap = ExpressionWrapper(F("request__current__min_gap_hours") * Value(timedelta(hours=1)), DurationField())
    within_gap = Q(ask__asked_at__gt=Value(at) - gap)
    offers = Offer.objects.filter(
        waiting | within_gap, insight__appliance__in={insight.appliance_id for insight in taken}
    )
    return set(offers.values_list("insight__appliance", "insight__kind", "request"))


def _put(proposals: Sequence[_Proposal], at: datetime) -> None:
    """Write the asks whose price is held, with everything a later yes will need in place."""
    notices.check_complete(notices.CURRENT_VERSION)
    adults = _adults({proposal.insight.household_id for proposal in proposals})
    _open_accounts(proposals)
    Ask.objects.bulk_create([_ask(proposal, adults, at) for proposal in proposals])
    Offer.objects.bulk_create(
        [
            Offer(
                ask_id=proposal.ask_id,
                insight=proposal.insight,
                request=proposal.request,
                version=proposal.request.version,
                tokens=proposal.price.tokens,
                price_tokens=proposal.price.total,
            )
            for proposal in proposals
        ]
    )


def _ask(proposal: _Proposal, adults: dict[UUID, int], at: datetime) -> Ask:
    kind, appliance = KINDS[proposal.insight.kind], proposal.insight.appliance
    everybody = kind.topic == Topic.PRESENCE
    return Ask(
        id=proposal.ask_id,
        household=proposal.insight.household,
        private_to_id=appliance.private_to_id,
        recipient=proposal.request.organisation,
        purpose=proposal.request.version.purpose,
        notice_version=notices.CURRENT_VERSION,
        subject=f"insight:{proposal.insight.pk}",
        topic=kind.topic,
        asked_at=at,
        expires_at=proposal.expires_at,
        answers_needed=max(1, adults[proposal.insight.household_id]) if everybody else 1,
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
