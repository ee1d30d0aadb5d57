"""What auditors and pages read."""

import pytest

from rewards.ledger import operations as ledger
from rewards.ledger import queries
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import FEES, ISSUANCE, Account, Wallet
from tests import factories
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db


def test_the_statement_runs_newest_first_with_the_balance_after_each_line():
    escrow, home = books.account("escrow", tokens=100), books.account()
    placed = books.hold(debit=escrow, amount=30)
    books.capture((home, 20), (FEES, 5), hold=placed.key)

    lines = queries.statement(escrow)

    assert [(line.version, line.transfer.kind, line.change, line.after) for line in lines] == [
        (4, "capture", -5, 75),
        (3, "capture", -20, 80),
        (2, "hold", 0, 100),
        (1, "post", 100, 100),
    ]


def test_the_statement_goes_on_where_the_page_before_ended():
    home = books.account()
    for amount in range(1, 6):
        books.post(credit=home, amount=amount)

    first = queries.statement(home, limit=2)
    second = queries.statement(home, limit=2, before=first[-1].position)

    assert [line.change for line in first + second] == [5, 4, 3, 2]


def test_an_account_without_a_running_balance_has_a_statement_too():
    escrow = books.account("escrow", tokens=10)
    books.post(debit=escrow, credit=FEES, amount=4)
    books.post(debit=escrow, credit=FEES, amount=5)

    first, second = queries.statement(FEES, limit=2)

    assert [(line.change, line.version) for line in (first, second)] == [(5, None), (4, None)]
    assert queries.statement(FEES, before=first.position, limit=1) == [second]


def test_the_trial_balance_comes_out_at_zero():
    escrow, home = books.account("escrow", tokens=100), books.account(tokens=7)
    placed = books.hold(debit=escrow, amount=30)
    books.hold(debit=escrow, amount=11)
    books.capture((home, 20), (FEES, 5), hold=placed.key)

    trial = queries.trial_balance()

    rows = {row.kind: (row.debits, row.credits, row.balance, row.held) for row in trial.rows if row.accounts}
    assert rows["issuance"] == (107, 0, -107, 0)
    assert rows["escrow"] == (25, 100, 75, 11)
    assert rows["household"] == (0, 27, 27, 0)
    assert rows["fees"] == (0, 5, 5, 0)
    assert (trial.debits, trial.credits, trial.held, trial.difference) == (132, 132, 11, 0)


def test_standings_of_many_accounts_take_one_query(django_assert_num_queries):
    addresses = [books.account(tokens=number) for number in range(1, 4)]

    with django_assert_num_queries(1):
        standings = queries.balances_of([*addresses, ISSUANCE])

    assert [standings[address].available for address in addresses] == [1, 2, 3]
    assert standings[ISSUANCE].posted == -6


@pytest.mark.parametrize("rows", [1, 8])
def test_a_statement_takes_three_queries_however_long(rows, django_assert_num_queries):
    home = books.account()
    for _ in range(rows):
        books.post(credit=home)

    with django_assert_num_queries(3):
        lines = queries.statement(home)
        assert {line.transfer.debit.address for line in lines} == {ISSUANCE}


@pytest.mark.parametrize("rows", [1, 8])
def test_the_trial_balance_takes_one_query_however_many_accounts(rows, django_assert_num_queries):
    for _ in range(rows):
        books.account(tokens=1)

    with django_assert_num_queries(1):
        queries.trial_balance()


@pytest.mark.parametrize("read", [queries.balance_of, queries.statement, queries.account_at])
def test_an_unknown_address_is_said_to_be_one(read):
    with pytest.raises(UnknownAccount):
        read("household:none")


def test_a_household_has_one_wallet_whose_address_says_nothing():
    home = factories.household()

    account = ledger.open_wallet(household=home)

    assert ledger.open_wallet(household=home) == account
    assert queries.wallet_address(home) == account.address
    assert home.pk.hex not in account.address


def test_a_forgotten_wallet_leaves_its_account_to_the_journal():
    home = factories.household()
    account = ledger.open_wallet(household=home)
    books.post(credit=account.address, amount=3)

    ledger.forget_wallet(household=home)

    assert not Wallet.objects.filter(household=home).exists()
    assert Account.objects.filter(pk=account.pk).exists()
    assert queries.balance_of(account.address).posted == 3
    with pytest.raises(UnknownAccount):
        queries.wallet_address(home)


def test_opening_an_account_again_returns_it():
    address = books.account("buyer")

    assert ledger.open_account(address=address, kind="buyer").address == address
