"""What the clock and the worker do for this room. The work waits in tables; each run takes what nobody else has."""

from celery import shared_task
from django.utils import timezone

from marketplace.delivery import operations, sender


@shared_task
def send_messages() -> None:
    """Hand waiting messages to the buyers' addresses."""
    sender.send_due_messages(at=timezone.now())


@shared_task
def close_due_releases() -> None:
    """Destroy the copies of records past their end."""
    while operations.close_due_releases(at=timezone.now()):
        pass
