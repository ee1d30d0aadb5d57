"""What the clock does here."""

from celery import shared_task
from django.utils import timezone

from rewards.redemption import operations


@shared_task(name="redemption.lapse_orders", ignore_result=True)
def lapse_orders() -> int:
    """Tidy up the orders nobody answered; they read as cancelled already."""
    return operations.lapse_orders(at=timezone.now())
