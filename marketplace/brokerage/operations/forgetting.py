"""Insights nobody needs any more: destroyed some days after their last ask, or after they came, if nobody asked."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from consent.records.models import Ask
from marketplace.brokerage.models import Offer
from marketplace.insights import vault, waiting
from marketplace.insights.models import Insight
from rewards.ledger import operations as ledger


@ledger.retry_on_conflict
@transaction.atomic(durable=True)
def forget_insights(*, at: datetime, limit: int = 500) -> int:
    """Destroy the values of insights past their keeping time; what was released has a copy and a clock of its own.

    An insight about which somebody is still being asked stays until that is decided.
    """
    since = at - timedelta(days=settings.INSIGHT_KEEP_DAYS)
    still_needed = Offer.objects.filter(
        Q(ask__state=Ask.State.PENDING) | Q(ask__decided_at__gt=since), insight=OuterRef("pk")
    )
    old = Insight.objects.kept_too_long(since).exclude(Exists(still_needed)).order_by("received_at")
    taken = old.select_for_update(skip_locked=True, of=("self",))[:limit]
    # Held until a person looks, it may still be on the list; there is nothing left to look at.
    waiting.take_off_list(insight_ids=[insight.pk for insight in taken])
    return vault.shred([insight.sealed_id for insight in taken if insight.sealed_id])
