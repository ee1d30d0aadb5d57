"""What the clock and the worker do for this room. The work waits in tables; each run takes what nobody else has."""

import logging

from celery import shared_task
from django.utils import timezone

from consent.records import operations as records
from marketplace.brokerage import operations, proofs

logger = logging.getLogger(__name__)


@shared_task
def match_insights() -> None:
    """Ask about new insights until none is left."""
    while operations.match_insights(at=timezone.now()):
        pass


@shared_task
def tidy_asks() -> None:
    """Move asks past their deadline, and asks whose terms changed, out of the waiting ones."""
    records.expire_asks(at=timezone.now())
    operations.cancel_void_asks(at=timezone.now())


@shared_task
def mark_exhausted() -> None:
    """Stop data requests whose budget is spent."""
    operations.mark_exhausted(at=timezone.now())


@shared_task
def forget_insights() -> None:
    """Destroy the values that nobody needs any more."""
    while operations.forget_insights(at=timezone.now()):
        pass


@shared_task
def suspend_overdue_buyers() -> None:
    """Stop the buyers that did not erase in time what they had to."""
    operations.suspend_overdue_buyers(at=timezone.now())


@shared_task
def count_status() -> None:
    """Count what goes together and what stands alone, for the status page, and cry out about the latter."""
    counted = proofs.keep_status(at=timezone.now())
    if counted is not None and counted.orphans:
        logger.error("%d consents, payments and releases stand alone", counted.orphans)
