"""Whose an appliance is decides who sees it, who is asked, and what the others find afterwards: nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.parties.errors import NotPermitted
from consent.parties.models import AuditEntry, Membership
from consent.records.models import Ask
from marketplace.appliances.errors import NotTheirsToOwn, PresenceIsEverybodys
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.errors import AppliancePrivate
from marketplace.insights import twin
from marketplace.insights.models import DataKey, Waiting
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.household()


@pytest.fixture
def people(home):
    return {
        "mother": factories.member(of=home), "father": factories.member(of=home),
        "teen": factories.member(of=home, role="teen"), "child": factories.member(of=home, role="child"),
        "neighbour": factories.member(), "neighbour's teen": factories.member(role="teen"),
    }  # fmt: skip


@pytest.fixture
def purifier(home):
    return factories.insight(of=home).appliance


def own(appliance, *, by, whose):
    return brokerage.make_appliance_own(
        appliance_id=appliance.pk, owner_id=whose.membership.pk, actor=by, at=timezone.now()
    )


def back(appliance, *, by):
    return brokerage.give_appliance_back(appliance_id=appliance.pk, actor=by, at=timezone.now())


def seen_by(person):
    return list(Appliance.objects.visible_to(person))


@pytest.mark.parametrize(
    ("actor", "owner", "refusal"),
    [
        ("mother", "mother", None),
        ("mother", "teen", None),
        ("mother", "father", NotTheirsToOwn),
        ("mother", "child", NotTheirsToOwn),
        ("mother", "neighbour", Membership.DoesNotExist),
        ("mother", "neighbour's teen", Membership.DoesNotExist),
        ("teen", "teen", NotPermitted),
        ("child", "child", NotPermitted),
        ("neighbour", "neighbour", Membership.DoesNotExist),
        ("neighbour", "teen", NotPermitted),
    ],
)
def test_an_adult_makes_it_their_own_or_a_teens_and_nobody_else_anything(people, purifier, actor, owner, refusal):
    if refusal is None:
        own(purifier, by=people[actor], whose=people[owner])
        assert seen_by(people[owner]) == [purifier]
        assert seen_by(people["father"]) == []
        assert AuditEntry.objects.filter(action="appliance.own", actor=str(people[actor].pk)).count() == 1
        return
    with pytest.raises(refusal):
        own(purifier, by=people[actor], whose=people[owner])
    assert seen_by(people["father"]) == [purifier]
    assert not AuditEntry.objects.filter(action="appliance.own").exists()


@pytest.mark.parametrize("who", ["mother", "father", "child", "neighbour"])
def test_only_its_owner_gives_it_back(people, purifier, who):
    own(purifier, by=people["mother"], whose=people["teen"])

    with pytest.raises(NotPermitted):
        back(purifier, by=people[who])
    with pytest.raises(NotPermitted):
        own(purifier, by=people["father"], whose=people["father"])

    back(purifier, by=people["teen"])
    assert seen_by(people["father"]) == [purifier]
    assert AuditEntry.objects.filter(action="appliance.give_back", actor=str(people["teen"].pk)).count() == 1
    with pytest.raises(NotPermitted):
        back(purifier, by=people["teen"])


def test_all_its_names_go_with_it(people, purifier, home):
    part = Appliance.objects.create(household=home, identity="p", part_of=purifier, joined_at=timezone.now())

    own(purifier, by=people["mother"], whose=people["teen"])

    assert set(Appliance.objects.values_list("private_to", flat=True)) == {people["teen"].membership.pk}
    with pytest.raises(Appliance.DoesNotExist):
        back(part, by=people["teen"])


def test_what_was_asked_of_the_home_is_taken_back(people, home):
    ask = factories.ask(of=home)

    owned = own(ask.offer.insight.appliance, by=people["mother"], whose=people["mother"])

    ask.refresh_from_db()
    assert (owned.asks, ask.state) == (1, Ask.State.CANCELLED)
    assert twin.latest(appliance_ids=[ask.offer.insight.appliance_id])


def test_an_ask_put_to_others_in_that_moment_cannot_be_approved(people, home):
    ask = factories.ask(of=home)
    shown = factories.shown(ask, by=people["father"]).preview.sha256
    # The matching that made it had looked before the appliance changed hands.
    Appliance.objects.update(private_to=people["mother"].membership)

    with pytest.raises(AppliancePrivate):
        factories.approve(ask, by=people["father"], preview_sha256=shown)

    assert brokerage.cancel_void_asks(at=timezone.now()) == 1


def test_who_gets_it_back_finds_nothing_of_the_time_it_was_not_theirs(people, purifier, home):
    factories.open_request()
    own(purifier, by=people["mother"], whose=people["teen"])
    factories.insight(of=home, value=90)
    brokerage.match_insights(at=timezone.now())
    assert Ask.objects.visible_to(people["teen"]).count() == 1

    given = back(purifier, by=people["teen"])
    brokerage.match_insights(at=timezone.now() + timedelta(minutes=1))

    assert (given.asks, given.insights) == (1, 2)
    assert not DataKey.objects.exists()
    assert twin.latest(appliance_ids=[purifier.pk]) == []
    assert not Ask.objects.filter(state=Ask.State.PENDING).exists()


def test_what_tells_whether_the_home_is_empty_stays_everybodys(people, home):
    cooler = factories.absence(of=home, until=timezone.now() - timedelta(hours=1)).appliance

    with pytest.raises(PresenceIsEverybodys):
        own(cooler, by=people["mother"], whose=people["mother"])


def test_nobody_is_asked_what_ones_own_says_of_an_empty_home(people, home):
    factories.open_request(kinds=["presence.absence"], above=None, purpose="energy_saving")
    factories.absence(of=home, until=timezone.now() - timedelta(hours=30))
    Appliance.objects.update(private_to=people["mother"].membership)

    brokerage.match_insights(at=timezone.now())

    assert not Ask.objects.exists()
    assert not Waiting.objects.exists()
