"""Taking a yes back: from the commit on nobody reads, and the household keeps what it earned."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import User
from consent.parties.queries import as_now
from consent.records import operations as records
from consent.records import policies as records_policies
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.brokerage import terms
from marketplace.brokerage.models import Offer
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Release
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest
from rewards.ledger import operations as ledger
from rewards.ledger.models import GUARANTEE

#: How many consents one transaction ends, where many end: it holds their records and buyers' accounts meanwhile.
TOGETHER = 50


def few_at_a_time(ids: Sequence[UUID], *, size: int = TOGETHER) -> list[Sequence[UUID]]:
    """Cut many into what is ended at once."""
    return [ids[begin : begin + size] for begin in range(0, len(ids), size)]


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def withdraw_consent(*, consent_id: UUID, actor: User, at: datetime) -> ConsentEnd:
    """End a consent at once: no read that starts after the commit sees the record.

    Its copy and key are destroyed, the buyer gets a duty to erase what it read, and the tokens stay where they are. A
    buyer that had not read yet gets its price back from the guarantee.

    Raises:
        Consent.DoesNotExist: there is no such consent.
        NotYourHousehold: `actor` has no say in it.
        AlreadyEnded: it was withdrawn or revoked before.
        ConsentNotGiven: it was refused, or has ended by itself.
    """
    found = locked_consents([consent_id])
    if not found:
        raise Consent.DoesNotExist
    records_policies.check_can_withdraw(found[0], actor=as_now(actor), at=at)

    return end_consents(found, reason=ConsentEnd.Reason.WITHDRAWN, actor=actor, at=at)[0]


def locked_consents(consent_ids: Iterable[UUID]) -> list[Consent]:
    """Return consents that nobody else answers, withdraws or revokes until the transaction ends."""
    # A consent row is never written, so it cannot be locked; its ask stands in for it.
    Ask.objects.filter(consent__in=consent_ids).lock_all()
    found = Consent.objects.select_related("ask", "end", "recipient", "household").filter(pk__in=consent_ids)
    return list(found.order_by("pk"))


def end_consents(consents: Sequence[Consent], *, reason: str, actor: User, at: datetime) -> list[ConsentEnd]:
    """End locked consents in force: their receipts, copies and keys, and the money for what was never read.

    Many take as many statements as one; how many at once is for the caller to bound.

    Args:
        reason: one of `ConsentEnd.Reason`; the releases close for the same.

    Raises:
        AlreadyEnded: one of them was withdrawn or revoked before.
    """
    ends = records.record_ends(consents=consents, reason=reason, actor=actor, at=at)
    unread = delivery.close_releases(consents=consents, because=Release.Closed(str(reason)), at=at)
    _pay_back([consent for consent in consents if consent.pk in unread], actor=actor, at=at)
    return ends


def _pay_back(consents: Sequence[Consent], *, actor: User, at: datetime) -> None:
    """Give the buyers the price of what they never read, from the guarantee.

    The data requests are locked, so that this and the return of their escrow come one after the other: of a request
    that was closed and paid out, what comes late goes on to the buyer at once.
    """
    offers = list(Offer.objects.filter(ask__consent__in=consents).select_related("version", "ask__consent"))
    requests = {pk: DataRequest.objects.lock(pk) for pk in sorted({offer.request_id for offer in offers})}
    ledger.apply([_price_back(offer, escrow=requests[offer.request_id].escrow, actor=actor) for offer in offers])
    for pk in requests:
        demand.return_escrow(request_id=pk, at=at)


def _price_back(offer: Offer, *, escrow: str, actor: User) -> ledger.PostItem:
    consent = offer.ask.consent
    return ledger.PostItem(
        key=f"unread:{consent.pk}",
        debit=GUARANTEE,
        credit=escrow,
        amount=terms.price_at(offer, offer.chosen_rung).total,
        actor=actor,
        event_type="withdrawn_unread",
        event_ref=f"consent:{consent.pk}",
    )
