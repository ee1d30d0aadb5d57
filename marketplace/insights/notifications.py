"""A hint to the worker that there is something to match. The clock finds it anyway."""

from celery import current_app
from django.conf import settings
from django.db import transaction


def wake_matching_on_commit() -> None:
    """Ask for matching right after the commit; without Redis the hint is lost and the clock does it."""
    transaction.on_commit(lambda: current_app.send_task(settings.MATCHING_TASK), robust=True)
