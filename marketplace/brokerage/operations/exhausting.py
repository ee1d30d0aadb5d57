"""Data requests whose budget is spent."""

from datetime import datetime

from django.db import transaction

from marketplace.delivery import operations as delivery
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest


def mark_exhausted(*, at: datetime) -> int:
    """Mark the open data requests whose escrow covers no further event, and tell each buyer once."""
    return sum(_mark(request, at) for request in DataRequest.objects.asking(at).select_related("organisation"))


@transaction.atomic(durable=True)
def _mark(request: DataRequest, at: datetime) -> bool:
    marked = demand.exhaust_request(request_id=request.pk, at=at)
    if marked:
        delivery.announce_exhausted(request=request, at=at)
    return marked
