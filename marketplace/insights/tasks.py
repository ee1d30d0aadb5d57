"""What the clock does for this room."""

from celery import shared_task
from django.utils import timezone

from marketplace.insights import memories, rotation, twin


@shared_task
def rotate_keys() -> None:
    """Begin the next epoch of the vault's key on its day, and destroy the old key on its own."""
    rotation.rotate_when_due(at=timezone.now(), actor="system:clock")


@shared_task
def forget_memories() -> None:
    """Destroy what rules remember of appliances that have long been silent."""
    memories.forget_unused(at=timezone.now())


@shared_task
def keep_twin() -> None:
    """Make the table of the coming month of the twin's history, and end the months past the horizon."""
    twin.keep_months(at=timezone.now())
