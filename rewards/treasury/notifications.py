"""Writing to the adults of a home that some of its tokens end soon."""

import logging
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from consent.parties.models import Membership, User
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
    return sum(_mail(notice_id, at=at) for notice_id in _unmailed(limit))


def _unmailed(limit: int) -> list[int]:
    rows = ExpiryNotice.objects.filter(mailed_at=None, tries__lt=TRIES).order_by("tries", "id")
    return list(rows.values_list("pk", flat=True)[:limit])


def _mail(notice_id: int, *, at: datetime) -> bool:
    with transaction.atomic():
        rows = ExpiryNotice.objects.select_for_update(skip_locked=True, no_key=True)
        notice = rows.filter(pk=notice_id, mailed_at=None, tries__lt=TRIES).first()
        if notice is None:
            return False
        ExpiryNotice.objects.filter(pk=notice.pk).update(mailed_at=at, tries=F("tries") + 1)
    try:
        for adult in User.objects.filter(
            membership__household=notice.household_id, membership__role=Membership.Role.ADULT, is_active=True
        ):
            _write(adult, notice)
    except OSError as exc:
        ExpiryNotice.objects.filter(pk=notice.pk).update(mailed_at=None)
        logger.warning("a notice could not be mailed: %s", type(exc).__name__)
        return False
    return True


def _write(adult: User, notice: ExpiryNotice) -> None:
    with translation.override(adult.locale or settings.LANGUAGE_CODE):
        told = {
            "tokens": f"{notice.tokens:,}",
            "day": date_format(notice.on, "DATE_FORMAT"),
            "wallet": f"{settings.BASE_URL}/wallet",
            "shop": f"{settings.BASE_URL}/shop",
        }
        subject = gettext("%(day)s에 %(tokens)s 토큰이 사라져요") % told
        body = gettext(
            "안녕하세요.\n\n"
            "우리 집 토큰 가운데 가장 오래된 %(tokens)s 토큰이 %(day)s에 사라져요. 그 전에 쓰시면 사라지지 않아요. "
            "예약해 두신 토큰은 그대로예요.\n\n"
            "지갑: %(wallet)s\n"
            "가게: %(shop)s\n\n"
            "마루 드림\n"
        )
        send_mail(subject, body % told, settings.DEFAULT_FROM_EMAIL, [adult.email])
