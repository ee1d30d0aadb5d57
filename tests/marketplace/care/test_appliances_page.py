"""The appliances of a home: never share, what each one is, and the hub's keys."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from consent.parties.models import AuditEntry, MachineKey, Membership
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.errors import AppliancePrivate
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def purifier(mother):
    return factories.insight(of=mother.membership.household).appliance


def test_shows_each_appliance_with_its_last_word_and_how_much_it_noticed(mother, purifier):
    factories.insight(of=mother.membership.household, value=40, observed_at=timezone.now() - timedelta(hours=1))

    page = signed_in(mother).get("/appliances").text

    assert f'id="appliance-{purifier.pk}"' in page
    assert "이레 동안 2가지를 알아챘어요." in page
    assert "소식이 왔어요" in page


def test_says_since_when_an_appliance_is_silent(mother, purifier):
    Appliance.objects.update(last_seen_at=timezone.now() - timedelta(days=4))

    page = signed_in(mother).get("/appliances").text
    Appliance.objects.update(last_seen_at=timezone.now() - timedelta(hours=47))

    assert "부터 소식이 없어요" not in signed_in(mother).get("/appliances").text
    assert "부터 소식이 없어요" in page
    assert "소식이 없는 가전이 한 대 있어요." in page


def test_never_share_ends_the_asks_of_that_appliance(mother):
    ask = factories.ask(of=mother.membership.household)
    shown = factories.shown(ask, by=mother).preview.sha256
    appliance = ask.offer.insight.appliance

    sent = signed_in(mother).post(f"/appliances/{appliance.pk}/sharing", {"never_share": "on"})

    assert sent.status_code == 303
    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=mother, preview_sha256=shown)
    factories.insight(of=mother.membership.household, value=80, observed_at=timezone.now() - timedelta(minutes=1))
    brokerage.match_insights(at=timezone.now() + timedelta(seconds=1))
    assert type(ask).objects.count() == 1


def test_without_the_box_the_appliance_may_be_asked_about_again(mother, purifier):
    Appliance.objects.update(never_share=True)

    signed_in(mother).post(f"/appliances/{purifier.pk}/sharing", {})

    purifier.refresh_from_db()
    assert not purifier.never_share
    assert AuditEntry.objects.filter(action="appliance.may_be_asked").count() == 1


def test_with_htmx_the_one_card_comes_back(mother, purifier):
    path, said = f"/appliances/{purifier.pk}/sharing", {"never_share": "on"}

    sent = signed_in(mother).post(path, said, headers={"HX-Request": "true"})

    assert sent.text.lstrip().startswith('<li class="appliance-card"')
    assert re.search(r'name="never_share" checked', sent.text)


def test_a_teen_changes_only_what_is_their_own(mother, purifier):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    browser = signed_in(teen)

    assert "<form" not in re.search(r"<footer>.*?</footer>", browser.get("/appliances").text, re.DOTALL)[0]
    assert browser.post(f"/appliances/{purifier.pk}/sharing", {"never_share": "on"}).status_code == 403
    Appliance.objects.update(private_to=teen.membership)
    assert browser.post(f"/appliances/{purifier.pk}/sharing", {"never_share": "on"}).status_code == 303
    assert signed_in(mother).post(f"/appliances/{purifier.pk}/sharing", {}).status_code == 404


def test_per_cent_stands_beside_its_number_and_other_units_a_space_away(mother):
    home = mother.membership.household
    factories.insight(of=home, value=54, kind="climate.humidity", unit="%", source="urn:1")
    factories.insight(of=home, value=62, source="urn:2")

    page = signed_in(mother).get("/appliances").text

    assert "54</b>%" in page
    assert "62</b>\N{NO-BREAK SPACE}µg/m³" in page


def test_a_new_key_is_shown_once_and_works(mother):
    browser = signed_in(mother)

    sent = browser.post("/appliances/keys", {"label": "거실 허브"})

    text = re.search(r"<code>(maru_\w+_[\w-]+)</code>", sent.text)[1]
    assert "no-store" in sent.headers["Cache-Control"]
    again = browser.get("/appliances").text
    assert text not in again
    assert "거실 허브" in again
    assert "허브 허브" not in re.sub(r"(<[^>]+>|\s)+", " ", again)
    answer = Client().post(
        "/api/v1/insights", "[]", content_type="application/cloudevents-batch+json",
        headers={"authorization": f"Bearer {text}"},
    )  # fmt: skip
    assert answer.status_code not in (401, 403)


def test_a_revoked_key_opens_nothing_any_more(mother):
    text = factories.hub_key(of=mother.membership.household)
    key = MachineKey.objects.get()

    sent = signed_in(mother).post(f"/appliances/keys/{key.pk}/revoke")

    assert sent.status_code == 303
    answer = Client().post(
        "/api/v1/insights", "[]", content_type="application/json", headers={"authorization": f"Bearer {text}"}
    )
    assert answer.status_code == 401


def test_a_teen_neither_makes_nor_revokes_keys(mother):
    factories.hub_key(of=mother.membership.household)
    teen = signed_in(factories.member(of=mother.membership.household, role=Membership.Role.TEEN))

    assert teen.post("/appliances/keys", {"label": "x"}).status_code == 403
    assert teen.post(f"/appliances/keys/{MachineKey.objects.get().pk}/revoke").status_code == 403
    assert MachineKey.objects.get().revoked_at is None


def test_another_home_finds_nothing(mother, purifier):
    factories.hub_key(of=mother.membership.household)
    neighbour = signed_in(factories.member())

    assert str(purifier.pk) not in neighbour.get("/appliances").text
    assert neighbour.post(f"/appliances/{purifier.pk}/sharing", {}).status_code == 404
    assert neighbour.post(f"/appliances/{purifier.pk}", {}).status_code == 404
    assert neighbour.post(f"/appliances/keys/{MachineKey.objects.get().pk}/revoke").status_code == 404


def test_speaks_english_without_a_korean_word_of_its_own(mother, purifier):
    browser = signed_in(mother)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    page = browser.get("/appliances").text

    assert "Air purifier" in page
    assert set(re.findall(r"[가-힣]+", page)) == {"한국어", "집"}


def test_a_home_without_appliances_hears_how_they_come_in(mother):
    assert "아직 들인 가전이 없어요" in signed_in(mother).get("/appliances").text


@pytest.mark.parametrize("appliances", [1, 8])
def test_costs_the_same_number_of_statements_however_many_there_are(mother, appliances, django_assert_num_queries):
    for number in range(appliances):
        factories.insight(of=mother.membership.household, source=f"urn:{number}")
    browser = signed_in(mother)
    browser.get("/appliances")

    with django_assert_num_queries(14):
        browser.get("/appliances")
