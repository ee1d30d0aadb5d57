"""An appliance that speaks, and its page as tests read it."""

import re
from datetime import timedelta

from django.utils import timezone

from tests import factories
from tests.browsers import signed_in


def said(home, value, *, ago=timedelta(minutes=5), **fields):
    at = timezone.now()
    return factories.insight(of=home, value=value, at=at, observed_at=at - ago, **fields).appliance


def page(user, appliance, query="", **headers):
    return signed_in(user).get(f"/appliances/{appliance.pk}{query}", headers=headers)


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace("&nbsp;", "\N{NO-BREAK SPACE}")
