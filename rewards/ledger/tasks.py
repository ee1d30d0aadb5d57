"""What the clock does here."""

from celery import shared_task

from rewards.ledger import operations, sealing

BATCH = 500


@shared_task
def expire_holds() -> None:
    """Free every hold whose time has passed, one short transaction per batch."""
    while operations.expire_holds(limit=BATCH) == BATCH:
        pass


@shared_task
def seal() -> None:
    """Seal what has been committed since the last time."""
    sealing.seal()
