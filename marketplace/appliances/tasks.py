"""What the clock does for this room."""

from celery import shared_task
from django.utils import timezone

from marketplace.appliances import operations


@shared_task
def prune_pairing() -> None:
    """Forget what pairing, signing and counting kept for a while only."""
    operations.prune(at=timezone.now())
    operations.prune_broker(at=timezone.now())
