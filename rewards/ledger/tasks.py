"""What the clock does here."""

import logging

from celery import shared_task

from rewards.ledger import liabilities, operations, sealing

logger = logging.getLogger(__name__)

BATCH = 500
#: Totals are written down so many rows apart; a look back adds up twice as many at most.
ROLL_UP_ROWS = 5_000


@shared_task
def expire_holds() -> None:
    """Free every hold whose time has passed, one short transaction per batch."""
    while operations.expire_holds(limit=BATCH) == BATCH:
        pass


@shared_task
def seal() -> None:
    """Seal what has been committed since the last time, say what is owed when it is due, and cry out when late."""
    sealing.seal()
    liabilities.tell_if_due()
    behind = sealing.seconds_behind()
    if behind > sealing.LATE_SECONDS:
        logger.error("the ledger's seal is %d seconds behind", behind)


@shared_task
def roll_up() -> None:
    """Write down the totals of every kind of account, once enough rows have come."""
    operations.roll_up(stretch=ROLL_UP_ROWS)
