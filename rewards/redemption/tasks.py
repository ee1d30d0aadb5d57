"""What the clock does here."""

from celery import shared_task
from django.utils import timezone

from rewards.redemption import operations


@shared_task
def lapse_orders() -> None:
    """Tidy up the orders nobody answered; they read as cancelled already."""
    operations.lapse_orders(at=timezone.now())
