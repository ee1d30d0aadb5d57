"""The totals of accounts without a running balance: rolled up, and the same as ever."""

import threading

import pytest
from django.db import connection, transaction

from rewards.ledger import operations as ledger
from rewards.ledger import sealing
from rewards.ledger.as_of import trial_balance_in_tree
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, ISSUANCE, Rollup, Transfer
from rewards.ledger.queries import balance_of, trial_balance
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import sealed


@pytest.mark.django_db
def test_what_was_rolled_up_and_what_came_since_are_one_balance():
    home = books.account(tokens=10)
    books.post(debit=home, credit=FEES, amount=3)

    assert ledger.roll_up(stretch=1)
    books.post(debit=home, credit=FEES, amount=2)
    books.post(credit=home, amount=7)

    assert (balance_of(FEES).posted, balance_of(ISSUANCE).posted) == (5, -17)
    assert trial_balance().difference == 0
    assert broken_invariants() == {}


@pytest.mark.django_db
def test_rolling_up_again_adds_what_came_since():
    home = books.account(tokens=10)
    assert ledger.roll_up(stretch=1)
    books.post(debit=home, credit=FEES, amount=4)

    assert ledger.roll_up(stretch=1)

    newest = Rollup.objects.filter(through=Transfer.objects.latest("id").pk)
    assert newest.get(kind="fees").credits == 4
    assert newest.get(kind="household").debits == 4
    assert broken_invariants() == {}


def test_a_tree_has_what_it_had_before_its_rows_were_rolled_up(committed_db):
    home = books.account(tokens=10)
    books.post(debit=home, credit=FEES, amount=3)
    sealed()
    size = sealing.latest_checkpoint().tree_size
    before = trial_balance_in_tree(size=size)

    books.post(debit=home, credit=FEES, amount=2)
    assert ledger.roll_up(stretch=1)
    books.post(debit=home, credit=FEES, amount=1)

    assert trial_balance_in_tree(size=size) == before
    assert (before.difference, {row.kind: row.balance for row in before.rows}["fees"]) == (0, 3)


@pytest.mark.django_db
def test_a_stretch_that_is_not_whole_waits():
    home = books.account(tokens=10)
    books.post(credit=home)

    assert not ledger.roll_up(stretch=3)
    assert ledger.roll_up(stretch=2)
    assert not ledger.roll_up(stretch=2)
    assert set(Rollup.objects.values_list("through", flat=True)) == {Transfer.objects.latest("id").pk}


@pytest.mark.django_db
def test_nobody_is_kept_from_writing_while_it_adds_up():
    books.account(tokens=10)

    assert ledger.roll_up(stretch=1)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'ledger_balance'::regclass"
        )
        assert ("ExclusiveLock",) not in cursor.fetchall()


def test_no_row_of_a_writer_that_is_not_done_yet_is_left_out(committed_db):
    home = books.account(tokens=10)
    has_written, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            books.post(debit=home, credit=FEES, amount=1)
            has_written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    has_written.wait(10)
    was_in_the_way = not ledger.roll_up(stretch=1)
    may_commit.set()
    writer.join()

    assert was_in_the_way
    assert ledger.roll_up(stretch=1)
    assert balance_of(FEES).posted == 1
    assert broken_invariants() == {}
