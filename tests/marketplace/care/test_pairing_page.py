"""Letting in, as people see it: the code, its arrival, the keys of what is here, with JavaScript and without."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from consent.parties.models import MachineKey, Membership
from marketplace.appliances import operations
from marketplace.appliances.models import PairedKey, PairingCode
from rewards.redemption.qr import qr_of
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.appliances.hubs import BATCH, Hub, event, pair

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(mother):
    return signed_in(mother)


def invited(browser, *, type="hub", name="거실 허브"):
    """Where the page leads after somebody asked for a code."""
    sent = browser.post("/appliances/pairings", {"type": type, "name": name})
    assert sent.status_code == 303
    return sent["Location"]


def code_on(page):
    return re.search(r'class="code">([A-Z0-9-]+)<', page)[1]


def test_the_code_stands_on_the_page_in_letters_and_as_a_qr(browser):
    page = browser.get(invited(browser))

    code = code_on(page.text)
    qr = qr_of("http://testserver/api/v1/pairings#" + code.replace("-", ""))
    assert f'<path stroke="#000" d="{qr.path}"/>' in page.text
    assert pair(code).status_code == 201
    assert "http://testserver/api/v1/pairings" in page.text
    assert "no-store" in page["Cache-Control"]


def test_looking_again_shows_the_same_code_until_it_arrives(browser):
    address = invited(browser)
    code = code_on(browser.get(address).text)
    assert code_on(browser.get(address).text) == code

    pair(code)

    page = browser.get(address).text
    assert "도착했어요" in page
    assert code not in page
    assert "hx-trigger" not in re.search(r'<article id="pairing".*?</article>', page, re.DOTALL)[0]


def test_with_htmx_the_sheet_alone_looks_again_and_stops_when_it_arrived(browser):
    address = invited(browser)

    waiting = browser.get(address, headers={"HX-Request": "true"}).text
    pair(code_on(waiting))
    arrived = browser.get(address, headers={"HX-Request": "true"}).text

    assert waiting.lstrip().startswith('<article id="pairing"')
    assert 'hx-trigger="every 4s"' in waiting
    assert "hx-trigger" not in arrived


def test_a_withdrawn_or_late_code_says_so_and_leads_to_a_new_one(browser):
    withdrawn = invited(browser)
    browser.post(f"{withdrawn}/cancel")
    late = invited(browser)
    PairingCode.objects.filter(pk=late.rsplit("/", 1)[1]).update(expires_at=timezone.now())

    assert "거두신 코드예요" in browser.get(withdrawn).text
    assert "시간이 지난 코드예요" in browser.get(late).text
    assert 'class="code"' not in browser.get(withdrawn).text + browser.get(late).text


def test_the_page_of_appliances_leads_back_to_a_waiting_code(browser):
    address = invited(browser, name="부엌 허브")

    page = browser.get("/appliances").text

    assert f'href="{address}"' in page
    assert "부엌 허브, 아직 들어오기를 기다려요." in page


def test_only_who_asked_sees_the_code(mother, browser):
    address = invited(browser)

    for person in (factories.member(of=mother.membership.household), factories.member()):
        assert signed_in(person).get(address).status_code == 404
        assert signed_in(person).post(f"{address}/cancel").status_code == 404
    assert signed_in(factories.staff()).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_teen_is_not_offered_the_way_and_does_not_get_it(mother):
    teen = signed_in(factories.member(of=mother.membership.household, role=Membership.Role.TEEN))

    assert "들이는 코드 받기" not in teen.get("/appliances").text
    assert teen.post("/appliances/pairings", {"type": "hub", "name": "x"}).status_code == 403
    assert not PairingCode.objects.exists()


@pytest.mark.parametrize(
    "said", [{}, {"type": "ship", "name": "x"}, {"type": "hub", "name": ""}, {"type": "hub", "name": "x" * 61}]
)
def test_what_cannot_come_in_is_said_at_the_form(browser, said):
    sent = browser.post("/appliances/pairings", said)

    assert sent.status_code == 422
    assert 'class="error"' in sent.text


def test_too_many_codes_are_said_kindly(mother, browser):
    for _ in range(operations.pairing.MAX_CODES):
        operations.ask_for_code(actor=mother, label="x", type="", at=timezone.now())

    sent = browser.post("/appliances/pairings", {"type": "hub", "name": "x"}, follow=True)

    assert "너무 자주 하셨어요" in sent.text


def test_what_may_speak_is_listed_with_its_kind_of_key_and_its_last_use(mother, browser):
    hub = Hub(mother)
    factories.hub_key(of=mother.membership.household)
    hub.send([event()])

    page = browser.get("/appliances").text

    assert hub.key_id in page
    assert "보낼 때마다 서명해요." in page
    assert "열쇠를 그대로 보여 줘요." in page
    assert "에 마지막으로 썼어요." in page
    assert "아직 쓰지 않았어요." in page


def test_a_signing_key_ends_on_the_page(mother, browser):
    hub = Hub(mother)

    browser.post(f"/appliances/keys/{hub.key_id}/revoke")

    assert hub.send([event()]).status_code == 401
    assert "열린 열쇠가 없어서" in browser.get("/appliances").text


def test_a_neighbour_ends_no_signing_key(mother):
    hub = Hub(mother)
    neighbour = signed_in(factories.member())

    assert neighbour.post(f"/appliances/keys/{hub.key_id}/revoke").status_code == 404
    assert neighbour.post(f"/appliances/hubs/{hub.pairing.pk}/end").status_code == 404
    assert hub.send([event()]).status_code == 200


def test_a_hub_is_let_go_with_all_its_keys(mother, browser):
    hub = Hub(mother)

    sent = browser.post(f"/appliances/hubs/{hub.pairing.pk}/end", follow=True)

    assert "허브를 내보냈어요." in sent.text
    assert hub.key_id not in browser.get("/appliances").text
    assert hub.send([event()]).status_code == 401


def test_an_appliance_is_let_go_on_its_own_page_and_not_as_a_hub(mother, browser):
    fridge = Hub(mother, type="refrigerator")

    assert browser.post(f"/appliances/hubs/{fridge.pairing.pk}/end").status_code == 404


def test_the_next_key_is_shown_once_and_the_old_one_lives_for_a_day(mother, browser):
    old = factories.hub_key(of=mother.membership.household)
    key = MachineKey.objects.get()

    sent = browser.post(f"/appliances/keys/{key.pk}/change")

    new = re.search(r"<code>(maru_\w+_[\w-]+)</code>", sent.text)[1]
    for text in (old, new):
        answer = Client().post(
            "/api/v1/insights", [event()], content_type=BATCH, headers={"authorization": f"Bearer {text}"}
        )
        assert answer.status_code == 200
    key.refresh_from_db()
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(days=1)
    again = browser.post(f"/appliances/keys/{key.pk}/change", follow=True)
    assert "열쇠 두 개가 이미" in again.text
    assert PairedKey.objects.count() == 2


def test_speaks_english_without_a_korean_word_of_its_own(mother, browser):
    address = invited(browser, name="Hall")
    Hub(mother, type="refrigerator")
    appliance = operations.describe_appliance(
        appliance_id=PairedKey.objects.get().pairing.appliance_id,
        actor=mother,
        type="refrigerator",
        name="",
        model="F1",
    )
    PairedKey.objects.get().pairing.code.delete()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    for path in (address, f"/appliances/{appliance.pk}/leave"):
        assert set(re.findall(r"[가-힣]+", browser.get(path).text)) <= {"한국어", "집"}
