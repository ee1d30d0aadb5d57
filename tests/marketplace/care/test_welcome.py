"""Somebody who has just come in opens a home, once, and is asked carefully from then on."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import Household
from consent.records.models import Preference
from marketplace.care import operations
from rewards.ledger.queries import balance_of, wallet_address
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(client):
    person = factories.user()
    client.force_login(person)
    return person


def test_a_newcomer_is_led_to_open_a_home(client, newcomer):
    assert client.get("/home").url == "/welcome"
    assert "우리 집을 열어 볼까요" in client.get("/welcome").content.decode()


def test_who_comes_for_an_organisation_finds_a_way_on_and_no_home_in_it(client, newcomer):
    asks = re.search(r'href="([^"]+)">데이터를 청하고 싶어요', Client().get("/").text)[1]
    answer = client.get(asks, follow=True)

    assert answer.request["PATH_INFO"] == "/welcome"
    assert "기관의 자리 부탁하기" in answer.text
    assert 'href="mailto:' in answer.text


def test_a_new_home_has_a_wallet_a_careful_line_and_its_first_adult(client, newcomer):
    area = factories.area()

    answer = client.post("/welcome", {"name": "지우네", "area": area.pk})

    home = Household.objects.get()
    assert answer.url == "/appliances"
    assert home.memberships.get().user == newcomer
    assert home.memberships.get().is_adult
    assert Preference.objects.get(household=home).asks_per_week == 5
    assert balance_of(wallet_address(home)).available == 0


@pytest.mark.parametrize("fields", [{}, {"name": "", "area": "KR-HB-3"}, {"name": "집", "area": "nowhere"}])
def test_what_is_missing_is_said_and_nothing_is_made(client, newcomer, fields):
    factories.area()

    answer = client.post("/welcome", fields)

    assert answer.status_code == 422
    assert not Household.objects.exists()


@pytest.mark.parametrize("who", [factories.member, factories.staff])
def test_nobody_opens_a_second_home(client, who):
    person = who()
    client.force_login(person)
    before = Household.objects.count()

    assert client.get("/welcome").url == "/home"
    with pytest.raises(NotPermitted):
        operations.move_in(user=person, name="둘째 집", area=factories.area(), at=timezone.now())
    assert Household.objects.count() == before


def test_who_has_no_place_yet_is_led_from_a_room_of_a_home_to_the_welcome():
    newcomer = signed_in(factories.user())

    assert newcomer.get("/inbox", follow=True).redirect_chain[-1][0] == "/welcome"
    assert newcomer.post("/privacy").status_code == 403
    assert signed_in(factories.staff()).get("/inbox").status_code == 403
