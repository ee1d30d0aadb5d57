"""Who somebody is stands in every notice: while an organisation acts, nobody renames it under open questions."""

import pytest

from consent.parties.models import Membership, Organisation, Seat
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

WORDS = {"name_ko": "다른 이름", "name_en": "Another name", "address": "다른 길 9", "contact": "02-999-9999"}


def change(organisation: Organisation) -> Organisation:
    browser = signed_in(factories.admin(), second_factor=True)
    verified = organisation.verified_at
    when = {"verified_at_0": f"{verified:%Y-%m-%d}", "verified_at_1": f"{verified:%H:%M:%S}"} if verified else {}
    browser.post(f"/admin/parties/organisation/{organisation.pk}/change/", WORDS | when)
    return Organisation.objects.get(pk=organisation.pk)


def said(organisation: Organisation) -> dict[str, str]:
    return {name: getattr(organisation, name) for name in WORDS}


def test_the_words_of_one_that_acts_stand_still():
    school = factories.organisation()

    assert said(change(school)) == said(school)


def test_those_of_one_that_is_not_verified_are_set_right():
    newcomer = factories.organisation(verified_at=None)

    assert said(change(newcomer)) == WORDS


def give_seat(person, *, browser):
    told = {"user": person.pk, "organisation": factories.organisation().pk, "role": "staff"}
    return browser.post("/admin/parties/seat/add/", told)


def test_a_seat_goes_to_nobody_who_lives_in_a_home():
    browser, mother, newcomer = signed_in(factories.admin(), second_factor=True), factories.member(), factories.user()

    refused, given = give_seat(mother, browser=browser), give_seat(newcomer, browser=browser)

    assert (refused.status_code, given.status_code) == (200, 302)
    assert "식구인 분께는 기관의 자리를 드릴 수 없어요" in refused.text
    assert not Seat.objects.filter(user=mother).exists()
    assert Seat.objects.filter(user=newcomer).exists()


def test_who_sits_and_lives_somewhere_may_still_get_another_role():
    """A place from before: the desk can still make less of it."""
    browser, seat = signed_in(factories.admin(), second_factor=True), factories.staff().seat
    Membership.objects.create(household=factories.household(), user=seat.user, role="adult")

    told = {"user": seat.user_id, "organisation": seat.organisation_id, "role": "auditor"}
    browser.post(f"/admin/parties/seat/{seat.pk}/change/", told)

    seat.refresh_from_db()
    assert seat.role == "auditor"
