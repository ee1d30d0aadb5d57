"""When tokens end: at the first midnight of a month, in Seoul, after their lifetime has passed.

One day of ending a month keeps the messages few, and a month's tokens together.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

#: How long before its end a home is told.
NOTICE = timedelta(days=30)


def lifetime() -> timedelta:
    """Return how long a token lives before the month in which it ends."""
    return timedelta(days=settings.TOKEN_DAYS)


def first_of(at: datetime) -> date:
    """Return the first day of the month of `at`, in Seoul."""
    return timezone.localdate(at).replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first + timedelta(days=31)).replace(day=1)


def midnight(first: date) -> datetime:
    """Return the moment a day begins in Seoul."""
    return timezone.make_aware(datetime(first.year, first.month, first.day))


def cutoff_of(on: date) -> datetime:
    """Return the moment before which a token must have been earned to end on `on` or before."""
    return midnight(on) - lifetime()


def end_of(earned_at: datetime) -> date:
    """Return the day on which a token earned at `earned_at` ends."""
    return next_month(first_of(earned_at + lifetime()))


def last_day_within_notice(at: datetime) -> date:
    """Return the latest day of ending of which homes are told by `at`, thirty days before it or less."""
    return first_of(at + NOTICE)


def days_within_notice(at: datetime) -> list[date]:
    """Return the days of ending that are over or come within thirty days, the soonest first."""
    return sorted({first_of(at), first_of(at + NOTICE), min(next_month(first_of(at)), first_of(at + NOTICE))})


def boundaries(at: datetime) -> list[datetime]:
    """Return the cutoffs of every day of ending that a token of today may have, the soonest first."""
    on, last, cutoffs = first_of(at), end_of(at), []
    while on <= last:
        cutoffs.append(cutoff_of(on))
        on = next_month(on)
    return cutoffs
