"""A yes taken back before the buyer's first read: the guarantee pays the buyer, the home keeps its tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.brokerage import operations
from marketplace.delivery.models import Release
from marketplace.demand import operations as demand
from marketplace.demand.models import DataRequest
from rewards.ledger.models import GUARANTEE, Transfer
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from tests import factories

pytestmark = pytest.mark.django_db

PRICE = 144


@pytest.fixture
def member():
    return factories.member()


@pytest.fixture
def request_():
    return factories.open_request(tokens=1_000)


@pytest.fixture
def deal(request_, member):
    return factories.deal(by=member, request=request_)


def refund(request_: DataRequest):
    """Close a data request and give its escrow back; return when that was."""
    closed = demand.close_request(
        request_id=request_.pk, actor_organisation=request_.organisation, actor="test", at=timezone.now()
    )
    assert demand.return_escrow(request_id=request_.pk, at=closed.refund_due_at) == 1_000 - PRICE
    return closed.refund_due_at


def withdraw(deal, *, by, at=None):
    return operations.withdraw_consent(consent_id=deal.consent.pk, actor=by, at=at or timezone.now())


def posted(address: str) -> int:
    return balance_of(address).posted


def test_the_price_goes_back_to_the_escrow_while_there_is_one(request_, deal, member):
    guarantee = posted(GUARANTEE)

    withdraw(deal, by=member)

    assert posted(request_.escrow) == 1_000
    assert posted(GUARANTEE) == guarantee - PRICE
    assert trial_balance().difference == 0


def test_the_price_goes_to_the_buyer_itself_once_the_escrow_was_returned(request_, deal, member):
    at, earned = refund(request_), posted(wallet_address(member.membership.household))
    purse, guarantee = posted(request_.account), posted(GUARANTEE)

    withdraw(deal, by=member, at=at + timedelta(hours=1))

    assert posted(request_.account) == purse + PRICE
    assert posted(request_.escrow) == 0, "nobody would look for it there any more"
    assert posted(GUARANTEE) == guarantee - PRICE
    assert posted(wallet_address(member.membership.household)) == earned == 120
    assert trial_balance().difference == 0


def test_nothing_is_paid_back_for_what_was_read(request_, deal, member):
    at = refund(request_)
    Release.objects.filter(pk=deal.release.pk).update(first_read_at=at)
    purse = posted(request_.account)

    withdraw(deal, by=member, at=at + timedelta(hours=1))

    assert posted(request_.account) == purse
    assert not Transfer.objects.filter(event_type="withdrawn_unread").exists()
