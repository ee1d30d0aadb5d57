"""Somebody who signed in hears the language they chose, on every browser."""

import pytest
from django.conf import settings
from django.test import Client

from consent.parties.models import User


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user(email="jiwoo@maru.example", name="지우")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_a_choice_made_in_one_browser_holds_in_another(person):
    signed_in(person).post("/i18n/setlang/", {"language": "en", "next": "/"})

    elsewhere = signed_in(User.objects.get(pk=person.pk)).get("/")

    assert '<html lang="en">' in elsewhere.text


def test_a_browser_that_was_told_another_language_keeps_it(person):
    client = signed_in(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    assert '<html lang="en">' in client.get("/").text


@pytest.mark.parametrize("language", ["xx", "de", "pt-br", "zh-hans", "sr-latn", ""])
def test_a_language_that_maru_does_not_speak_changes_nothing(person, language):
    answer = signed_in(person).post("/i18n/setlang/", {"language": language, "next": "/"})

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.locale == "ko"
