"""What the clock does here."""

from celery import shared_task
from django.utils import timezone

from rewards.treasury import operations


@shared_task
def tell_expiring() -> None:
    """Write down what ends within thirty days, and write to the homes."""
    operations.tell_expiring(at=timezone.now())
    operations.mail_notices(at=timezone.now())


@shared_task
def expire_tokens() -> None:
    """Take what is over, once a month."""
    operations.expire_tokens(at=timezone.now())
