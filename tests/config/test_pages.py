"""The frame around every room, seen by somebody who is not signed in."""

import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string

FRONT = [
    "/",
    "/privacy-notice",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
]
PROBLEMS = ["400", "403", "403_csrf", "404", "409", "410", "413", "429", "500"]
INLINE = re.compile(
    r"\sstyle\s*=|<style|\son\w+\s*=|javascript:|<script(?![^>]*(?:\ssrc=|application/json))", re.IGNORECASE
)


@pytest.mark.django_db
@pytest.mark.parametrize("path", FRONT)
def test_a_page_opens_for_a_stranger_in_korean(client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert '<html lang="ko">' in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", FRONT)
def test_a_page_opens_for_a_stranger_in_english_without_a_korean_word(client, path):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    answer = client.get(path)

    assert '<html lang="en">' in answer.text
    assert set(re.findall(r"[가-힣]+", answer.text)) == {"한국어"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", FRONT)
def test_a_page_holds_nothing_that_the_content_policy_would_drop(client, path):
    answer = client.get(path)

    assert INLINE.findall(answer.text) == []
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_page_needs_neither_a_request_nor_a_database(name):
    page = render_to_string(f"{name}.html")

    assert "<h1>" in page
    assert "처음으로 가기" in page
    assert INLINE.findall(page) == []


@pytest.mark.django_db
def test_an_unknown_address_says_so_with_a_way_back(client):
    answer = client.get("/no-such-room")

    assert answer.status_code == 404
    assert "여기에는 아무것도 없어요" in answer.text


@pytest.mark.django_db
def test_a_browser_that_looks_for_an_icon_by_itself_finds_one(client):
    """The admins' desk names none, and its pages are Django's."""
    assert client.get("/favicon.ico").headers["Location"] == "/static/icon.svg"


@pytest.mark.django_db
def test_the_front_door_costs_a_stranger_no_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/")


@pytest.mark.django_db
def test_a_stranger_keeps_the_chosen_language_in_a_cookie(client):
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/"})

    assert answer.status_code == 302
    assert answer.url == "/"
    assert '<html lang="en">' in client.get("/").text


@pytest.mark.django_db
def test_the_language_switch_never_leads_to_another_site(client):
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "https://elsewhere.example/"})

    assert answer.url == "/"


@pytest.mark.django_db
def test_the_way_home_asks_a_stranger_to_sign_in(client):
    assert client.get("/home").url == "/accounts/login/?next=/home"
