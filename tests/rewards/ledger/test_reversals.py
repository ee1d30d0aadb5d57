"""A mistake is a reversing transfer: whole, once, by two people, and never below a floor."""

import uuid

import pytest

from rewards.ledger import operations as ledger
from rewards.ledger.errors import (
    AlreadyReversed,
    ApprovalMissing,
    InsufficientTokens,
    ReversalIsFinal,
    UnknownTransfer,
)
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.items import ReverseItem
from rewards.ledger.models import FEES, Transfer
from rewards.ledger.queries import balance_of, statement, transfers_of
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db
BY = {"actor": "user:1", "approved_by": "user:2", "reason": "두 번 지급됨"}


@pytest.fixture
def deal():
    escrow, home = books.account("escrow", tokens=100), books.account()
    placed = books.hold(debit=escrow, amount=30)
    paid = books.capture((home, 20), (FEES, 5), hold=placed.key)
    return escrow, home, paid


def test_every_leg_goes_back_under_one_operation(deal):
    escrow, home, paid = deal

    done = ledger.reverse_operation(op_id=paid.op_id, **BY)

    rows = list(transfers_of(done[0].op_id))
    assert [(row.kind, row.leg, row.debit.address, row.credit.address, row.amount) for row in rows] == [
        ("reverse", 1, home, escrow, 20),
        ("reverse", 2, FEES, escrow, 5),
    ]
    assert [row.reverses for row in rows] == list(transfers_of(paid.op_id))
    assert {(row.actor, row.approved_by, row.reason) for row in rows} == {("user:1", "user:2", "두 번 지급됨")}
    assert (balance_of(escrow).posted, balance_of(home).posted) == (100, 0)
    assert broken_invariants() == {}


def test_asking_again_changes_nothing_and_says_the_same(deal):
    first = ledger.reverse_operation(op_id=deal[2].op_id, **BY)
    before = books.written()

    second = ledger.reverse_operation(op_id=deal[2].op_id, **BY)

    assert [(post.transfer_id, post.replayed) for post in second] == [(post.transfer_id, True) for post in first]
    assert books.written() == before


def test_a_row_is_reversed_once_whatever_the_reason(deal):
    ledger.reverse_operation(op_id=deal[2].op_id, **BY)

    with pytest.raises(AlreadyReversed):
        ledger.reverse_operation(op_id=deal[2].op_id, **BY | {"reason": "다시"})


def test_another_key_does_not_reverse_it_a_second_time(deal):
    escrow, home, paid = deal
    ledger.reverse_operation(op_id=paid.op_id, **BY)
    row = transfers_of(paid.op_id)[0]
    books.post(credit=home, amount=50)

    with pytest.raises(AlreadyReversed):
        ledger.apply(
            [ReverseItem(key=books.key(), reverses=row.pk, debit=home, credit=escrow, amount=row.amount, **BY)]
        )


def test_a_reversal_is_not_reversed(deal):
    done = ledger.reverse_operation(op_id=deal[2].op_id, **BY)

    with pytest.raises(ReversalIsFinal):
        ledger.reverse_operation(op_id=done[0].op_id, **BY)


def test_what_was_spent_cannot_be_taken_back_and_no_leg_is(deal):
    _, home, paid = deal
    books.post(debit=home, credit=FEES, amount=1)
    before = books.written()

    with pytest.raises(InsufficientTokens):
        ledger.reverse_operation(op_id=paid.op_id, **BY)

    assert books.written() == before


@pytest.mark.parametrize("wrong", [{"approved_by": "user:1"}, {"approved_by": None}, {"reason": ""}, {"reason": "  "}])
def test_two_people_and_a_reason_are_needed(deal, wrong):
    before = books.written()

    with pytest.raises(ApprovalMissing):
        ledger.reverse_operation(op_id=deal[2].op_id, **BY | wrong)

    assert books.written() == before


def test_a_hold_and_an_unknown_operation_moved_nothing(deal):
    placed = books.hold(debit=deal[0], amount=1)

    for op_id in (placed.op_id, uuid.uuid4()):
        with pytest.raises(UnknownTransfer):
            ledger.reverse_operation(op_id=op_id, **BY)


@pytest.mark.parametrize("wrong", [{"amount": 19}, {"debit": FEES}, {"reverses": 10**12}])
def test_a_part_or_another_account_is_not_that_row(deal, wrong):
    escrow, home, paid = deal
    row = transfers_of(paid.op_id)[0]
    item = {"reverses": row.pk, "debit": home, "credit": escrow, "amount": 20} | wrong

    with pytest.raises(UnknownTransfer):
        ledger.apply([ReverseItem(key=books.key(), **item, **BY)])


def test_the_statement_shows_it_as_any_other_line(deal):
    ledger.reverse_operation(op_id=deal[2].op_id, **BY)

    lines = statement(deal[0], limit=3)

    assert [(line.transfer.kind, line.change, line.after) for line in lines] == [
        ("reverse", 5, 100),
        ("reverse", 20, 95),
        ("capture", -5, 75),
    ]


def test_a_post_may_name_who_agreed_and_never_itself():
    home = books.account()
    books.post(credit=home, approved_by="user:2", reason="청구서 1")

    with pytest.raises(ApprovalMissing):
        books.post(credit=home, actor="user:2", approved_by="user:2", reason="청구서 2")
    assert Transfer.objects.get(credit__address=home).approved_by == "user:2"
