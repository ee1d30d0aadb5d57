"""What somebody was answered by name is kept by no cache on the way, and by no browser after they left."""

import pytest
from django.test import Client

from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db

OF_A_HOME = ["/inbox", "/wallet", "/api/v1/asks", "/api/v1/consents", "/api/v1/wallet", "/api/v1/accesses"]
OF_A_BUYER = ["/buyer/data-requests", "/buyer/records", "/buyer/budget", "/api/v1/data-requests", "/api/v1/withdrawals"]


@pytest.mark.parametrize("path", OF_A_HOME)
def test_a_homes_answers_are_not_stored(path):
    answer = signed_in(factories.member()).get(path)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", OF_A_BUYER)
def test_a_buyers_answers_are_not_stored(path):
    answer = signed_in(factories.staff(of=factories.organisation())).get(path)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_a_keys_answers_are_not_stored(client):
    key = factories.buyer_key(of=factories.organisation())

    answer = client.get("/api/v1/budget", headers={"Authorization": f"Bearer {key}"})

    assert "no-store" in answer["Cache-Control"]


def test_what_says_itself_how_long_it_holds_is_left_alone():
    answer = signed_in(factories.member()).get("/api/v1/schema")

    assert answer["Cache-Control"] == "public, max-age=300"


def test_strangers_are_answered_as_before():
    assert not Client().get("/").has_header("Cache-Control")
