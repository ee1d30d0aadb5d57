"""From insights to asks: what meets a data request is asked about, once its price is held."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent.parties.models import Household, Membership
from consent.records import notices
from consent.records import operations as records
from consent.records.models import Ask
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS
from marketplace.brokerage.proposals import Proposal, homes_that_moved, proposals
from marketplace.brokerage.taken import Noticed, take
from marketplace.insights import keyring, waiting
from marketplace.insights.copying import copy_in
from marketplace.insights.errors import KeyAway
from marketplace.insights.kinds import KINDS, Topic
from marketplace.insights.models import Waiting
from rewards.ledger import operations as ledger
from rewards.ledger.addresses import manufacturer_account
from rewards.ledger.items import Hold
from rewards.ledger.models import Account, AccountKind, Wallet


def match_insights(*, at: datetime, limit: int = 500) -> int:
    """Ask about the insights that meet an open data request; return how many insights were looked at.

    Several workers may match at once: each takes homes nobody else has at the moment, so that none waits for another
    one's home. What the household's line, the gap or the escrow does not allow is not asked, and leaves no trace a
    buyer could see.

    Raises:
        KeyAway: a key of the vault is away. Where others are there, what it seals waits, and the next round is theirs.
    """
    try:
        return _match(at, limit) if waiting.is_anything_due(at=at) else 0
    except KeyAway as away:
        if away.epoch and keyring.epochs():
            waiting.put_off(epoch=away.epoch, at=at)
        raise


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def _match(at: datetime, limit: int) -> int:
    taken = take(at=at, limit=limit)
    if not taken:
        return _pass_over(at, limit)
    proposed, moved = _proposed(taken, at)
    # Homes that decide about an appliance in this very moment come again, whole, in the next round.
    waiting.take_off_list(insight_ids=[insight.pk for insight in taken if insight.household_id not in moved])
    _ask(proposed, at)
    return len(taken)


def _proposed(taken: Sequence[Noticed], at: datetime) -> tuple[list[Proposal], set[str]]:
    """Return what may be asked, and the homes that are not as they were taken, of which nothing is.

    Without them it is decided anew: what they would have been asked about must not draw on anybody's escrow.
    """
    proposed, moved = proposals(taken, at=at), set[str]()
    while fresh := homes_that_moved(proposed):
        moved |= fresh
        left = [insight for insight in taken if insight.household_id not in moved]
        proposed = proposals(left, at=at) if left else []
    return proposed, moved


def _pass_over(at: datetime, limit: int) -> int:
    """Take what nobody may be asked about off the list: a home without a line is never asked."""
    unlined = Waiting.objects.due(at).filter(insight__household__preference=None)
    return Waiting.objects.filter(pk__in=unlined.values("pk")[:limit]).delete()[0]


def _ask(proposed: Sequence[Proposal], at: datetime) -> None:
    """Ask what is proposed, and hold its price; escrows are what other workers wait for until the commit."""
    if not proposed:
        return
    _put(proposed, at)
    # What the commit would check is checked before they are locked.
    connection.check_constraints()
    held = ledger.place_holds([proposal.hold for proposal in proposed])
    _take_back([one.ask_id for one, outcome in zip(proposed, held, strict=True) if not isinstance(outcome, Hold)])


def _put(proposed: Sequence[Proposal], at: datetime) -> None:
    """Write the asks, with everything a later yes will need in place."""
    notices.check_complete(notices.CURRENT_VERSION)
    adults = _adults({UUID(proposal.insight.household_id) for proposal in proposed})
    _open_accounts(proposed)
    copy_in(Ask, _ASK_COLUMNS, (_ask_row(proposal, adults, at) for proposal in proposed))
    copy_in(Offer, _OFFER_COLUMNS, map(_offer_row, proposed))


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


def _ask_row(proposal: Proposal, adults: dict[UUID, int], at: datetime) -> tuple[Any, ...]:
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


def _offer_row(proposal: Proposal) -> tuple[Any, ...]:
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


def _open_accounts(proposed: Sequence[Proposal]) -> None:
    """Give wallets and manufacturers' accounts to those who have none yet; mostly that is nobody."""
    homes = {UUID(proposal.insight.household_id) for proposal in proposed}
    without = homes - set(Wallet.objects.filter(household__in=homes).values_list("household", flat=True))
    for home in Household.objects.filter(pk__in=without).order_by("pk") if without else ():
        ledger.open_wallet(household=home)
    makers = {manufacturer_account(UUID(maker)) for one in proposed if (maker := one.insight.manufacturer_id)}
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
