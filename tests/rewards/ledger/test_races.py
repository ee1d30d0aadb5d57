"""Many hands at once: threads with connections of their own, on a database where commits are real."""

import re
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from rewards.ledger import operations as ledger
from rewards.ledger.errors import HoldResolved, IdempotencyMismatch, InsufficientTokens, LedgerError
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, Attempt, Transfer
from rewards.ledger.queries import balance_of
from tests.config.supervising import wait_until
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books
from tests.threads import HANDS, all_at_once


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def test_of_twenty_who_spend_one_balance_exactly_those_it_covers_succeed(committed_db):
    escrow, home = books.account("escrow", tokens=70), books.account()

    answers = all_at_once(lambda n: books.post(key=f"race:{n}", debit=escrow, credit=home, amount=10))

    assert kinds(answers) == {ledger.Posted: 7, InsufficientTokens: 13}
    assert (balance_of(escrow).posted, balance_of(home).posted) == (0, 70)
    assert broken_invariants() == {}


def test_of_twenty_who_hold_one_balance_exactly_those_it_covers_succeed(committed_db):
    escrow = books.account("escrow", tokens=70)

    answers = all_at_once(lambda n: books.hold(key=f"race:{n}", debit=escrow, amount=10))

    assert kinds(answers) == {ledger.Hold: 7, InsufficientTokens: 13}
    assert balance_of(escrow).available == 0


def test_of_twenty_who_spend_what_is_partly_held_exactly_those_it_covers_succeed(committed_db):
    escrow, home = books.account("escrow", tokens=70), books.account()
    placed = books.hold(debit=escrow, amount=40)

    answers = all_at_once(lambda n: books.post(key=f"race:{n}", debit=escrow, credit=home, amount=10))

    assert kinds(answers) == {ledger.Posted: 3, InsufficientTokens: 17}
    assert books.capture((home, 40), hold=placed.key)


