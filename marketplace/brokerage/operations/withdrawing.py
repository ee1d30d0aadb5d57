"""Taking a yes back: from the commit on nobody reads, and the household keeps what it earned."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import User
from consent.records import operations as records
from consent.records import policies as records_policies
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.brokerage import terms
from marketplace.brokerage.models import Offer
from marketplace.brokerage.previews import PREVIEWED
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Release
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest
from rewards.ledger import operations as ledger
from rewards.ledger.models import GUARANTEE


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
    consent = locked_consent(consent_id)
    records_policies.check_can_withdraw(consent, actor=actor, at=at)

    return end_consent(consent, reason=ConsentEnd.Reason.WITHDRAWN, actor=actor, at=at)


def locked_consent(consent_id: UUID) -> Consent:
    """Return a consent that nobody else answers, withdraws or revokes until the transaction ends.

    Raises:
        Consent.DoesNotExist: there is no such consent.
    """
    # A consent row is never written, so it cannot be locked; its ask stands in for it.
    Ask.objects.lock(Consent.objects.values_list("ask", flat=True).get(pk=consent_id))
    return Consent.objects.select_related("ask", "end", "recipient", "household").get(pk=consent_id)


def end_consent(consent: Consent, *, reason: str, actor: User, at: datetime) -> ConsentEnd:
    """End a locked consent in force: its receipt, its copy and key, and the money for what was never read.

    Args:
        reason: one of `ConsentEnd.Reason`; the release closes for the same.

    Raises:
        AlreadyEnded: it was withdrawn or revoked before.
    """
    offer = Offer.objects.select_related(*PREVIEWED).get(ask=consent.ask_id)
    price = terms.price_at(offer, offer.chosen_rung)
    end = records.record_end(consent=consent, reason=reason, actor=actor, at=at)
    release = delivery.close_release(consent=consent, because=Release.Closed(str(reason)), at=at)
    if release is not None and release.first_read_at is None:
        _pay_back(consent, offer, amount=price.total, actor=actor, at=at)
    return end


def _pay_back(consent: Consent, offer: Offer, *, amount: int, actor: User, at: datetime) -> None:
    """Give the buyer the price of what it never read, from the guarantee.

    The data request is locked, so that this and the return of its escrow come one after the other: of a request that
    was closed and paid out, what comes late goes on to the buyer at once.
    """
    request = DataRequest.objects.lock(offer.request_id)
    ledger.post(
        key=f"unread:{consent.pk}",
        debit=GUARANTEE,
        credit=request.escrow,
        amount=amount,
        actor=actor,
        event_type="withdrawn_unread",
        event_ref=f"consent:{consent.pk}",
    )
    demand.return_escrow(request_id=request.pk, at=at)
