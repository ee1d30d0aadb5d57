"""An appliance that leaves takes nothing of its home along and leaves nothing open behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import AuditEntry, Membership
from consent.records.models import Ask, Consent
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance, PairedKey
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.errors import AppliancePrivate
from marketplace.delivery.models import Release
from marketplace.insights.models import DataKey, Insight, TwinBook
from tests import factories
from tests.browsers import signed_in
from tests.marketplace.appliances.hubs import Hub, code_for, event, pair
from tests.marketplace.insights.test_ingest import whole_database

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother():
    return factories.member(name="지우")


def leaves(appliance, by):
    return brokerage.hand_on_appliance(appliance_id=appliance.pk, actor=by, at=timezone.now())


def leave_maru(mother):
    brokerage.leave_maru(actor=mother, at=timezone.now())


def test_its_asks_are_taken_back_and_its_values_destroyed(mother):
    ask = factories.ask(of=mother.membership.household)
    insight = Insight.objects.get()
    Appliance.objects.update(name="안방 숨")

    parted = leaves(insight.appliance, mother)

    ask.refresh_from_db()
    insight.refresh_from_db()
    assert (parted.asks, parted.insights) == (1, 1)
    assert ask.state == Ask.State.CANCELLED
    assert insight.sealed is None
    assert Appliance.objects.get().name == ""
    assert not DataKey.objects.exists()
    assert not TwinBook.objects.exists()
    assert AuditEntry.objects.filter(action="appliance.leave").count() == 1


@pytest.mark.parametrize(
    ("type", "go"),
    [("air_purifier", lambda mother: leaves(Appliance.objects.get(), mother)), ("", leave_maru)],
    ids=["an appliance that leaves", "a hub whose home does"],
)
def test_what_its_home_called_it_stands_nowhere_any_more(mother, type, go):
    key = pair(code_for(mother, type=type, label="안방 숨결")).json()["key"]["id"]
    appliances.change_carried_key(
        key_id=PairedKey.objects.get(pk=key).machine_key_id, actor=mother, overlap=timedelta(0), at=timezone.now()
    )

    go(mother)

    assert "안방" not in whole_database()


def test_nothing_is_asked_or_approved_about_it_any_more(mother):
    ask = factories.ask(of=mother.membership.household)
    shown = factories.shown(ask, by=mother).preview.sha256
    late = factories.insight(of=mother.membership.household, value=80, observed_at=timezone.now())
    Ask.objects.filter(pk=ask.pk).update(state=Ask.State.PENDING)
    leaves(late.appliance, mother)
    Ask.objects.filter(pk=ask.pk).update(state=Ask.State.PENDING, decided_at=None)

    brokerage.match_insights(at=timezone.now() + timedelta(seconds=1))

    assert Ask.objects.count() == 1
    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=mother, preview_sha256=shown)


def test_what_was_released_stays_a_record_of_this_home_and_can_be_withdrawn(mother):
    deal = factories.deal(by=mother)

    leaves(Appliance.objects.get(), mother)

    assert Release.objects.get().sealed is not None
    assert signed_in(mother).get(f"/history/{deal.consent.pk}").status_code == 200
    brokerage.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
    assert Consent.objects.get(pk=deal.consent.pk).end is not None


def test_its_old_home_sees_it_no_more(mother):
    appliance = factories.insight(of=mother.membership.household).appliance
    leaves(appliance, mother)

    browser = signed_in(mother)
    assert str(appliance.pk) not in browser.get("/appliances").text
    for path in ("", "/sharing", "/kinds", "/leave", "/join", "/separate"):
        assert browser.post(f"/appliances/{appliance.pk}{path}", {}).status_code == 404


def test_its_key_ends_and_the_new_home_lets_it_in_and_finds_nothing(mother):
    purifier, neighbour = Hub(mother, type="air_purifier"), factories.member()
    purifier.send([event()])
    leaves(Appliance.objects.get(), mother)

    assert purifier.send([event()]).status_code == 401
    moved = Hub(neighbour, type="air_purifier", key=purifier.secret)
    moved.send([event()])

    mine = Appliance.objects.get(household=neighbour.membership.household)
    assert mine.insights.count() == 1
    assert Insight.objects.filter(sealed__isnull=False).get().household == neighbour.membership.household
    assert Appliance.objects.get(household=mother.membership.household).left_at is not None


def test_what_it_signed_in_its_old_home_is_not_taken_in_by_the_next_one(mother):
    purifier, neighbour = Hub(mother, type="air_purifier"), factories.member()
    said, sent_at = [event()], timezone.now()
    PairedKey.objects.update(made_at=sent_at - timedelta(days=1))
    purifier.send(said, message_id="msg_1", at=sent_at - timedelta(seconds=60))
    leaves(Appliance.objects.get(), mother)
    moved = Hub(neighbour, type="air_purifier", key=purifier.secret)

    answer = moved.send(said, message_id="msg_1", at=sent_at - timedelta(seconds=60))

    assert (answer.status_code, answer.json()["code"]) == (401, "timestamp_outside_window")
    assert not Insight.objects.filter(household=neighbour.membership.household).exists()
    assert moved.send([event()]).status_code == 200


def test_a_hub_that_goes_on_speaking_brings_in_a_new_one(mother):
    home = mother.membership.household
    first = factories.insight(of=home, event_id="1").appliance
    leaves(first, mother)

    again = factories.insight(of=home, event_id="2").appliance

    assert again.pk != first.pk
    assert again.left_at is None


def test_the_names_that_were_joined_to_it_go_with_it(mother):
    home = mother.membership.household
    whole, part = (factories.insight(of=home, source=name).appliance for name in "ab")
    appliances.join_appliances(part_id=part.pk, whole_id=whole.pk, actor=mother, at=timezone.now())

    assert leaves(whole, mother).insights == 2
    assert not Appliance.objects.visible_to(mother).exists()


def test_nobody_else_lets_it_go(mother):
    appliance = factories.insight(of=mother.membership.household).appliance
    teen = factories.member(of=mother.membership.household, role=Membership.Role.TEEN)

    for person in (teen, factories.member(), factories.staff()):
        with pytest.raises(NotPermitted):
            leaves(appliance, person)


def test_it_leaves_once(mother):
    appliance = factories.insight(of=mother.membership.household).appliance
    leaves(appliance, mother)

    with pytest.raises(Appliance.DoesNotExist):
        leaves(appliance, mother)
    with pytest.raises(Appliance.DoesNotExist):
        appliances.share_never(appliance_id=appliance.pk, actor=mother, never=False, at=timezone.now())


def test_the_page_says_what_ends_before_anything_does(mother):
    appliance = factories.ask(of=mother.membership.household).offer.insight.appliance
    browser = signed_in(mother)

    asked = browser.get(f"/appliances/{appliance.pk}/leave").text
    assert "모두 거두어요" in asked
    assert Appliance.objects.get().left_at is None

    sent = browser.post(f"/appliances/{appliance.pk}/leave", follow=True)
    assert "기다리던 질문 하나도 거두었어요." in sent.text
    assert Appliance.objects.get().left_at is not None


def test_a_neighbour_finds_no_such_page(mother):
    appliance = factories.insight(of=mother.membership.household).appliance
    neighbour = signed_in(factories.member())

    assert neighbour.get(f"/appliances/{appliance.pk}/leave").status_code == 404
    assert neighbour.post(f"/appliances/{appliance.pk}/leave").status_code == 404
