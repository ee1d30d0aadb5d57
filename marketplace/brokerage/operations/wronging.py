"""A member says that a conclusion is wrong: the question is taken back, and nobody is paid or blamed for it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties.models import User
from consent.parties.queries import as_now
from consent.records import operations as records
from consent.records.models import Ask, Consent, ConsentEnd
from marketplace.brokerage import policies
from marketplace.brokerage.models import Offer
from marketplace.brokerage.operations.withdrawing import end_consents, locked_consents
from marketplace.insights import operations as insights
from marketplace.insights.models import Insight, WrongWord
from rewards.ledger import operations as ledger


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def call_wrong(*, ask_id: UUID, actor: User, at: datetime) -> WrongWord:
    """Write down that what an ask is about is not so, before or after an answer to it.

    Every open question about the same insight is taken back, and what was said yes to is withdrawn: nobody reads what
    is wrong. To buyers a question taken back looks like no question, and its money stays held until its deadline as
    for any other; tokens that were earned stay.

    Raises:
        Offer.DoesNotExist: there is no such ask.
        NotYourHousehold: `actor` has no say in it.
        NotJudged: a sensor measured it; nobody concluded anything.
        CalledWrong: somebody said so before.
    """
    number = Offer.objects.values_list("insight", flat=True).get(ask=ask_id)
    # Two who say it at once go one after the other. Not against its key: a matching that has it in hand points at it.
    insight = Insight.objects.select_for_update(of=("self",), no_key=True).get(pk=number)
    offer = Offer.objects.select_related("ask", "insight__conclusion", "insight__wrong_word").get(ask=ask_id)
    policies.check_can_call_wrong(offer, actor=as_now(actor))
    word = insights.call_wrong(insight=offer.insight, member=actor, at=at)
    asks = list(Ask.objects.select_for_update().filter(offer__insight=insight).order_by("pk"))
    records.cancel_asks(ask_ids=[ask.pk for ask in asks], at=at)
    given = Consent.objects.in_force(at).filter(ask__in=asks).values_list("pk", flat=True)
    end_consents(locked_consents(list(given)), reason=ConsentEnd.Reason.WITHDRAWN, actor=actor, at=at)
    return word