def test_twenty_bearers_of_one_key_make_one_posting(committed_db):
    home = books.account()

    answers = all_at_once(lambda n: books.post(key="race:one", credit=home, amount=10))

    assert kinds(answers) == {ledger.Posted: HANDS}
    assert len({answer.op_id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert balance_of(home).posted == 10


def test_one_key_with_twenty_bodies_pays_one_of_them(committed_db):
    homes = [books.account() for _ in range(HANDS)]

    answers = all_at_once(lambda n: books.post(key="race:one", credit=homes[n], amount=n + 1))

    assert kinds(answers) == {ledger.Posted: 1, IdempotencyMismatch: HANDS - 1}
    assert Attempt.objects.filter(key="race:one").count() == 1
    assert broken_invariants() == {}


def test_of_twenty_captures_of_one_hold_one_succeeds(committed_db):
    escrow, home = books.account("escrow", tokens=70), books.account()
    placed = books.hold(debit=escrow, amount=50)

    answers = all_at_once(lambda n: books.capture((home, 20), (FEES, 5), hold=placed.key, key=f"race:{n}"))

    assert kinds(answers) == {ledger.Capture: 1, HoldResolved: HANDS - 1}
    assert (balance_of(escrow).available, balance_of(home).posted) == (45, 20)


def test_a_hold_that_is_placed_while_a_capture_looks_for_it_is_not_called_resolved(committed_db):
    """Held up between its two looks, a capture first sees no hold, then that it was placed."""
    escrow, home = books.account("escrow", tokens=70), books.account()
    with ThreadPoolExecutor(1) as hand, connect_as_owner(committed_db) as owner:
        texts = owner.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^ledger_apply' AND prosrc ~ 'ledger_openhold'"
        ).fetchall()
        looks = re.compile(r"PERFORM 1 FROM ledger_attempt t\s+WHERE t\.key = hold_key")
        assert any(looks.search(text) for (text,) in texts), "the second look is elsewhere now"
        gate = "PERFORM pg_advisory_lock_shared(1); PERFORM pg_advisory_unlock_shared(1);"
        for (text,) in texts:
            owner.execute(looks.sub(lambda found: f"{gate} {found[0]}", text))

        owner.execute("SELECT pg_advisory_lock(1)")
        capturing = hand.submit(captured_by_another_hand, home)
        wait_until(lambda: owner.execute(WAITS_AT_THE_GATE).fetchone() or capturing.done())
        assert not capturing.done()
        placed = books.hold(key="race:hold", debit=escrow, amount=50)
        owner.execute("SELECT pg_advisory_unlock(1)")

        assert isinstance(placed, ledger.Hold)
        assert isinstance(capturing.result(60), ledger.Capture)
    assert (balance_of(home).posted, balance_of(escrow).held) == (20, 0)


WAITS_AT_THE_GATE = """
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""


def captured_by_another_hand(home):
    try:
        return books.capture((home, 20), hold="race:hold", key="race:capture")
    finally:
        connection.close()


def test_capture_release_and_sweeper_meet_and_one_wins(committed_db):
    escrow, home = books.account("escrow", tokens=100), books.account()
    placed = [books.hold(debit=escrow, amount=5, lifetime=timedelta(milliseconds=40)) for _ in range(6)]

    def act(number):
        hold = placed[number % 6].key
        if number % 3 == 0:
            return ledger.expire_holds()
        if number % 3 == 1:
            return books.capture((home, 5), hold=hold, key=f"race:{number}")
        return ledger.release_hold(hold=hold, key=f"race:{number}", actor="test")

    answers = all_at_once(act)

    assert all(isinstance(answer, int | ledger.Capture | LedgerError) for answer in answers), answers
    assert Transfer.objects.filter(hold__isnull=False).values("hold").distinct().count() <= 6
    assert broken_invariants() == {}


def test_callers_who_name_accounts_in_opposite_order_do_not_deadlock(committed_db):
    left, right = books.account(tokens=1000), books.account(tokens=1000)

    def act(number):
        ways = [(left, right), (right, left)]
        return [
            ledger.apply(
                [
                    ledger.PostItem(
                        key=f"race:{number}:{turn}:{step}", debit=debit, credit=credit, amount=1, **books.FACT
                    )
                    for step, (debit, credit) in enumerate(ways if number % 2 else reversed(ways))
                ]
            )
            for turn in range(10)
        ]

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        before = cursor.fetchone()
    answers = all_at_once(act)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        after = cursor.fetchone()

    assert kinds(answers) == {list: HANDS}
    assert before == after
    assert balance_of(left).posted == balance_of(right).posted == 1000


def test_single_posts_in_opposite_directions_do_not_deadlock(committed_db):
    left, right = books.account(tokens=1000), books.account(tokens=1000)
    before = deadlocks()

    def act(number):
        debit, credit = (left, right) if number % 2 else (right, left)
        return [books.post(key=f"race:{number}:{n}", debit=debit, credit=credit) for n in range(20)]

    answers = all_at_once(act)

    assert kinds(answers) == {list: HANDS}
    assert deadlocks() == before


def test_single_captures_in_opposite_directions_do_not_deadlock(committed_db):
    left, right = books.account(tokens=1000), books.account(tokens=1000)
    held = [[books.hold(debit=(left, right)[n % 2]).key for _ in range(10)] for n in range(HANDS)]
    before = deadlocks()

    def act(number):
        return [books.capture(((right, left)[number % 2], 1), hold=hold, key=f"race:{hold}") for hold in held[number]]

    answers = all_at_once(act)

    assert kinds(answers) == {list: HANDS}
    assert deadlocks() == before


def deadlocks():
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_versions_follow_the_order_of_commits(committed_db):
    escrow, home = books.account("escrow", tokens=1000), books.account()
    placed = [books.hold(debit=escrow, amount=10).key for _ in range(HANDS)]

    answers = all_at_once(lambda n: books.capture((home, 8), (FEES, 2), hold=placed[n], key=f"race:{n}"))

    versions = sorted(answer.debit_version for answer in answers)
    assert versions == [1 + HANDS + 2 * n for n in range(1, HANDS + 1)]
    assert broken_invariants() == {}


def test_a_lost_deadlock_is_tried_again_by_the_outermost_operation(committed_db):
    homes = [books.account(), books.account()]
    calls, met = Counter(), threading.Barrier(2)

    @ledger.retry_on_conflict
    @transaction.atomic(durable=True)
    def act(number):
        calls[number] += 1
        first, second = homes if number else reversed(homes)
        books.post(key=f"race:{number}:a", credit=first)
        if calls[number] == 1:
            met.wait(timeout=30)
        return books.post(key=f"race:{number}:b", credit=second)

    answers = all_at_once(act, hands=2)

    assert kinds(answers) == {ledger.Posted: 2}
    assert sum(calls.values()) == 3
    assert [balance_of(home).posted for home in homes] == [2, 2]


@pytest.mark.parametrize("tries", [3])
def test_a_conflict_is_tried_three_times_and_then_told(committed_db, tries):
    calls = []

    @ledger.retry_on_conflict
    @transaction.atomic(durable=True)
    def act():
        calls.append(uuid.uuid4())
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")

    with pytest.raises(Exception, match="lost"):
        act()

    assert len(calls) == tries


def test_inside_a_transaction_nothing_is_tried_again(committed_db):
    calls = []

    @ledger.retry_on_conflict
    def act():
        calls.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(Exception, match="lost"), transaction.atomic():
        act()

    assert calls == [1]
