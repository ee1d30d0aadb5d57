"""Leaving goes in steps: each is whole, one that was interrupted goes on, and nothing that came meanwhile is left."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.parties.models import Membership, User
from consent.records.models import Consent, Receipt
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations, proofs
from marketplace.brokerage.operations import leaving
from marketplace.insights.models import SealedObject
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption import operations as redemption
from rewards.redemption.models import Order
from tests import factories
from tests.marketplace.brokerage.lived_in import leave, live

pytestmark = pytest.mark.django_db


def test_goes_on_where_it_was_interrupted(mother, home, monkeypatch):
    live(mother)
    with monkeypatch.context() as broken:
        broken.setattr("marketplace.brokerage.operations.leaving._close", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            leave(mother)
    assert User.objects.get(pk=mother.pk).is_active
    assert not Consent.objects.in_force(timezone.now()).exists()

    leave(mother)

    assert not User.objects.get(pk=mother.pk).is_active
    assert proofs.counted_status().orphans == 0


def test_much_ends_in_steps_of_which_each_is_whole(mother, home, monkeypatch):
    live(mother)
    monkeypatch.setattr(leaving, "YESES", 1)
    monkeypatch.setattr(leaving, "VALUES", 2)
    person = User.objects.get(pk=mother.pk)

    first = operations.leave_some(actor=person, at=timezone.now())

    assert (first.is_last, first.farewell.consents) == (False, 1)
    assert User.objects.get(pk=mother.pk).is_active
    assert proofs.counted_status().orphans == 0

    steps = [first]
    while not steps[-1].is_last:
        steps.append(operations.leave_some(actor=person, at=timezone.now()))

    assert [step.farewell.consents for step in steps[1:]] == [0] * (len(steps) - 1)
    assert not SealedObject.objects.filter(household_id=home.pk).exists()
    assert not User.objects.get(pk=mother.pk).is_active
    assert proofs.counted_status().orphans == 0


def test_many_things_go_a_few_at_a_time_with_all_they_noticed(mother, teen, home, monkeypatch):
    request = factories.open_request()
    for number in range(4):
        factories.ask(of=home, request=request, source=f"urn:{number}")
    first = Appliance.objects.order_by("pk").first()
    Appliance.objects.exclude(pk=first.pk).order_by("pk").first().set_part_of(first)
    monkeypatch.setattr(leaving, "THINGS", 2)
    person = User.objects.get(pk=mother.pk)

    step = operations.leave_some(actor=person, at=timezone.now())

    assert (step.is_last, step.farewell.appliances, step.farewell.insights, step.farewell.asks) == (False, 2, 2, 2)
    assert User.objects.get(pk=mother.pk).is_active

    assert operations.leave_some(actor=person, at=timezone.now()).is_last
    assert not Appliance.objects.filter(left_at=None).exists()
    assert not SealedObject.objects.filter(household_id=home.pk).exists()


def test_many_yeses_end_with_as_many_statements_as_one(mother):
    request = factories.open_request()
    yeses = [factories.deal(by=mother, request=request, source=f"urn:{number}").consent.pk for number in range(4)]

    counts = []
    for some in (yeses[:1], yeses[1:]):
        with CaptureQueriesContext(connection) as asked:
            leaving._end(consent_ids=some, actor=mother, at=timezone.now())
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert not Consent.objects.in_force(timezone.now()).exists()
    assert Receipt.objects.filter(act="withdrawn").count() == 4


def _interrupted(**_):
    raise KeyboardInterrupt


def test_an_order_placed_while_the_home_closes_is_cancelled_too(mother, home, monkeypatch):
    """It came after the others were cancelled and before the door was closed."""
    live(mother)
    reward, close = factories.reward(tokens=10), leaving._close

    def ordered_meanwhile(**said):
        monkeypatch.setattr(leaving, "_close", close)
        redemption.place_order(reward_id=reward.pk, actor=mother, at=timezone.now())
        return close(**said)

    monkeypatch.setattr(leaving, "_close", ordered_meanwhile)
    address = wallet_address(home)

    leave(mother)

    assert {order.state for order in Order.objects.filter(household=home)} == {Order.State.CANCELLED}
    assert balance_of(address).held == 0
    assert not Membership.objects.filter(household=home).exists()
