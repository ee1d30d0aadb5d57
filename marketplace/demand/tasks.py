"""What the clock does here."""

from celery import shared_task
from django.utils import timezone

from marketplace.demand import operations
from marketplace.demand.models import DataRequest


@shared_task
def return_due_escrows() -> None:
    """Give back what closed data requests left in escrow, once that is due."""
    for request_id in DataRequest.objects.due_for_refund(timezone.now()).values_list("pk", flat=True)[:100]:
        operations.return_escrow(request_id=request_id, at=timezone.now())
