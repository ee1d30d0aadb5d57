"""The books as they stood: at every instant of a history they give what they gave then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from rewards.ledger import as_of, queries
from rewards.ledger import operations as ledger
from rewards.ledger.as_of import NEXT, Clock
from rewards.ledger.errors import InvalidInstant, UnknownAccount
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, ISSUANCE, Transfer
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def played(steps):
    """Run each step and note the instant after it, where every account stood, and the trial balance."""
    seen = []
    for step in steps:
        step()
        at = now()
        seen.append((at, queries.balances_of(ADDRESSES), queries.trial_balance()))
    return seen


ADDRESSES: list[str] = []


@pytest.fixture(params=[0, 1, 3], ids=["not rolled up", "every row rolled up", "every third"])
def history(request):
    escrow, home = books.account("escrow", tokens=100), books.account()
    ADDRESSES[:] = [escrow, home, FEES, ISSUANCE]
    first, second = books.key(), books.key()
    steps = played(
        [
            lambda: books.hold(key=first, debit=escrow, amount=30),
            lambda: books.hold(key=second, debit=escrow, amount=7),
            lambda: books.capture((home, 20), (FEES, 5), hold=first),
            lambda: books.post(debit=home, credit=escrow, amount=3),
            lambda: ledger.release_hold(hold=second, key=books.key(), actor="test"),
            lambda: books.post(debit=escrow, credit=FEES, amount=1),
        ]
    )
    assert not request.param or ledger.roll_up(stretch=request.param)
    return steps


def test_every_account_stands_at_any_instant_where_it_stood_then(history):
    for at, standings, _ in history:
        for address in ADDRESSES:
            assert as_of.standing_at(address, at=at) == standings[address]


def test_the_trial_balance_is_at_any_instant_what_it_was_then(history):
    for at, _, trial in history:
        assert as_of.trial_balance_at(at=at) == trial


def test_the_instant_of_a_row_belongs_to_it(history):
    row = Transfer.objects.filter(kind="capture", leg=1).latest("id")
    home = row.credit.address

    assert as_of.standing_at(home, at=row.recorded_at).posted == 20
    assert as_of.standing_at(home, at=row.recorded_at - NEXT).posted == 0


def test_before_the_first_row_there_was_nothing(history):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)

    assert {as_of.standing_at(address, at=long_ago).posted for address in ADDRESSES} == {0}
    assert as_of.trial_balance_at(at=long_ago).rows == []


def test_a_post_dated_back_counts_from_its_day_by_effective_time_only():
    home, before = books.account(tokens=5), now()
    books.post(credit=home, amount=2, effective_at=before - DAY)

    recorded, effective = (as_of.standing_at(home, at=before, clock=clock).posted for clock in Clock)

    assert (recorded, effective) == (5, 7)
    assert as_of.standing_at(home, at=before - 2 * DAY, clock=Clock.EFFECTIVE).posted == 0
    assert queries.balance_of(home).posted == 7


@pytest.mark.parametrize("clock", Clock)
@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_the_trial_balance_and_the_accounts_agree_by_either_time(clock, is_rolled_up):
    escrow, home, before = books.account("escrow", tokens=50), books.account(), now()
    books.post(debit=escrow, credit=home, amount=8, effective_at=before - DAY)
    books.post(debit=escrow, credit=home, amount=16)
    assert not is_rolled_up or ledger.roll_up(stretch=1)

    trial = as_of.trial_balance_at(at=before, clock=clock)

    rows = {row.kind: row.balance for row in trial.rows}
    expected = {address: as_of.standing_at(address, at=before, clock=clock).posted for address in (escrow, home)}
    assert (rows["escrow"], rows["household"]) == tuple(expected.values())
    assert expected[home] == (8 if clock == Clock.EFFECTIVE else 0)
    assert trial.difference == 0


@pytest.mark.parametrize("is_rolled_up", [False, True])
def test_an_account_without_a_running_balance_looks_back_by_either_time(is_rolled_up):
    escrow, before = books.account("escrow", tokens=50), now()
    books.post(debit=escrow, credit=FEES, amount=8, effective_at=before - DAY)
    assert not is_rolled_up or ledger.roll_up(stretch=1)

    fees = [as_of.standing_at(FEES, at=before, clock=clock).posted for clock in Clock]

    assert fees[1] - fees[0] == 8


def test_nothing_is_dated_ahead():
    home = books.account()

    with pytest.raises(InvalidInstant):
        books.post(credit=home, effective_at=now() + DAY)
    with pytest.raises(InvalidInstant):
        books.post(credit=home, effective_at=datetime(2001, 1, 1))
    assert queries.balance_of(home).version == 0


def test_a_period_shows_where_it_began_what_happened_and_where_it_ended(history):
    escrow = ADDRESSES[0]
    start, end = history[1][0], history[3][0]

    period = as_of.statement_between(escrow, start=start, end=end)

    assert (period.opening.posted, period.opening.held, period.closing.posted, period.closing.held) == (100, 37, 78, 7)
    assert [(line.version, line.change, line.after) for line in period.lines] == [
        (6, 3, 78),
        (5, -5, 75),
        (4, -20, 80),
    ]
    assert period.opening.posted + sum(line.change for line in period.lines) == period.closing.posted


def test_a_period_of_an_account_without_a_running_balance_adds_up_too(history):
    start, end = history[1][0], history[5][0]

    period = as_of.statement_between(FEES, start=start, end=end)

    assert [line.change for line in period.lines] == [1, 5]
    assert period.closing.posted - period.opening.posted == 6


def test_a_period_is_walked_page_by_page(history):
    escrow, start, end = ADDRESSES[0], history[1][0], history[3][0]
    first = as_of.statement_between(escrow, start=start, end=end, limit=2)

    second = as_of.statement_between(escrow, start=start, end=end, limit=2, before=first.lines[-1].position)

    assert [line.version for line in second.lines] == [4]


@pytest.mark.parametrize("rows", [1, 12])
def test_a_look_back_takes_as_many_queries_however_long(rows, django_assert_num_queries):
    home, at = books.account(), now()
    for _ in range(rows):
        books.post(credit=home)

    later = now()

    with django_assert_num_queries(2):
        as_of.standing_at(home, at=at)
    with django_assert_num_queries(2):
        as_of.trial_balance_at(at=at)
    with django_assert_num_queries(5):
        as_of.statement_between(home, start=at, end=later)


def test_a_look_back_searches_along_an_index():
    home = books.account()
    for _ in range(3):
        books.post(credit=home)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT credit_after FROM ledger_transfer WHERE credit_id = 1 AND credit_version = 2")
        plan = str(cursor.fetchall())

    assert "transfer_credit_version_once" in plan


def test_an_unknown_address_is_said_to_be_one():
    with pytest.raises(UnknownAccount):
        as_of.standing_at("household:none", at=now())


def test_the_books_hold_after_looking_back_and_dating_back(history):
    books.post(credit=ADDRESSES[1], amount=2, effective_at=history[0][0])

    assert broken_invariants() == {}
