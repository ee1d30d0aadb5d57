"""A hold reserves on one account until it is captured, released or over."""

import time
import uuid
from datetime import timedelta

import pytest

from rewards.ledger import operations as ledger
from rewards.ledger.errors import HoldNotExpired, HoldResolved, LedgerError
from rewards.ledger.items import Item
from rewards.ledger.models import FEES, OpenHold, Transfer
from rewards.ledger.queries import balance_of, transfers_of
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db


def test_reserves_without_moving_anything():
    escrow = books.account("escrow", tokens=10)

    placed = books.hold(debit=escrow, amount=4)

    standing = balance_of(escrow)
    assert (standing.posted, standing.held, standing.available) == (10, 4, 6)
    assert standing.version == placed.debit_version == 2


def test_a_capture_pays_its_legs_under_one_number_and_frees_the_rest():
    escrow, home, maker = books.account("escrow", tokens=100), books.account(), books.account("manufacturer")
    placed, op_id = books.hold(debit=escrow, amount=60), uuid.uuid4()

    captured = books.capture((home, 40), (maker, 5), (FEES, 4), hold=placed.key, op_id=op_id)

    rows = list(transfers_of(op_id).values_list("leg", "kind", "amount", "debit_version", "debit_after", "debit_held"))
    assert rows == [
        (1, "capture", 40, 3, 60, 0),
        (2, "capture", 5, 4, 55, 0),
        (3, "capture", 4, 5, 51, 0),
    ]
    assert captured.debit_version == 5
    assert (balance_of(escrow).available, balance_of(home).posted, balance_of(maker).posted) == (51, 40, 5)


def test_a_leg_of_zero_leaves_no_row():
    escrow, home = books.account("escrow", tokens=10), books.account()
    placed = books.hold(debit=escrow, amount=5)

    captured = books.capture((FEES, 0), (home, 5), hold=placed.key)

    assert [(row.leg, row.amount) for row in transfers_of(captured.op_id)] == [(1, 5)]


@pytest.mark.parametrize("legs", [(), ((FEES, 0),)])
def test_a_capture_that_pays_nobody_is_a_release(legs):
    escrow = books.account("escrow", tokens=10)
    placed = books.hold(debit=escrow, amount=5)

    captured = books.capture(*legs, hold=placed.key)

    row = transfers_of(captured.op_id).get()
    assert (row.kind, row.credit_id, row.amount, captured.debit_version) == ("release", None, 5, 3)
    assert balance_of(escrow).available == 10


def test_a_capture_may_pay_one_account_twice():
    escrow, home = books.account("escrow", tokens=10), books.account()
    placed = books.hold(debit=escrow, amount=10)

    books.capture((home, 3), (home, 4), hold=placed.key)

    assert (balance_of(home).posted, balance_of(home).version) == (7, 2)


def test_a_release_gives_back_what_was_held():
    escrow = books.account("escrow", tokens=10)
    placed = books.hold(debit=escrow, amount=10)

    ledger.release_hold(hold=placed.key, key=books.key(), actor="test")

    assert balance_of(escrow).available == 10
    assert not OpenHold.objects.filter(key=placed.key).exists()


def test_the_sweeper_frees_only_what_is_over():
    escrow = books.account("escrow", tokens=10)
    books.hold(debit=escrow, amount=3, lifetime=timedelta(milliseconds=1))
    books.hold(debit=escrow, amount=4)
    time.sleep(0.005)

    assert ledger.expire_holds() == 1
    assert ledger.expire_holds() == 0

    assert balance_of(escrow).held == 4
    assert Transfer.objects.filter(kind="expire", debit__address=escrow, actor="system:clock").count() == 1


def test_the_sweeper_takes_the_oldest_first_and_no_more_than_asked():
    escrow = books.account("escrow", tokens=10)
    keys = [books.hold(debit=escrow, lifetime=timedelta(milliseconds=1)).key for _ in range(3)]
    time.sleep(0.005)

    assert ledger.expire_holds(limit=2) == 2

    assert [row.key for row in OpenHold.objects.filter(key__in=keys)] == keys[2:]


def test_a_late_release_after_the_sweeper_is_refused():
    escrow = books.account("escrow", tokens=10)
    placed = books.hold(debit=escrow, lifetime=timedelta(milliseconds=1))
    time.sleep(0.005)
    ledger.expire_holds()

    with pytest.raises(HoldResolved):
        ledger.release_hold(hold=placed.key, key=books.key(), actor="test")


class ExpireItem(ledger.ReleaseItem):
    action = "expire"


def test_nobody_expires_a_hold_before_its_time():
    placed = books.hold(debit=books.account("escrow", tokens=10))
    item: Item = ExpireItem(key=books.key(), hold=placed.key, actor="test")

    (answer,) = ledger.apply([item], skip_refused=True)

    assert isinstance(answer, LedgerError)
    assert isinstance(answer, HoldNotExpired)


def test_items_of_one_operation_go_on_counting_legs():
    escrow, home, op_id = books.account("escrow", tokens=10), books.account(), uuid.uuid4()

    ledger.apply(
        [
            ledger.PostItem(key=books.key(), op_id=op_id, debit=escrow, credit=home, amount=amount, **books.FACT)
            for amount in (1, 2)
        ]
    )

    assert [(row.leg, row.amount) for row in transfers_of(op_id)] == [(1, 1), (2, 2)]
