"""What the clock does for this room."""

from celery import shared_task
from django.utils import timezone

from marketplace.insights import memories, rotation


@shared_task
def rotate_keys() -> None:
    """Begin the next epoch of the vault's key on its day, and destroy the old key on its own."""
    rotation.rotate_when_due(at=timezone.now(), actor="system:clock")
