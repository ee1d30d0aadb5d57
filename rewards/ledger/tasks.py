"""What the clock does here."""

from celery import shared_task

from rewards.ledger import operations


@shared_task
def expire_holds() -> None:
    """Free the holds whose time has passed, in batches."""
    while operations.expire_holds():
        pass
