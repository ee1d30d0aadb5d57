"""The page before leaving, and the way out: what ends, one post, one password."""

import pytest

from consent.parties.models import User
from marketplace.brokerage.operations import leaving
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.brokerage.lived_in import live

pytestmark = pytest.mark.django_db


def test_the_page_names_what_ends_and_talks_nobody_out_of_it(mother):
    live(mother)

    page = signed_in(mother).get("/privacy/leave").text

    for said in (
        "이어지던 허락 2건을 거두어요.",
        "아직 받지 않으셔서 예약을 취소해요.",
        "아무도 쓸 수 없게 돼요.",
        "토큰 선물하기",
        "먼저 모두 가져가기",
    ):
        assert said in page, said
    go, stay = 'class="button quiet">떠날게요', 'class="button quiet" href="/privacy">그대로 있을게요'
    assert go in page
    assert stay in page


def test_leaving_is_one_post_and_the_password_and_ends_in_the_open(mother):
    factories.deal(by=mother)
    browser = signed_in(mother)

    asked = browser.post("/privacy/leave")
    still = User.objects.get(pk=mother.pk).is_active
    sent = browser.post(asked.url, {"password": "a long pass phrase"})

    assert asked.url == "/accounts/reauthenticate/?next=%2Fprivacy%2Fleave"
    assert still
    assert (sent.status_code, sent.url) == (303, "/")
    assert "떠나셨어요." in browser.get("/").text
    assert browser.get("/inbox").status_code == 302
    assert not User.objects.get(pk=mother.pk).is_active


def test_a_long_way_out_is_told_step_by_step_and_goes_on_with_a_button(mother, monkeypatch):
    live(mother)
    monkeypatch.setattr(leaving, "YESES", 1)
    browser = signed_in(mother)

    under_way = browser.post(browser.post("/privacy/leave").url, {"password": "a long pass phrase"})

    assert under_way.status_code == 200
    assert "이어지던 허락 한 건을 거두어요." in under_way.text
    assert "이어서 떠날게요" in under_way.text
    assert User.objects.get(pk=mother.pk).is_active

    done = browser.post("/privacy/leave", headers={"hx-request": "true"})

    assert (done.status_code, done.headers["HX-Redirect"]) == (200, "/")
    assert not User.objects.get(pk=mother.pk).is_active


def test_a_wrong_password_opens_no_door(mother):
    browser = signed_in(mother)

    sent = browser.post(browser.post("/privacy/leave").url, {"password": "somebody else's guess"})

    assert sent.status_code == 200
    assert User.objects.get(pk=mother.pk).is_active


def test_a_stranger_and_a_buyer_have_no_such_door(client):
    assert client.post("/privacy/leave").status_code == 302
    assert signed_in(factories.staff()).post("/privacy/leave").status_code == 403
