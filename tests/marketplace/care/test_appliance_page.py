"""One appliance's own page: what it said last, in words, and what people of its home may do about it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from consent.parties.models import AuditEntry, Organisation
from marketplace.appliances.models import Appliance, PairedKey, Pairing
from marketplace.care.twin import sayings
from marketplace.insights import twin
from marketplace.insights.models import TwinBook
from rewards.redemption.models import Order, Reward
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.care.twin_pages import page, said, text_of

pytestmark = pytest.mark.django_db


def test_says_what_it_said_last_with_its_unit_and_when(mother, home):
    purifier = said(home, 62)
    said(home, 1200, kind="air.co2", unit="[ppm]")

    facts = text_of(re.search(r'<dl class="facts">.*?</dl>', page(mother, purifier).text, re.DOTALL)[0])

    assert re.search(r"초미세먼지 PM2.5\s*62\s*µg/m³ \d+월 \d+일 \d\d:\d\d", facts)
    assert re.search(r"이산화탄소\s*1,200\s*ppm", facts)


def test_its_home_says_what_it_is_and_what_it_is_called(mother, home):
    purifier = said(home, 62)

    said_so = {"type": "air_purifier", "name": "안방 숨", "model": "새벽 300"}
    answer = signed_in(mother).post(f"/appliances/{purifier.pk}", said_so, follow=True)

    purifier.refresh_from_db()
    assert (purifier.type, purifier.name, purifier.model) == ("air_purifier", "안방 숨", "새벽 300")
    assert "안방 숨</h1>" in answer.text
    assert "공기청정기, 새벽 300. " in answer.text
    assert "안방 숨" in signed_in(mother).get("/appliances").text


def test_a_kind_of_appliance_that_is_none_is_refused_at_its_place(mother, home):
    answer = signed_in(mother).post(f"/appliances/{said(home, 62).pk}", {"type": "ship", "name": "안방 숨"})

    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert 'value="안방 숨"' in answer.text


def test_only_who_may_change_it_is_offered_to_name_it(teen, home):
    purifier = said(home, 62)

    assert 'name="model"' not in page(teen, purifier).text
    answer = signed_in(teen).post(f"/appliances/{purifier.pk}", {"type": "other", "name": "내 것"})
    assert answer.status_code == 403


def test_no_buyer_is_told_the_name(mother, home):
    request = factories.open_request(optional_fields=["appliance", "model"])
    ask = factories.ask(of=home, request=request)
    Appliance.objects.update(name="안방 숨")

    shown = factories.shown(ask, by=mother, drop_fields=[])

    assert shown.preview.document["data"]["appliance"]
    assert "안방" not in str(shown.preview.document)
    assert "model" not in shown.preview.document["data"]


def test_a_low_filter_leads_to_the_cheapest_that_fits_which_is_there_to_redeem(mother, home):
    factories.reward(tokens=900)
    reward = factories.reward(tokens=300)
    factories.tokens_in_wallet(home, 300)
    purifier, browser = said(home, 10, kind="filter.remaining", unit="%"), signed_in(mother)

    html = page(mother, purifier).text
    (hint,) = re.findall(r'<a href="(/shop/[^"]*)">필터 보기', html)
    offer = browser.get(hint)
    tap = re.search(r'name="tap" value="([^"]+)"', offer.text)[1]
    browser.post(hint, {"tap": tap})

    assert "필터가 10% 남았어요." in html
    assert f'href="{hint}"' in browser.get("/appliances").text
    assert Order.objects.get().reward == reward


@pytest.mark.parametrize(
    "offered",
    [{"fits": ["refrigerator"]}, {"kind": Reward.Kind.ACCESSORY}, {"stock": 0}, {"listed": False}, {"suspended": True}],
    ids=lambda offered: next(iter(offered)),
)
def test_what_does_not_fit_or_cannot_be_had_is_hinted_at_nowhere(mother, home, offered):
    reward = factories.reward(**{key: value for key, value in offered.items() if key in ("fits", "kind")})
    if "suspended" in offered:
        Organisation.objects.filter(pk=reward.provider_id).update(suspended_at=timezone.now())
    Reward.objects.update(**{key: value for key, value in offered.items() if key in ("stock", "listed")})

    html = page(mother, said(home, 4, kind="filter.remaining", unit="%")).text

    assert "필터가 4% 남았어요." in html
    assert "필터 보기" not in html


def test_what_its_hub_did_not_name_is_helped_as_what_it_tells_it_is(mother, home):
    reward = factories.reward(fits=["refrigerator"])
    said(home, 3, kind="fridge.temperature", unit="Cel", zone="cooler", appliance_type="other")
    fridge = said(home, 4, kind="filter.remaining", unit="%", appliance_type="other")

    for html in (page(mother, fridge).text, signed_in(mother).get("/appliances").text):
        assert f"/shop/{reward.pk}/reserve" in html


def test_a_filter_that_is_not_low_leads_nowhere(mother, home):
    factories.reward(fits=["air_purifier"])

    html = page(mother, said(home, 34, kind="filter.remaining", unit="%")).text

    assert "필터가 34% 남았어요." in html
    assert "필터 보기" not in html


def test_a_fault_of_this_week_is_said_and_an_older_one_is_not(mother, home):
    purifier = said(home, "lg:BRUSH_ERROR", kind="device.fault", unit="")
    assert "고장 코드 BRUSH_ERROR" in re.search(r'class="state".*', page(mother, purifier).text)[0]

    at = timezone.now() - timedelta(days=9)
    other = factories.insight(
        of=home, value="lg:CLIFF", kind="device.fault", unit="", source="urn:b", at=at, observed_at=at
    ).appliance
    assert "알렸어요" not in page(mother, other).text


def test_a_fault_leads_to_repairs_where_the_shop_has_one_for_such_a_thing(mother, home):
    def hints():
        return [page(mother, purifier).text, signed_in(mother).get("/appliances").text]

    purifier = said(home, "lg:BRUSH_ERROR", kind="device.fault", unit="")
    factories.reward(kind=Reward.Kind.SERVICE, fits=["refrigerator"])
    assert not any("/shop?show=service" in html for html in hints())

    factories.reward(kind=Reward.Kind.SERVICE)
    assert all("/shop?show=service" in html for html in hints())


def test_a_clock_that_is_off_is_said(mother, home):
    for _ in range(16):
        purifier = said(home, 62, ago=timedelta(minutes=6))

    assert "분쯤 늦게 와요" in page(mother, purifier).text


@pytest.mark.parametrize(("own", "doubted"), [(True, False), (False, True)])
def test_the_clock_of_what_signs_by_itself_is_not_doubted(mother, home, own, doubted):
    for _ in range(16):
        purifier = said(home, 62, ago=timedelta(minutes=6))
    now = timezone.now()
    pairing = Pairing.objects.create(household=home, label="", paired_at=now, appliance=purifier if own else None)
    PairedKey.objects.create(pairing=pairing, public_key=b"k" * 32, made_at=now)

    shown = page(mother, purifier).text, signed_in(mother).get("/appliances").text

    assert all("분쯤 늦게 와요" in text for text in shown)
    assert [("시계가 느리거나" in text) for text in shown] == [doubted, doubted]


def test_an_event_that_is_told_later_says_nothing_of_a_clock(mother, home):
    for minutes in range(30, 46):
        cable = {"kind": "vacuum.obstacle", "unit": "", "confidence": Decimal("0.9")}
        vacuum = said(home, "cable", ago=timedelta(minutes=minutes), **cable)

    assert "늦게 와요" not in page(mother, vacuum).text


@pytest.mark.parametrize(("minutes", "lag"), [(6, "6분"), (119, "2시간"), (47 * 60, "47시간"), (7323, "5일")])
def test_a_late_clock_is_late_by_minutes_hours_or_days(minutes, lag):
    assert sayings.Health(None, None, None, minutes).clock_lag == lag


def test_parts_speak_for_their_whole(mother, home):
    purifier = said(home, 62)
    part = said(home, 1200, kind="air.co2", unit="[ppm]", source="urn:part")
    Appliance.objects.filter(pk=part.pk).update(part_of=purifier)

    assert "1,200" in page(mother, purifier).text
    assert page(mother, part).status_code == 404


def test_each_appliance_of_a_home_has_a_name_of_its_own(mother, home):
    for number in range(3):
        said(home, 62, source=f"urn:{number}", appliance_type="air_sensor")
    said(home, 54, kind="climate.humidity", unit="%", source="urn:h", appliance_type="air_sensor")
    said(home, 21, kind="climate.temperature", unit="Cel", source="urn:t", appliance_type="other")
    said(home, 3, kind="fridge.temperature", unit="Cel", source="urn:f", appliance_type="other", zone="cooler")

    names = re.findall(r"<h3><a[^>]*>(.*?)</a></h3>", signed_in(mother).get("/appliances").text)

    assert len(names) == len(set(names)) == 6
    assert names[:3] == [f"공기 측정기, 초미세먼지 PM2.5 ({number})" for number in (1, 2, 3)]
    assert set(names[3:]) == {"공기 측정기, 습도", "실내 온도 센서", "냉장고"}


def test_strangers_and_other_members_find_nothing(mother, home, teen):
    purifier = said(home, 62)
    assert page(factories.member(), purifier).status_code == 404
    assert page(teen, purifier).status_code == 200

    Appliance.objects.update(private_to=mother.membership)

    assert page(teen, purifier).status_code == 404
    assert "62" not in text_of(signed_in(teen).get("/appliances").text)


def test_a_teen_sees_what_is_the_homes_and_changes_nothing_of_it(mother, home, teen):
    purifier = said(home, 62)

    html = page(teen, purifier).text

    assert "/own" not in html
    assert "/forget" not in html
    for act in ("own", "forget"):
        data = {"owner": teen.membership.pk}
        assert signed_in(teen).post(f"/appliances/{purifier.pk}/{act}", data).status_code == 403


def test_an_adult_gives_it_to_a_teen_who_gives_it_back(mother, home, teen):
    purifier = said(home, 62)

    made = signed_in(mother).post(f"/appliances/{purifier.pk}/own", {"owner": teen.membership.pk}, follow=True)
    assert "이제 하늘 님만 보고 정해요." in made.text
    assert page(mother, purifier).status_code == 404
    assert "나만의 것이라 다른 식구에게는 보이지 않아요." in page(teen, purifier).text

    signed_in(teen).post(f"/appliances/{purifier.pk}/give-back")
    html = page(mother, purifier).text
    assert "말한 것이 아직 없어요." in html


def test_a_second_tap_on_giving_back_erases_nothing_of_the_homes(mother, home):
    purifier = said(home, 62)

    sent = signed_in(mother).post(f"/appliances/{purifier.pk}/give-back")

    assert sent.status_code == 303
    assert [one.value for one in twin.latest(appliance_ids=[purifier.pk])] == [62]


@pytest.mark.parametrize("owner", ["", "nobody", "00000000-0000-4000-8000-000000000000", "neighbour", "father"])
def test_nobody_else_can_be_made_its_owner(mother, home, owner):
    people = {"neighbour": factories.member(), "father": factories.member(of=home)}
    purifier = said(home, 62)

    value = people[owner].membership.pk if owner in people else owner
    sent = signed_in(mother).post(f"/appliances/{purifier.pk}/own", {"owner": value})

    assert sent.status_code in (303, 404)
    purifier.refresh_from_db()
    assert purifier.private_to is None


def test_forgetting_destroys_what_was_kept_and_begins_anew(mother, home):
    purifier = said(home, 62)

    signed_in(mother).post(f"/appliances/{purifier.pk}/forget")

    assert not TwinBook.objects.exists()
    assert AuditEntry.objects.filter(action="twin.forget", actor=str(mother.pk)).count() == 1
    said(home, 70, ago=timedelta(minutes=1))
    assert [one.value for one in twin.latest(appliance_ids=[purifier.pk])] == [70]


def test_speaks_english_without_a_korean_word_of_its_own(mother, home):
    purifier = said(home, 62)
    said(home, 4, kind="filter.remaining", unit="%")
    factories.reward(fits=["air_purifier"])
    mother.locale = "en"
    mother.save()

    html = re.sub(r"<footer class=\"site-footer\".*", "", page(mother, purifier).text, flags=re.DOTALL)

    assert "Fine dust PM2.5" in html
    assert set(re.findall(r"[가-힣]+", html)) <= {"한국어", "집", "지우"}
