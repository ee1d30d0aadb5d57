"""Who somebody is stands in every notice: while an organisation acts, nobody renames it under open questions."""

import pytest

from consent.parties.models import Organisation
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
