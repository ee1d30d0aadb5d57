"""Every refusal is an error of its own, and nothing of it stays."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from rewards.ledger import errors
from rewards.ledger import operations as ledger
from rewards.ledger.models import FEES, ISSUANCE
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db


class Case:
    """One escrow of 100, one home, one closed account, and holds in every state."""

    def __init__(self):
        self.escrow = books.account("escrow", tokens=100)
        self.home = books.account()
        self.closed = books.account()
        ledger.close_account(address=self.closed, actor="test")
        self.open = books.hold(debit=self.escrow, amount=40).key
        self.resolved = books.hold(debit=self.escrow, amount=5).key
        ledger.release_hold(hold=self.resolved, key=books.key(), actor="test")
        self.lapsed = books.hold(debit=self.escrow, amount=5, lifetime=timedelta(microseconds=1)).key
        self.used = books.key()
        self.op_id = books.post(key=self.used, credit=self.home, amount=7, op_id=uuid.uuid4()).op_id


REFUSALS = {
    "an unknown debit": (errors.UnknownAccount, lambda c: books.post(debit="escrow:none", credit=c.home)),
    "an unknown credit": (errors.UnknownAccount, lambda c: books.post(credit="household:none")),
    "an unknown leg": (errors.UnknownAccount, lambda c: books.capture((c.home, 1), ("escrow:no", 1), hold=c.open)),
    "a hold on an unknown account": (errors.UnknownAccount, lambda c: books.hold(debit="escrow:none")),
    "a closed debit": (errors.AccountClosed, lambda c: books.post(debit=c.closed, credit=c.home)),
    "a closed credit": (errors.AccountClosed, lambda c: books.post(credit=c.closed)),
    "a closed leg": (errors.AccountClosed, lambda c: books.capture((c.closed, 1), hold=c.open)),
    "a hold on a closed account": (errors.AccountClosed, lambda c: books.hold(debit=c.closed)),
    "closing an account with tokens": (
        errors.AccountNotEmpty, lambda c: ledger.close_account(address=c.escrow, actor="t")),
    "closing an unknown account": (
        errors.UnknownAccount, lambda c: ledger.close_account(address="escrow:no", actor="t")),
    "closing the issuance": (errors.AccountUnbounded, lambda c: ledger.close_account(address=ISSUANCE, actor="t")),
    "zero": (errors.InvalidAmount, lambda c: books.post(credit=c.home, amount=0)),
    "a negative amount": (errors.InvalidAmount, lambda c: books.post(credit=c.home, amount=-1)),
    "more than 2^53-1": (errors.InvalidAmount, lambda c: books.post(credit=c.home, amount=2**53)),
    "a fraction": (errors.InvalidAmount, lambda c: books.post(credit=c.home, amount=1.5)),
    "a truth value": (errors.InvalidAmount, lambda c: books.post(credit=c.home, amount=True)),
    "a hold of zero": (errors.InvalidAmount, lambda c: books.hold(debit=c.escrow, amount=0)),
    "a negative leg": (errors.InvalidAmount, lambda c: books.capture((c.home, -1), hold=c.open)),
    "a full account": (errors.AccountFull, lambda c: books.post(credit=c.home, amount=2**53 - 1)),
    "one account on both sides": (errors.SameAccount, lambda c: books.post(debit=c.escrow, credit=c.escrow)),
    "a leg back to the payer": (errors.SameAccount, lambda c: books.capture((c.escrow, 1), hold=c.open)),
    "more than is there": (
        errors.InsufficientTokens, lambda c: books.post(debit=c.escrow, credit=c.home, amount=101)),
    "more than is not held": (
        errors.InsufficientTokens, lambda c: books.post(debit=c.escrow, credit=c.home, amount=56)),
    "a hold of more than is not held": (errors.InsufficientTokens, lambda c: books.hold(debit=c.escrow, amount=56)),
    "a hold on an account without a balance": (errors.AccountUnbounded, lambda c: books.hold(debit=FEES)),
    "a hold that ends in the past": (
        errors.InvalidExpiry, lambda c: books.hold(debit=c.escrow, expires_at=timezone.now() - timedelta(hours=1))),
    "a hold that ends at once": (
        errors.InvalidExpiry, lambda c: books.hold(debit=c.escrow, lifetime=timedelta(0))),
    "a hold that never ends": (errors.InvalidExpiry, lambda c: books.hold(debit=c.escrow, lifetime=None)),
    "capturing what was never held": (errors.UnknownHold, lambda c: books.capture((c.home, 1), hold="hold:none")),
    "capturing what is no hold": (errors.UnknownHold, lambda c: books.capture((c.home, 1), hold=c.used)),
    "releasing what was never held": (
        errors.UnknownHold, lambda c: ledger.release_hold(hold="hold:none", key=books.key(), actor="t")),
    "capturing a released hold": (errors.HoldResolved, lambda c: books.capture((c.home, 1), hold=c.resolved)),
    "releasing a released hold": (
        errors.HoldResolved, lambda c: ledger.release_hold(hold=c.resolved, key=books.key(), actor="t")),
    "capturing too late": (errors.HoldExpired, lambda c: books.capture((c.home, 1), hold=c.lapsed)),
    "capturing too much": (
        errors.CaptureExceedsHold, lambda c: books.capture((c.home, 39), (FEES, 2), hold=c.open)),
    "a used key with another amount": (
        errors.IdempotencyMismatch, lambda c: books.post(key=c.used, credit=c.home, amount=8, op_id=c.op_id)),
    "a used key with another act": (errors.IdempotencyMismatch, lambda c: books.hold(key=c.used, debit=c.escrow)),
    "an operation number that was used": (
        errors.OperationExists, lambda c: books.post(credit=c.home, op_id=c.op_id)),
    "an empty key": (errors.InvalidKey, lambda c: books.post(key="", credit=c.home)),
    "a key with a NUL": (errors.InvalidKey, lambda c: books.post(key="a\x00", credit=c.home)),
    "a key without an end": (errors.InvalidKey, lambda c: books.post(key="k" * 201, credit=c.home)),
    "an address of another kind": (
        errors.InvalidAddress, lambda c: ledger.open_account(address="escrow:9", kind="household")),
    "an unknown kind": (errors.InvalidAddress, lambda c: ledger.open_account(address="bank:9", kind="bank")),
    "a second issuance": (
        errors.InvalidAddress, lambda c: ledger.open_account(address="platform:more", kind="issuance")),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_is_refused_by_name_and_writes_nothing(name):
    error, act = REFUSALS[name]
    case = Case()
    before = books.written()

    with pytest.raises(error) as refused, transaction.atomic():
        act(case)

    assert type(refused.value) is error
    assert str(refused.value)
    assert books.written() == before


def test_every_class_is_raised_by_some_case():
    left_out = {errors.HoldNotExpired}  # only the sweeper asks
    # These have their own files: test_reversals.py, test_as_of.py, test_sealing.py.
    left_out |= {errors.UnknownTransfer, errors.AlreadyReversed, errors.ReversalIsFinal, errors.ApprovalMissing}
    left_out |= {errors.InvalidInstant, errors.NotSealedYet, errors.UnknownCheckpoint}
    left_out |= {errors.CosignatureRefused, errors.EvidenceStands}
    assert {error for error, _ in REFUSALS.values()} | left_out == set(errors.LedgerError.__subclasses__())


def test_codes_are_all_different():
    assert len(errors.BY_CODE) == len(errors.LedgerError.__subclasses__())


def test_a_refused_item_takes_the_whole_call_with_it():
    escrow = books.account("escrow", tokens=10)
    home = books.account()
    before = books.written()
    items = [
        ledger.PostItem(key=books.key(), debit=escrow, credit=home, amount=amount, **books.FACT) for amount in (6, 6)
    ]

    with pytest.raises(errors.InsufficientTokens):
        ledger.apply(items)

    assert books.written() == before


def test_holds_that_cannot_be_covered_are_answered_beside_those_that_can():
    escrow = books.account("escrow", tokens=10)
    items = [
        ledger.HoldItem(key=books.key(), debit=escrow, amount=6, lifetime=timedelta(hours=1), **books.FACT)
        for _ in range(2)
    ]

    placed, refused = ledger.place_holds(items)

    assert placed.amount == 6
    assert isinstance(refused, errors.InsufficientTokens)
