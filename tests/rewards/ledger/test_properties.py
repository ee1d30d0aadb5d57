"""True of every history: the journal stands, the past stays, and the order of what does not meet says nothing."""

import random
from datetime import datetime, timedelta

import pytest
from django.db import connection

from rewards.ledger import as_of, queries
from rewards.ledger import operations as ledger
from rewards.ledger.as_of import Clock
from rewards.ledger.errors import LedgerError
from rewards.ledger.items import CaptureItem, HoldItem, Item, PostItem
from rewards.ledger.models import FEES, ISSUANCE, Attempt, Transfer
from tests.rewards.ledger import books

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SEEDS = range(4)


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def journal_hash(*, up_to: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(sha256(convert_to(coalesce(string_agg(t::text, '|' ORDER BY id), ''), 'UTF8')), 'hex')"
            " FROM ledger_transfer t WHERE id <= %s",
            [up_to],
        )
        return cursor.fetchone()[0]


class Walk:
    """A random history on accounts of its own, with posts that are dated back."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.escrow, self.homes = books.account("escrow", tokens=300), [books.account(tokens=20) for _ in range(3)]
        self.addresses = [self.escrow, *self.homes, FEES, ISSUANCE]
        self.holds: list[str] = []

    def step(self) -> None:
        way = self.dice.randrange(5)
        amount, home = self.dice.randint(1, 15), self.dice.choice(self.homes)
        try:
            if way == 0:
                self.holds.append(books.hold(debit=self.escrow, amount=amount).key)
            elif way == 1 and self.holds:
                books.capture((home, amount), (FEES, 1), hold=self.dice.choice(self.holds))
            elif way == 2:
                back = timedelta(days=self.dice.randint(1, 30))
                books.post(debit=self.escrow, credit=home, amount=amount, effective_at=now() - back)
            elif way == 3 and self.holds:
                ledger.release_hold(hold=self.holds.pop(), key=books.key(), actor="test")
            else:
                books.post(debit=home, credit=self.dice.choice([self.escrow, FEES]), amount=amount)
        except LedgerError:
            pass


@pytest.mark.parametrize("seed", SEEDS)
def test_no_row_of_the_journal_ever_changes(seed):
    """I12: whatever comes later, what was written reads the same, byte for byte; posted counters only grow."""
    walk, seen, counters = Walk(seed), [], (0, 0)
    for _ in range(25):
        walk.step()
        last = Transfer.objects.latest("id").pk
        seen.append((last, journal_hash(up_to=last)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(debits), sum(credits) FROM ledger_balance")
            earlier, counters = counters, cursor.fetchone()
        assert all(new >= old for old, new in zip(earlier, counters, strict=True))

    assert all(journal_hash(up_to=last) == digest for last, digest in seen)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_past_is_what_it_was_whatever_is_dated_back_later(seed):
    """I18: now is now; and by recorded time no later post, however it is dated, changes what stood then."""
    walk, seen = Walk(seed), []
    for _ in range(25):
        walk.step()
        seen.append((now(), queries.balances_of(walk.addresses), queries.trial_balance()))

    at, standings, trial = seen[-1]
    for clock in Clock:
        assert {name: as_of.standing_at(name, at=at, clock=clock) for name in walk.addresses} == standings
        assert as_of.trial_balance_at(at=at, clock=clock) == trial
    for at, standings, trial in seen[::4]:
        assert {name: as_of.standing_at(name, at=at) for name in walk.addresses} == standings
        assert as_of.trial_balance_at(at=at) == trial


@pytest.mark.parametrize("seed", SEEDS)
def test_by_effective_time_the_past_is_the_sum_of_what_was_to_have_happened(seed):
    """I18 by the other clock: the standing on a day is the sum of the rows that took effect by then."""
    walk = Walk(seed)
    for _ in range(25):
        walk.step()

    for days in (0, 1, 7, 29):
        at = now() - days * DAY
        for address in walk.addresses:
            moved = Transfer.objects.filter(kind__in=Transfer.MOVES, effective_at__lte=at)
            rows = moved.values_list("debit__address", "credit__address", "amount")
            total = sum(amount * ((credit == address) - (debit == address)) for debit, credit, amount in rows)
            assert as_of.standing_at(address, at=at, clock=Clock.EFFECTIVE).posted == total


class World:
    """One copy of a small world; what happens in it does not meet, so any order is as good."""

    def __init__(self) -> None:
        self.escrows = [books.account("escrow", tokens=500) for _ in range(3)]
        self.homes = [books.account(tokens=100) for _ in range(4)]
        self.mark = books.key()
        for place, escrow in enumerate(self.escrows):
            books.hold(key=f"{self.mark}:held{place}", debit=escrow, amount=40)

    def items(self, seed: int) -> list[Item]:
        dice, items = random.Random(seed), list[Item]()
        for place in range(3):
            legs = (ledger.Leg(self.homes[place], 20), ledger.Leg(FEES, 3))
            items.append(
                CaptureItem(key=f"{self.mark}:c{place}", hold=f"{self.mark}:held{place}", legs=legs, **books.FACT)
            )
        for place in range(12):
            told = {"key": f"{self.mark}:{place}", "amount": dice.randint(1, 9), **books.FACT}
            if dice.random() < 0.25:
                items.append(HoldItem(debit=dice.choice(self.escrows), lifetime=DAY, **told))
            else:
                debit = dice.choice([*self.escrows, *self.homes, ISSUANCE])
                credit = dice.choice([home for home in [*self.homes, FEES] if home != debit])
                items.append(PostItem(debit=debit, credit=credit, **told))
        return items

    def state(self) -> list[tuple[int, int, int]]:
        standing = queries.balances_of([*self.escrows, *self.homes])
        return [
            (standing[name].posted, standing[name].held, standing[name].version)
            for name in (*self.escrows, *self.homes)
        ]


def in_one_call(items: list[Item], dice: random.Random) -> None:
    ledger.apply(items)


def one_by_one(items: list[Item], dice: random.Random) -> None:
    for item in items:
        ledger.apply([item])


def in_another_order(items: list[Item], dice: random.Random) -> None:
    ledger.apply(dice.sample(items, len(items)))


def split_anywhere(items: list[Item], dice: random.Random) -> None:
    while items:
        size = dice.randint(1, 5)
        ledger.apply(items[:size])
        items = items[size:]


def each_retried_three_times(items: list[Item], dice: random.Random) -> None:
    for item in items:
        for _ in range(3):
            ledger.apply([item])


def in_batches_that_overlap(items: list[Item], dice: random.Random) -> None:
    for first in range(0, len(items), 3):
        ledger.apply(items[first : first + 7])


WAYS = [one_by_one, in_another_order, split_anywhere, each_retried_three_times, in_batches_that_overlap]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_books_end_the_same(way, seed):
    """I20: any order of what does not meet, any retry and any splitting of a batch give the same final state."""
    plain, other, dice = World(), World(), random.Random(seed)

    in_one_call(plain.items(seed), dice)
    way(other.items(seed), dice)

    assert other.state() == plain.state()
    assert Attempt.objects.filter(key__startswith=other.mark).count() == 15 + 3


@pytest.mark.parametrize("place", range(5))
def test_a_batch_with_one_refusal_leaves_nothing_wherever_it_stands(place):
    """I19: an operation happens in all its legs or in none."""
    escrow, homes = books.account("escrow", tokens=10), [books.account() for _ in range(4)]
    items = [PostItem(key=books.key(), debit=escrow, credit=home, amount=2, **books.FACT) for home in homes]
    items.insert(place, PostItem(key=books.key(), debit=homes[0], credit=FEES, amount=99, **books.FACT))
    before = books.written()

    with pytest.raises(LedgerError):
        ledger.apply(items)

    assert books.written() == before


@pytest.mark.parametrize("place", range(3))
def test_a_capture_with_one_bad_leg_pays_nobody(place):
    escrow, home = books.account("escrow", tokens=10), books.account()
    placed = books.hold(debit=escrow, amount=9)
    legs = [(home, 2), (FEES, 1)]
    legs.insert(place, ("household:nobody", 1))
    before = books.written()

    with pytest.raises(LedgerError):
        books.capture(*legs, hold=placed.key)

    assert books.written() == before
