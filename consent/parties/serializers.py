"""Shapes that several rooms take from outside."""

from datetime import datetime

from rest_framework import serializers


class Moment(serializers.DateTimeField):
    """A time somebody sends. Without a zone it is Seoul's, and what no zone can say is refused.

    The framework's own field raises on the first hours of the year 1.
    """

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")
