"""An appliance leaves a home: sold, given away, left behind. What it noticed here stays nobody's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from consent.parties.models import User
from consent.records import operations as records
from consent.records.models import Ask
from marketplace.appliances import operations as appliances
from marketplace.brokerage.models import Offer
from marketplace.brokerage.operations.withdrawing import few_at_a_time
from marketplace.insights import memories, twin, vault
from marketplace.insights.models import Evidence, Insight, Waiting
from rewards.ledger import operations as ledger

#: How many values one statement destroys.
SHREDDED = 2_000


@dataclass(frozen=True)
class Parted:
    """What ended with it: open asks, and insights whose values were destroyed."""

    asks: int
    insights: int


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def hand_on_appliance(*, appliance_id: UUID, actor: User, at: datetime) -> Parted:
    """Let an appliance go, so that another home may take it in and finds nothing of this one.

    Its keys end and are free, the asks about it are taken back, the values it brought are destroyed, and this home
    sees it no more. What was released stays what it was: a record of this home's past, which it may still withdraw.

    Raises:
        Appliance.DoesNotExist: there is no such appliance, or it has left already.
        NotPermitted: `actor` is neither an adult of its home nor its owner.
    """
    rows = appliances.leave_home(appliance_id=appliance_id, actor=actor, at=at)
    asks = take_back_asks(rows, at=at)
    return Parted(asks, forget_values(rows))


def forget_values(appliance_ids: list[UUID]) -> int:
    """Destroy what these rows noticed and what their home saw of it; return how many insights there were."""
    twin.forget(appliance_ids=appliance_ids)
    memories.forget(appliance_ids=appliance_ids)
    # What another appliance's insight was drawn from here goes too.
    drawn = Evidence.objects.filter(appliance__in=appliance_ids).values("conclusion")
    theirs = Insight.objects.filter(Q(appliance__in=appliance_ids) | Q(pk__in=drawn), sealed__isnull=False)
    sealed = list(theirs.values_list("sealed", flat=True))
    return sum(vault.shred(some) for some in few_at_a_time(sealed, size=SHREDDED))


def take_back_asks(appliance_ids: list[UUID], *, at: datetime) -> int:
    """Cancel what is being asked about these rows; return how many asks there were."""
    # Whoever has what these noticed in hand, to ask about it, comes before this: then what they ask is found.
    in_hand = Waiting.objects.filter(insight__appliance__in=appliance_ids).order_by("pk")
    list(in_hand.select_for_update(of=("self",)).values_list("pk", flat=True))
    waiting = Offer.objects.filter(insight__appliance__in=appliance_ids, ask__state=Ask.State.PENDING)
    return records.cancel_asks(ask_ids=list(waiting.order_by("ask").values_list("ask", flat=True)), at=at)
