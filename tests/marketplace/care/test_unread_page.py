"""Admins see which homes withdraw again and again before anybody reads, and nothing of what was released."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.brokerage import operations
from marketplace.brokerage.queries import unread_withdrawals
from marketplace.delivery.models import Release
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member(name="윤하늘")


@pytest.fixture
def three(mother):
    """Three yeses that were taken back before anybody read."""
    request = factories.open_request()
    deals = [factories.deal(by=mother, request=request, source=f"urn:{number}") for number in range(3)]
    for deal in deals:
        operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
    return deals


def test_three_in_thirty_days_are_worth_a_look_and_two_are_not(mother, three):
    (found,) = unread_withdrawals(at=timezone.now())
    Release.objects.filter(pk=three[0].release.pk).update(closed_at=timezone.now() - timedelta(days=31))

    assert (found.household, found.times, found.tokens) == (mother.membership.household_id, 3, 360)
    assert unread_withdrawals(at=timezone.now()) == []


def test_what_was_read_before_is_no_reason(three):
    Release.objects.filter(pk=three[0].release.pk).update(first_read_at=timezone.now())

    assert unread_withdrawals(at=timezone.now()) == []


def test_the_page_names_a_home_by_a_number_and_nothing_more(mother, three):
    page = signed_in(factories.admin(), second_factor=True).get("/review/withdrawals").text

    assert str(mother.membership.household_id)[:8] in page
    assert "360" in page
    for secret in (mother.name, mother.membership.household.name, three[0].release.organisation.name_ko, "62"):
        assert f">{secret}<" not in page


def test_an_empty_queue_says_so():
    assert "살펴볼 집이 없어요." in signed_in(factories.admin(), second_factor=True).get("/review/withdrawals").text


@pytest.mark.parametrize("who", [factories.member, factories.staff, factories.auditor])
def test_is_for_admins_only(who):
    assert signed_in(who(), second_factor=True).get("/review/withdrawals").status_code in (403, 404)
