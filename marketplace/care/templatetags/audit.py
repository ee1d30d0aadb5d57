"""Words that only the auditor's desk needs: how long something lasted, and what does not agree."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

MISMATCHES = {
    "no_consent": _("허락이 없는 지급"),
    "no_payment": _("지급이 없는 허락"),
    "no_release": _("전달이 없는 지급"),
    "no_receipt": _("영수증이 없는 허락"),
    "other_consent": _("다른 허락을 적은 지급"),
    "other_escrow": _("다른 예치에서 나간 지급"),
    "other_number": _("전달 번호가 다름"),
    "other_price": _("나간 토큰이 영수증과 다름"),
    "other_tokens": _("들어간 토큰이 영수증과 다름"),
}


@register.filter
def lasted(span: timedelta) -> str:
    """3일 / 5시간 / 12분 / 40초: the largest whole unit, cut down."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds >= 86_400:
        return gettext("%(count)d일") % {"count": seconds // 86_400}
    if seconds >= 3_600:
        return gettext("%(count)d시간") % {"count": seconds // 3_600}
    if seconds >= 60:
        return gettext("%(count)d분") % {"count": seconds // 60}
    return gettext("%(count)d초") % {"count": seconds}


@register.filter
def mismatch(reason: str) -> str:
    """Say in words what does not agree in a deal."""
    return str(MISMATCHES.get(reason, reason))
