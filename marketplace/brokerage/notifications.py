"""Mails of this room. They tell; they change nothing."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext

from consent.parties.models import User

logger = logging.getLogger(__name__)


def tell_taken_out(*, person: User, home: str) -> None:
    """Write to somebody that they were taken out of a home, and what that means. A mail that fails stops nothing."""
    with translation.override(person.locale):
        told = {"home": home, "welcome": f"{settings.BASE_URL}/welcome"}
        subject = gettext("%(home)s의 식구에서 나오셨어요") % told
        try:
            send_mail(subject, _letter() % told, settings.DEFAULT_FROM_EMAIL, [person.email])
        except OSError as exc:
            logger.warning("somebody taken out of a home could not be told by mail: %s", type(exc).__name__)


def _letter() -> str:
    return gettext(
        "안녕하세요.\n\n"
        "%(home)s의 어른이 회원님을 식구에서 내보냈어요. 이제 그 집의 질문과 기록은 보이지 않아요. "
        "회원님만의 가전에 대해 이어지던 허락은 모두 끝났고, 그 가전이 알아챈 값은 없앴어요.\n\n"
        "로그인은 그대로예요. 새 집을 열거나 다른 집의 초대를 받으실 수 있어요: %(welcome)s\n\n"
        "마루 드림\n"
    )
