"""What the clock does here."""

from celery import shared_task

from rewards.ledger import operations, sealing

BATCH = 500


@shared_task(name="ledger.expire_holds", ignore_result=True)
def expire_holds() -> None:
    """Free every hold whose time has passed, one short transaction per batch."""
    while operations.expire_holds(limit=BATCH) == BATCH:
        pass


@shared_task(name="ledger.seal", ignore_result=True)
def seal() -> None:
    """Seal what has been committed since the last time."""
    sealing.seal()
