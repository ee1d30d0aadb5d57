"""Many hands at once at one code, one key, one message, one appliance: commits are real here."""

import threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from consent.parties.models import MachineKey
from consent.records.models import Ask, Consent
from marketplace.appliances import operations
from marketplace.appliances.errors import RotationUnderway
from marketplace.appliances.models import Appliance, PairedKey, Pairing
from marketplace.appliances.operations import keys
from marketplace.brokerage import operations as brokerage
from marketplace.insights.models import Insight, SealedObject
from tests import factories
from tests.marketplace.appliances.hubs import Hub, code_for, event, pair
from tests.threads import all_at_once


def test_one_of_twenty_redeemers_comes_in(committed_db):
    code = code_for(factories.member())

    answers = all_at_once(lambda number: pair(code, address=f"203.0.113.{number}").status_code)

    assert sorted(answers) == [201] + [404] * 19
    assert Pairing.objects.count() == MachineKey.objects.count() == 1


def test_many_hands_of_one_place_guess_no_more_often_than_one(committed_db):
    answers = all_at_once(lambda number: pair("ACDE-3467-KMNP").status_code)

    assert answers.count(404) <= 10
    assert answers.count(429) >= 10


def test_one_of_eight_homes_gets_the_key(committed_db):
    key = Ed25519PrivateKey.generate()
    invited = [code_for(factories.member()) for _ in range(8)]

    answers = all_at_once(
        lambda number: pair(invited[number], key=key, address=f"203.0.113.{number}").status_code, hands=8
    )

    assert sorted(answers) == [201] + [409] * 7
    assert PairedKey.objects.count() == 1


def test_one_of_twenty_replays_is_taken_in(committed_db):
    hub = Hub(factories.member())
    said = [event()]

    answers = all_at_once(lambda number: hub.send(said, message_id="msg_1").status_code)

    assert sorted(answers) == [200] + [409] * 19
    assert Insight.objects.count() == 1


def test_two_changes_of_one_key_leave_two_keys(committed_db):
    mother = factories.member()
    factories.hub_key(of=mother.membership.household)
    key, at = MachineKey.objects.get(), timezone.now()

    answers = all_at_once(
        lambda number: operations.change_carried_key(
            key_id=key.pk, actor=mother, overlap=operations.MAX_OVERLAP, at=at
        ),
        hands=6,
    )

    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, RotationUnderway) for answer in answers) == 5
    assert MachineKey.objects.count() == 2


def test_a_yes_and_a_leaving_have_one_order(committed_db):
    request = factories.open_request()
    for _ in range(3):
        mother = factories.member()
        ask = factories.ask(of=mother.membership.household, request=request)
        shown = factories.shown(ask, by=mother).preview.sha256
        appliance = Appliance.objects.get(household=mother.membership.household)

        def act(number, ask=ask, mother=mother, shown=shown, appliance=appliance):
            if number:
                return brokerage.hand_on_appliance(appliance_id=appliance.pk, actor=mother, at=timezone.now())
            return factories.approve(ask, by=mother, preview_sha256=shown)

        deal, parted = all_at_once(act, hands=2)

        ask.refresh_from_db()
        was_released = Consent.objects.filter(ask=ask).exists()
        assert (ask.state == Ask.State.APPROVED) == was_released == (not isinstance(deal, Exception))
        assert not isinstance(parted, Exception), parted
        assert not Insight.objects.filter(appliance=appliance, sealed__isnull=False).exists()
        assert SealedObject.objects.filter(household_id=appliance.household_id).count() == was_released


def test_a_home_that_closes_while_a_key_is_made_leaves_none(committed_db, monkeypatch):
    mother, at = factories.member(), timezone.now()
    home = mother.membership.household
    arriving, closed = threading.Event(), threading.Event()

    def issue_late(*words, **more):
        arriving.set()
        closed.wait(0.5)  # what lets the home close meanwhile is found out; what does not only takes so long
        return issue(*words, **more)

    issue = keys.issue_carried
    monkeypatch.setattr(keys, "issue_carried", issue_late)

    def make():
        return operations.make_hub_key(household=home, actor=mother, label="허브", at=at)

    def close():
        arriving.wait(30)
        try:
            return brokerage.leave_maru(actor=type(mother).objects.get(pk=mother.pk), at=at)
        finally:
            closed.set()

    _, left = all_at_once(lambda number: close() if number else make(), hands=2)

    assert not isinstance(left, Exception), left
    assert not PairedKey.objects.open(at).filter(pairing__household=home).exists()
    assert not Pairing.objects.filter(household=home, ended_at=None).exists()
