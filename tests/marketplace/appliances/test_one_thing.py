"""One thing with many names: joined by its people, asked about once, and nothing becomes askable by it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import Membership
from consent.records.models import Ask
from marketplace.appliances import operations
from marketplace.appliances.dialects import Method, Raw, Reading
from marketplace.appliances.errors import NotOneAppliance
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.errors import AppliancePrivate
from marketplace.insights import operations as insights
from marketplace.insights.models import Insight
from tests import factories
from tests.browsers import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member(name="지우")


@pytest.fixture
def home(mother):
    return mother.membership.household


@pytest.fixture
def whole(home):
    return factories.insight(of=home, source="sensor.pm25", event_id="1").appliance


@pytest.fixture
def part(home):
    return factories.insight(
        of=home, source="sensor.humidity", kind="climate.humidity", unit="%", value=40, event_id="2"
    ).appliance


def join(part, whole, by):
    return operations.join_appliances(part_id=part.pk, whole_id=whole.pk, actor=by, at=timezone.now())


def test_what_either_name_says_is_the_whole_s(mother, home, whole, part):
    join(part, whole, mother)

    later = factories.insight(of=home, source="sensor.humidity", kind="climate.humidity", unit="%", value=41)

    assert later.appliance == whole
    assert Appliance.objects.visible_to(mother).whole().get() == whole


def again(home, source, event_id):
    at = timezone.now()
    reading = Reading(
        index=0, kind="climate.humidity", value=Decimal(40), unit="%", source=source, event_id=event_id,
        method=Method(type="sensor", name="test", version="1"), raw=Raw("40", "%"),
        appliance_type="air_purifier", observed_at=Insight.objects.get(kind="climate.humidity").received_at
        - timedelta(minutes=5),
    )  # fmt: skip
    (result,) = insights.record_insights(household=home, items=[reading], dialect="canonical", at=at)
    return result.status


def test_an_event_told_before_the_joining_is_not_news_after_it(mother, home, whole, part):
    assert again(home, "sensor.humidity", "2") == "duplicate"

    join(part, whole, mother)

    assert again(home, "sensor.humidity", "2") == "duplicate"


def test_an_event_told_while_joined_is_not_news_after_parting(mother, home, whole, part):
    with factories.as_owner():  # as if it had never told of any
        Insight.objects.filter(kind="climate.humidity").delete()
    join(part, whole, mother)
    factories.insight(of=home, source="sensor.humidity", kind="climate.humidity", unit="%", value=40, event_id="3")
    operations.separate_appliance(part_id=part.pk, actor=mother, at=timezone.now())

    assert again(home, "sensor.humidity", "3") == "duplicate"
    assert again(home, "sensor.humidity", "4") == "accepted"


@pytest.mark.parametrize("never", ["part", "whole"])
def test_what_is_never_for_one_is_never_for_both(mother, whole, part, never):
    silent = part if never == "part" else whole
    operations.share_never(appliance_id=silent.pk, actor=mother, never=True, at=timezone.now())
    operations.never_ask_about(
        appliance_id=silent.pk, actor=mother, kinds=["air.pm25"], at=timezone.now()
    )  # fmt: skip

    join(part, whole, mother)

    assert set(Appliance.objects.values_list("never_share", flat=True)) == {True}
    assert [row.never_kinds for row in Appliance.objects.all()] == [["air.pm25"]] * 2


def test_a_switch_holds_for_every_name(mother, home, whole, part):
    join(part, whole, mother)

    operations.share_never(appliance_id=whole.pk, actor=mother, never=True, at=timezone.now())

    assert set(Appliance.objects.values_list("never_share", flat=True)) == {True}


def test_what_cannot_be_one_is_refused(mother, home, whole, part):
    third = factories.insight(of=home, source="c").appliance
    own = factories.insight(of=home, source="d").appliance
    Appliance.objects.filter(pk=own.pk).update(private_to=mother.membership)
    join(part, whole, mother)

    for one, other in ((whole, whole), (third, part), (part, third), (third, own), (own, third)):
        with pytest.raises(NotOneAppliance):
            join(one, other, mother)


def test_parts_go_along_when_their_whole_is_joined(mother, home, whole, part):
    third = factories.insight(of=home, source="c").appliance
    join(part, whole, mother)

    join(whole, third, mother)

    assert set(Appliance.objects.filter(part_of=third)) == {part, whole}


def test_nobody_joins_what_is_another_s(mother, whole, part):
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)
    neighbour = factories.member()
    theirs = factories.insight(of=neighbour.membership.household).appliance

    for person, other in ((teen, whole), (neighbour, whole), (mother, theirs)):
        with pytest.raises(NotPermitted):
            join(part, other, person)


def test_the_page_shows_one_card_and_the_way_back(mother, whole, part):
    browser = signed_in(mother)

    sent = browser.post(f"/appliances/{part.pk}/join", {"whole": whole.pk}, follow=True)

    assert "하나로 묶었어요" in sent.text
    assert f'id="appliance-{part.pk}"' not in sent.text
    assert "허브가 부르는 이름 하나를 더 묶었어요." in sent.text
    assert "이레 동안 2가지를 알아챘어요." in sent.text
    back = browser.post(f"/appliances/{part.pk}/separate", follow=True)
    assert f'id="appliance-{part.pk}"' in back.text


def test_the_page_refuses_kindly_what_cannot_be_one(mother, whole, part):
    browser = signed_in(mother)

    assert "하나로 묶을 수 없어요" in browser.post(
        f"/appliances/{whole.pk}/join", {"whole": whole.pk}, follow=True
    ).text  # fmt: skip
    assert "어느 가전과 하나인지" in browser.post(f"/appliances/{whole.pk}/join", {"whole": "x"}, follow=True).text
    assert browser.post(f"/appliances/{whole.pk}/join", {"whole": mother.pk}).status_code in (303, 404)


# --- what nobody may ask about ------------------------------------------------------------------------------------


def test_a_kind_that_is_never_is_not_asked_about_and_the_others_are(mother, home, whole):
    operations.never_ask_about(appliance_id=whole.pk, actor=mother, kinds=["air.pm25"], at=timezone.now())
    factories.open_request()
    other = factories.open_request(kinds=["air.pm10"], above=10)
    factories.insight(of=home, source="sensor.pm25", value=80, event_id="8")
    factories.insight(of=home, source="sensor.pm25", kind="air.pm10", value=80, event_id="9")

    brokerage.match_insights(at=timezone.now() + timedelta(seconds=1))

    assert [ask.offer.request for ask in Ask.objects.select_related("offer__request")] == [other]


def test_a_kind_that_becomes_never_voids_what_was_asked(mother, home):
    ask = factories.ask(of=home)
    shown = factories.shown(ask, by=mother).preview.sha256
    appliance = Appliance.objects.get()

    signed_in(mother).post(f"/appliances/{appliance.pk}/kinds", {"never": ["air.pm25", "nonsense"]})

    appliance.refresh_from_db()
    assert appliance.never_kinds == ["air.pm25"]
    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=mother, preview_sha256=shown)
    assert brokerage.cancel_void_asks(at=timezone.now()) == 1


def test_another_kind_leaves_what_was_asked_alone(mother, home):
    ask = factories.ask(of=home)
    appliance = Appliance.objects.get()

    signed_in(mother).post(f"/appliances/{appliance.pk}/kinds", {"never": ["air.co2"]})

    assert brokerage.cancel_void_asks(at=timezone.now()) == 0
    assert factories.approve(ask, by=mother)


def test_the_card_comes_back_with_the_switches_open(mother, home, whole):
    sent = signed_in(mother).post(
        f"/appliances/{whole.pk}/kinds", {"never": ["air.pm25"]}, headers={"HX-Request": "true"}
    )

    assert sent.text.lstrip().startswith('<li class="appliance-card"')
    assert 'value="air.pm25" checked' in sent.text
    assert '<details class="notice" open>' in sent.text


def test_a_new_appliance_may_be_asked_about_and_shares_nothing(home, whole):
    assert whole.may_be_asked("air.pm25")
    assert not Ask.objects.exists()
