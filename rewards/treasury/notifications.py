"""Mails of this room. They tell; they change nothing."""

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from consent.parties.models import Membership, User
from rewards.treasury.models import ExpiryNotice


def write_expiring(notice: ExpiryNotice) -> None:
    """Write to every adult of a home, in the language of each, what ends and when.

    Raises:
        OSError: the mail server took none.
    """
    adults = User.objects.filter(
        membership__household=notice.household_id, membership__role=Membership.Role.ADULT, is_active=True
    )
    for adult in adults:
        with translation.override(adult.locale):
            send_mail(*_letter(notice), settings.DEFAULT_FROM_EMAIL, [adult.email])


def _letter(notice: ExpiryNotice) -> tuple[str, str]:
    words = {
        "tokens": f"{notice.tokens:,}",
        "day": date_format(notice.on, "DATE_FORMAT"),
        "wallet": f"{settings.BASE_URL}/wallet",
        "shop": f"{settings.BASE_URL}/shop",
    }
    body = gettext(
        "안녕하세요.\n\n"
        "우리 집 토큰 가운데 가장 오래된 %(tokens)s 토큰이 %(day)s에 사라져요. 그 전에 쓰시면 사라지지 않아요. "
        "예약해 두신 토큰은 그대로예요.\n\n"
        "지갑: %(wallet)s\n"
        "가게: %(shop)s\n\n"
        "마루 드림\n"
    )
    return gettext("%(day)s에 %(tokens)s 토큰이 사라져요") % words, body % words
