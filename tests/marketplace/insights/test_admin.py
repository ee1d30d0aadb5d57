"""Admins see how the day's insights were told, in shares; whose they were and what they said is not there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.insights.models import Insight
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/insights/insight/"


def test_the_shares_of_a_day_and_nothing_of_a_home():
    home = factories.household(name="바람골 셋집")
    told = [factories.insight(of=home, source=f"urn:device:{n}") for n in range(3)]
    with factories.as_owner():
        Insight.objects.filter(pk=told[0].pk).update(assurance="signed")
    old = factories.insight(of=home, source="urn:device:old")
    with factories.as_owner():
        Insight.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=2))
    desk = signed_in(factories.admin(), second_factor=True)

    page = desk.get(LIST).content.decode()

    assert "가전이 스스로 서명했어요 (1)" in page
    assert "허브가 제 열쇠로 대신 전했어요 (2)" in page
    assert "바람골" not in page
    assert str(home.pk) not in page


def test_no_page_of_one_insight():
    insight = factories.insight(of=factories.household())
    desk = signed_in(factories.admin(), second_factor=True)

    for what in ("change", "delete", "history"):
        assert desk.get(f"{LIST}{insight.pk}/{what}/").status_code in (302, 403)
    assert desk.get(f"{LIST}add/").status_code == 403
