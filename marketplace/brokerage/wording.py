"""Words bent so that they stand well inside a sentence, in Korean and in English."""

from datetime import date, datetime

from django.utils import formats, timezone
from django.utils.translation import npgettext

from consent.parties.languages import language
from marketplace.appliances.models import Appliance


def with_particle(word: str) -> str:
    """Put the subject particle behind a Korean word; leave other words as they are."""
    code = ord(word[-1]) - 0xAC00
    if not 0 <= code < 11172:
        return word
    return f"{word}{'이' if code % 28 else '가'}"


def appliance_name(appliance: Appliance) -> str:
    """Return what kind of appliance it is, as it stands inside a sentence."""
    name = str(appliance.get_type_display())
    return f"{name[0].lower()}{name[1:]}" if language() == "en" else name


def month_day(moment: date | datetime) -> str:
    """Write a day as people say it: 12월 20일, December 20."""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return formats.date_format(local, "MONTH_DAY_FORMAT")


def once_in(seconds: int) -> str:
    """Say a rhythm as it stands in "하루에 한 번" and "about once every day", in the largest unit that fits."""
    days, hours, minutes = (round(seconds / unit) for unit in (86_400, 3_600, 60))
    if days:
        return npgettext("every", "하루", "%(count)s일", days) % {"count": days}
    if hours:
        return npgettext("every", "한 시간", "%(count)s시간", hours) % {"count": hours}
    if minutes:
        return npgettext("every", "1분", "%(count)s분", minutes) % {"count": minutes}
    return npgettext("every", "1초", "%(count)s초", seconds) % {"count": seconds}
