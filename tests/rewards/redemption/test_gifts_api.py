"""POST /api/v1/gifts and the pages beside it: a browser of an adult, once per key, and nothing for anybody else."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption import operations
from rewards.redemption.models import Gift
from tests import factories
from tests.browsers import signed_in


@pytest.fixture
def code(neighbour):
    return operations.open_gift_address(household=neighbour.membership.household, at=timezone.now()).code


def post(browser, body, **headers):
    return browser.post("/api/v1/gifts", json.dumps(body), content_type="application/json", headers=headers)


def tokens(person):
    return balance_of(wallet_address(person.membership.household)).posted


def test_a_gift_is_answered_as_it_stands(mother, neighbour, code):
    answer = post(signed_in(mother), {"to": code, "tokens": 100, "words": "고마워요"})

    gift = Gift.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(gift.pk), "direction": "given", "home": neighbour.membership.household.name, "tokens": 100,
        "words": "고마워요", "given_at": answer.json()["given_at"], "returned_at": None,
    }  # fmt: skip
    assert tokens(neighbour) == 1_100


def test_a_retry_under_its_key_gives_once(mother, neighbour, code):
    browser, body = signed_in(mother), {"to": code, "tokens": 100}

    answers = [post(browser, body, **{"idempotency-key": "tap"}) for _ in range(2)]
    other = post(browser, {**body, "tokens": 5}, **{"idempotency-key": "tap"})

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert tokens(neighbour) == 1_100


def test_numbers_that_take_nothing_have_one_body(mother, code):
    own = operations.open_gift_address(household=mother.membership.household, at=timezone.now()).code

    answers = [post(signed_in(mother), {"to": to, "tokens": 1}) for to in ("23456789ABCD", "x", own)]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [({"tokens": 0}, 400), ({"tokens": -1}, 400), ({"tokens": 1.5}, 400), ({"tokens": "viel"}, 400),
     ({"tokens": 2**53}, 400), ({"tokens": 1_001}, 422), ({"words": "x" * 101}, 400), ({"words": "a\u202eb"}, 422),
     ({"to": "x" * 41}, 400), ({"to": None}, 400)],
)  # fmt: skip
def test_a_gift_that_cannot_be_moves_nothing(mother, code, body, status):
    answer = post(signed_in(mother), {"to": code, "tokens": 1, **body})

    assert answer.status_code == status
    assert (tokens(mother), Gift.objects.count()) == (1_000, 0)


def test_more_than_there_is_is_said_with_both_numbers(mother, neighbour, code):
    poor = factories.member(of=factories.tokens_in_wallet(factories.household(), 7))

    answer = post(signed_in(poor), {"to": code, "tokens": 8})

    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_tokens")
    assert tokens(poor) == 7


@pytest.mark.parametrize("who", ["teen", "child"])
def test_children_give_nothing(request, who, code):
    answer = post(signed_in(request.getfixturevalue(who)), {"to": code, "tokens": 1})

    assert (answer.status_code, Gift.objects.count()) == (403, 0)


def test_keys_strangers_and_forged_posts_give_nothing(mother, code, home):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(mother)
    key = factories.hub_key(of=home)
    bearer = Client(headers={"authorization": f"Bearer {key}"})

    answers = [post(browser, {"to": code, "tokens": 1}) for browser in (Client(), careful, bearer)]

    assert [answer.status_code for answer in answers] == [401, 403, 403]
    assert not Gift.objects.exists()


def test_the_list_tells_each_home_its_side_and_a_child_nothing(mother, neighbour, child, code):
    post(signed_in(mother), {"to": code, "tokens": 100})

    mine, theirs = (signed_in(person).get("/api/v1/gifts").json()["data"] for person in (mother, neighbour))

    assert (mine[0]["direction"], theirs[0]["direction"]) == ("given", "received")
    assert theirs[0]["home"] == "지우네"
    assert signed_in(child).get("/api/v1/gifts").status_code == 403
    assert signed_in(factories.member()).get("/api/v1/gifts").json()["data"] == []


def test_who_got_it_returns_it_once_and_others_do_not_find_it(mother, neighbour, code):
    post(signed_in(mother), {"to": code, "tokens": 100})
    address = f"/api/v1/gifts/{Gift.objects.get().pk}/return"

    stranger, giver = (signed_in(person).post(address) for person in (factories.member(), mother))
    answers = [signed_in(neighbour).post(address) for _ in range(2)]

    assert (stranger.status_code, giver.status_code) == (404, 404)
    assert [answer.status_code for answer in answers] == [200, 409]
    assert tokens(mother) == 1_000


# --- pages -----------------------------------------------------------------------------------------------------------


def test_a_page_asks_before_it_gives_and_one_form_gives_once(mother, neighbour, code):
    browser, said = signed_in(mother), {"to": code.lower(), "tokens": "100", "words": "고마워요"}

    asked = browser.post("/wallet/gifts/confirm", said)
    assert (asked.status_code, Gift.objects.count()) == (200, 0)
    assert neighbour.membership.household.name in asked.content.decode()
    given = [browser.post("/wallet/gifts/give", {**said, "tap": str(asked.context["tap"])}) for _ in range(2)]

    assert [answer.status_code for answer in given] == [302, 302]
    assert (tokens(neighbour), Gift.objects.count()) == (1_100, 1)
    assert "고마워요" in signed_in(neighbour).get("/wallet").content.decode()


@pytest.mark.parametrize(
    ("said", "status"), [({"to": "x"}, 409), ({"tokens": "0"}, 422), ({"tokens": "9999"}, 409), ({"to": ""}, 422)]
)
def test_a_page_says_what_to_mend(mother, code, said, status):
    answer = signed_in(mother).post("/wallet/gifts/confirm", {"to": code, "tokens": "5", **said})

    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()


def test_a_first_number_is_made_and_changed_by_an_adult(mother, teen):
    browser = signed_in(mother)
    assert "번호 만들기" in browser.get("/wallet/gifts").content.decode()

    browser.post("/wallet/gifts/number")
    first = mother.membership.household.gift_address.shown
    browser.post("/wallet/gifts/number")

    page = browser.get("/wallet/gifts").content.decode()
    assert first not in page
    assert signed_in(teen).post("/wallet/gifts/number").status_code == 403
    assert "선물은 어른 식구가 해요" in signed_in(teen).get("/wallet/gifts").content.decode()


def test_a_child_and_a_stranger_see_no_gifts(child):
    assert signed_in(child).get("/wallet/gifts").status_code == 403
    assert signed_in(factories.staff()).get("/wallet/gifts").status_code == 404
    assert Client().get("/wallet/gifts").status_code == 302


def test_what_somebody_writes_is_shown_as_text(mother, neighbour, code):
    operations.give_tokens(code=code, tokens=1, words="<script>alert(1)</script>", actor=mother, at=timezone.now())

    page = signed_in(neighbour).get("/wallet/gifts").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
