"""What ends is counted from the journal, and is what a lot-by-lot model would say: any history, any moment."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import BREAKAGE, ISSUANCE, ORDERS, Account
from rewards.ledger.queries import balance_of, trial_balance
from rewards.treasury import operations
from rewards.treasury.models import Carried
from rewards.treasury.queries import older_than
from tests.rewards.treasury.model import Lot, Lots

HOMES = ("a", "b", "c")
FACT = {"actor": "test", "event_type": "test", "event_ref": "1"}
HOME, TOKENS = st.sampled_from(HOMES), st.integers(1, 40)
STEPS = st.one_of(
    st.tuples(st.just("earn"), HOME, TOKENS),
    st.tuples(st.just("spend"), HOME, TOKENS),
    st.tuples(st.just("hold"), HOME, TOKENS),
    st.tuples(st.just("capture"), HOME, st.integers(0, 40)),
    st.tuples(st.just("release"), HOME, TOKENS),
    st.tuples(st.just("give"), HOME, HOME, TOKENS),
    st.tuples(st.just("accept"), HOME),
    st.tuples(st.just("give_back"), HOME),
    st.tuples(st.just("reverse"), st.integers(0, 30)),
    st.tuples(st.just("expire"), st.integers(0, 60)),
)


@dataclass
class Books:
    """One history, told to the ledger and to the model alike. Time is counted in steps."""

    lots: Lots = field(default_factory=Lots)
    names: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    instants: list[datetime] = field(default_factory=list)
    holds: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    aside: dict[str, list[tuple[str, list[Lot]]]] = field(default_factory=dict)
    moved: list[tuple[object, str, str, int]] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    def open(self) -> None:
        for home in HOMES:
            self.names[home] = ledger.open_account(address=f"household:{uuid4().hex}", kind="household").address
            self.ids[home] = Account.objects.get(address=self.names[home]).pk

    def step(self, step: tuple[object, ...]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            self.instants.append(cursor.fetchone()[0])
        verb, *rest = step
        getattr(self, str(verb))(*rest)

    def post(self, debit: str, credit: str, tokens: int) -> None:
        posted = ledger.post(key=uuid4().hex, debit=debit, credit=credit, amount=tokens, **FACT)
        self.moved.append((posted.op_id, debit, credit, tokens))

    def earn(self, home: str, tokens: int) -> None:
        self.post(ISSUANCE, self.names[home], tokens)
        self.lots.earn(home, tokens, now=len(self.instants))

    def spend(self, home: str, tokens: int) -> None:
        if tokens := min(tokens, self.lots.available(home)):
            self.post(self.names[home], BREAKAGE, tokens)
            self.lots.take(home, tokens)

    def hold(self, home: str, tokens: int) -> None:
        if tokens := min(tokens, self.lots.available(home)):
            placed = ledger.place_hold(
                key=uuid4().hex, debit=self.names[home], amount=tokens, lifetime=timedelta(hours=1), **FACT
            )
            self.holds.setdefault(home, []).append((placed.key, tokens))
            self.lots.held[home] = self.lots.held.get(home, 0) + tokens

    def capture(self, home: str, tokens: int) -> None:
        if self.holds.get(home):
            key, held = self.holds[home].pop()
            legs = [ledger.Leg("orders", min(tokens, held))]
            ledger.capture_hold(hold=key, key=uuid4().hex, legs=legs, **FACT)
            self.lots.held[home] -= held
            self.lots.take(home, min(tokens, held))

    def release(self, home: str, _: int) -> None:
        if self.holds.get(home):
            key, held = self.holds[home].pop()
            ledger.release_hold(hold=key, key=uuid4().hex, actor="test")
            self.lots.held[home] -= held

    def accept(self, home: str) -> None:
        """A provider accepts an order: what was held leaves, and may come back."""
        if self.holds.get(home):
            hold, held = self.holds[home].pop()
            key = uuid4().hex
            operations.set_aside(
                hold=hold, key=key, debit=self.names[home], credit=ORDERS, amount=held,
                boundaries=self.instants, **FACT,
            )  # fmt: skip
            self.lots.held[home] -= held
            self.aside.setdefault(home, []).append((key, self.lots.take(home, held)))

    def give_back(self, home: str) -> None:
        if self.aside.get(home):
            key, lots = self.aside[home].pop()
            amount = sum(lot.tokens for lot in lots)
            operations.give_back(
                key=uuid4().hex, aside=key, debit=ORDERS, credit=self.names[home], amount=amount, **FACT
            )
            self.lots.put(home, lots)

    def give(self, giver: str, taker: str, tokens: int) -> None:
        if giver != taker and (tokens := min(tokens, self.lots.available(giver))):
            operations.hand_on_at(
                key=uuid4().hex, debit=self.names[giver], credit=self.names[taker], amount=tokens,
                boundaries=self.instants, **FACT,
            )  # fmt: skip
            self.lots.give(giver, taker, tokens)

    def reverse(self, which: int) -> None:
        """Take one earning or spending back: what comes back is as young as the day it comes."""
        if not self.moved:
            return
        op_id, debit, credit, tokens = self.moved.pop(which % len(self.moved))
        homes = {address: home for home, address in self.names.items()}
        if credit in homes and self.lots.available(homes[credit]) < tokens:
            return
        ledger.reverse_operation(op_id=op_id, actor="test", approved_by="another", reason="test")
        if credit in homes:
            self.lots.take(homes[credit], tokens)
        else:
            self.lots.earn(homes[debit], tokens, now=len(self.instants))

    def expire(self, step: int) -> None:
        before = min(step, len(self.instants))
        due = {home: self.lots.due(home, before=before) for home in HOMES}
        homes, tokens = operations.take_older(
            list(self.ids.values()), cutoff=self.instants[before - 1] if before else self.instants[0],
            on=date(2000, 1, 1) + timedelta(days=len(self.instants)),
        )  # fmt: skip
        assert (homes, tokens) == (sum(1 for lost in due.values() if lost), sum(due.values()))
        for home, lost in due.items():
            self.lots.take(home, lost)

    def check(self) -> None:
        found = older_than(list(self.ids.values()), cutoffs=self.instants)
        counted = {(row.account_id, row.cutoff): row.due for row in found}
        for number, instant in enumerate(self.instants, start=1):
            for home in HOMES:
                assert counted[self.ids[home], instant] == self.lots.due(home, before=number), (home, number)
        for home in HOMES:
            assert balance_of(self.names[home]).available == self.lots.available(home)


#: A home spends young tokens, and old ones come to it afterwards: they are all there, and all of them old.
OLD_AFTER_YOUNG = [("earn", "a", 10), ("earn", "b", 10), ("spend", "b", 10), ("give", "a", "b", 10), ("expire", 2)]


@example(steps=OLD_AFTER_YOUNG)
@given(steps=st.lists(STEPS, min_size=6, max_size=25))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_what_ends_is_what_the_lots_would_say(db, steps):
    books = Books()
    books.open()

    for step in steps:
        books.step(step)

    books.check()
    assert trial_balance().difference == 0
    assert broken_invariants() == {}


@pytest.mark.parametrize("last", [("expire", 2), ("hold", "b", 4), ("reverse", 0)])
def test_old_tokens_that_come_after_young_ones_were_spent_are_all_old(db, last):
    books = Books()
    books.open()

    for step in [*OLD_AFTER_YOUNG[:-1], last]:
        books.step(step)

    books.check()


def earned(tokens: int) -> str:
    address = ledger.open_account(address=f"household:{uuid4().hex}", kind="household").address
    ledger.post(key=uuid4().hex, debit=ISSUANCE, credit=address, amount=tokens, **FACT)
    return address


def instant() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_going_round_three_homes_makes_no_token_younger(db):
    first = instant()
    home, others = earned(100), [earned(1), earned(1)]
    moments = [first, instant()]

    for giver, taker in ((home, others[0]), (others[0], others[1]), (others[1], home)):
        operations.hand_on_at(key=uuid4().hex, debit=giver, credit=taker, amount=100, boundaries=moments, **FACT)

    row = older_than([Account.objects.get(address=home).pk], cutoffs=[moments[1]])[0]
    assert (row.older, row.posted) == (100, 100)


def test_the_same_key_hands_on_once_and_keeps_one_age(db):
    moments = [instant()]
    giver, taker = earned(50), earned(1)

    again = [
        operations.hand_on_at(key="once", debit=giver, credit=taker, amount=20, boundaries=moments, **FACT)
        for _ in range(2)
    ]

    assert [posted.replayed for posted in again] == [False, True]
    assert sum(Carried.objects.values_list("tokens", flat=True)) == 20


def test_counting_asks_the_database_once_however_many_homes_and_ages(db, django_assert_num_queries):
    accounts = [Account.objects.get(address=earned(5)).pk for _ in range(5)]
    moments = [instant(), instant()]

    with django_assert_num_queries(1):
        found = older_than(accounts, cutoffs=moments)

    assert len(found) == 10


@pytest.mark.parametrize("function", ["treasury_older", "treasury_next_homes"])
def test_no_count_walks_the_whole_journal(db, function):
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = %s", [function])
        (settings_of_function,) = cursor.fetchone()

    assert "enable_seqscan=off" in settings_of_function


@pytest.mark.parametrize("statement", ["UPDATE treasury_carried SET tokens = 9", "DELETE FROM treasury_carried"])
def test_an_age_is_never_rewritten(db, statement):
    operations.hand_on_at(key="age", debit=earned(9), credit=earned(1), amount=9, boundaries=[instant()], **FACT)

    with connection.cursor() as cursor, pytest.raises(Exception, match=r"permission denied|only grows"):
        cursor.execute(statement)
