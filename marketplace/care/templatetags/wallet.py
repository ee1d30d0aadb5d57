"""Months as people name them."""

from datetime import date

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import pgettext

register = template.Library()


@register.filter
def month_name(value: date) -> str:
    """11월, and 2025년 12월 when it is not this year's / November, December 2025."""
    if value.year == timezone.localdate().year:
        return format_date(value, pgettext("date format", "n월"))
    return format_date(value, pgettext("date format", "Y년 n월"))


@register.filter
def month_short(value: date) -> str:
    """11월 / Nov: the form that stands under a bar."""
    return format_date(value, pgettext("short month", "n월"))
