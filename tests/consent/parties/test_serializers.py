"""A time from outside is one that every zone can say."""

from datetime import UTC, datetime

import pytest
from rest_framework.exceptions import ValidationError

from consent.parties.serializers import Moment


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "x", "", 5]
)
def test_what_no_zone_can_say_is_refused(text):
    with pytest.raises(ValidationError):
        Moment().run_validation(text)


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00", "2026-11-22T03:00:00Z", "2026-11-22T12:00:00+09:00"])
def test_a_time_without_a_zone_is_seouls(text):
    assert Moment().run_validation(text) == datetime(2026, 11, 22, 3, tzinfo=UTC)
