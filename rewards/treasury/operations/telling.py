"""Writing to homes whose tokens end soon, once each."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F

from rewards.treasury import notifications
from rewards.treasury.models import ExpiryNotice

logger = logging.getLogger(__name__)
#: Afterwards the wallet alone says it.
TRIES = 5
BATCH = 50


def mail_notices(*, at: datetime, limit: int = BATCH) -> int:
    """Write to the adults of homes that were not written to yet; return to how many homes.

    A notice is marked before its mails leave: a mail that is lost is better than one that comes every few seconds.
    One that cannot be handed over is tried again, five times.
    """
    waiting = ExpiryNotice.objects.filter(mailed_at=None, tries__lt=TRIES).order_by("tries", "pk")
    return sum(_mail(notice_id, at=at) for notice_id in waiting.values_list("pk", flat=True)[:limit])


def _mail(notice_id: int, *, at: datetime) -> bool:
    notice = _claim(notice_id, at=at)
    if notice is None:
        return False
    try:
        notifications.write_expiring(notice)
    except OSError as exc:
        ExpiryNotice.objects.filter(pk=notice.pk).update(mailed_at=None)
        logger.warning("a notice could not be mailed: %s", type(exc).__name__)
        return False
    return True


@transaction.atomic(durable=True)
def _claim(notice_id: int, *, at: datetime) -> ExpiryNotice | None:
    rows = ExpiryNotice.objects.select_for_update(skip_locked=True, no_key=True)
    notice = rows.filter(pk=notice_id, mailed_at=None, tries__lt=TRIES).first()
    if notice is not None:
        ExpiryNotice.objects.filter(pk=notice.pk).update(mailed_at=at, tries=F("tries") + 1)
    return notice
