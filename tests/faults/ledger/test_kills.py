"""Whoever is killed, wherever: asked again under its key, a call has happened once."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from rewards.ledger import operations as ledger
from rewards.ledger import sealing
from rewards.ledger.errors import HoldExpired, HoldResolved
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import FEES, ISSUANCE, Attempt, Leaf, OpenHold, Transfer
from rewards.ledger.queries import balance_of
from tests.config.supervising import wait_until
from tests.faults.ledger import run
from tests.rewards.ledger import books
from tests.rewards.ledger.tree import unsealed
from tests.threads import all_at_once

#: Sends one call, and stays where it is to be killed. It tells its place on the way.
WORKER = """
import psycopg, sys, time
url, place, body = sys.argv[1:]
def stay(here):
    if place == here:
        print(here, flush=True)
        time.sleep(600)
connection = psycopg.connect(url, autocommit=place != "before the commit", application_name="worker")
stay("before it sends")
if place == "before the commit":
    connection.execute("SELECT ledger_apply(%s::jsonb, false)", [body])
    stay(place)
wire = connection.pgconn
wire.send_query_params(b"SELECT ledger_apply($1::jsonb, true)", [body.encode()])
while wire.flush():
    pass
print(place, flush=True)
time.sleep(600)
"""
PLACES = {
    "before it sends": False,
    "before the commit": False,
    "as soon as it has sent": None,  # the server may or may not have begun
    "after the commit, before the answer": True,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_is_killed(own_database, place):
    escrow, home = books.account("escrow", tokens=100), books.account()
    hold = books.hold(debit=escrow, amount=30)
    item = ledger.CaptureItem(
        key="fault:one", hold=hold.key, legs=(ledger.Leg(home, 20), ledger.Leg(FEES, 5)), **books.FACT
    )
    with _worker(own_database, place, json.dumps([item.body()])):
        if PLACES[place]:
            wait_until(lambda: Attempt.objects.filter(key="fault:one").exists())
    wait_until(lambda: not _workers(own_database))
    happened = Attempt.objects.filter(key="fault:one").exists()

    (answer,) = ledger.apply([item])

    assert answer.replayed == happened
    assert PLACES[place] in {happened, None}
    assert (balance_of(escrow).posted, balance_of(escrow).held, balance_of(home).posted) == (75, 0, 20)
    assert ledger.apply([item])[0] == answer.__class__(**{**answer.__dict__, "replayed": True})
    assert broken_invariants() == {}


def test_a_backend_is_ended_after_it_has_written_and_before_it_commits(own_database):
    """The second bearer of a key waits at the attempt, its journal rows written: ended there, it leaves none."""
    homes = [books.account() for _ in range(3)]
    with psycopg.connect(own_database) as first:
        first.execute("SELECT ledger_apply(%s::jsonb, false)", [_posting("fault:key", homes[0])])
        with _worker(own_database, "as soon as it has sent", _posting("fault:key", homes[1])):
            wait_until(lambda: "Lock" in _workers(own_database))
            _end_workers(own_database)
            wait_until(lambda: not _workers(own_database))
        first.rollback()

    assert Transfer.objects.count() == Attempt.objects.count() == 0
    assert not books.post(key="fault:key", credit=homes[2]).replayed
    assert broken_invariants() == {}


def test_a_backend_is_ended_while_it_waits_for_a_lock(own_database):
    escrow, home = books.account("escrow", tokens=10), books.account()
    with psycopg.connect(own_database) as other:
        other.execute("SELECT 1 FROM ledger_balance FOR UPDATE")
        with _worker(own_database, "as soon as it has sent", _posting("fault:key", home, debit=escrow)):
            wait_until(lambda: "Lock" in _workers(own_database))
            _end_workers(own_database)
            wait_until(lambda: not _workers(own_database))

    assert not books.post(key="fault:key", debit=escrow, credit=home, amount=1).replayed
    assert (balance_of(escrow).posted, balance_of(home).posted) == (9, 1)


@pytest.mark.parametrize("setting", ["lock_timeout", "statement_timeout"])
def test_a_call_whose_time_is_over_has_written_nothing_and_is_asked_again(own_database, setting):
    escrow, home, key = books.account("escrow", tokens=10), books.account(), books.key()
    before = books.written()
    with psycopg.connect(own_database) as other:
        other.execute("SELECT 1 FROM ledger_balance FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute(f"SET {setting} = '50ms'")
        with pytest.raises(OperationalError):
            books.post(key=key, debit=escrow, credit=home)
        connection.close()
    assert books.written() == before

    assert not books.post(key=key, debit=escrow, credit=home).replayed
    assert books.post(key=key, debit=escrow, credit=home).replayed


def test_wherever_the_time_is_over_a_batch_is_whole_or_not_at_all(own_database):
    homes = [books.account() for _ in range(20)]
    items = [
        ledger.PostItem(key=f"fault:{n}", debit=ISSUANCE, credit=homes[n % 20], amount=1, **books.FACT)
        for n in range(300)
    ]
    cut = 0
    for milliseconds in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 0]:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {milliseconds}")
        try:
            ledger.apply(items)
        except OperationalError:
            cut += 1
        connection.close()
        assert Transfer.objects.count() in {0, 300}

    assert cut, "it was never cut short"
    assert Transfer.objects.count() == Attempt.objects.count() == 300
    assert {balance_of(home).posted for home in homes} == {15}
    assert broken_invariants() == {}


def test_a_transaction_stays_open_across_five_passes_of_the_sealer(own_database):
    homes = [books.account() for _ in range(2)]
    with psycopg.connect(own_database) as late:
        late.execute("SELECT ledger_apply(%s::jsonb, false)", [_posting("fault:late", homes[0])])
        for number in range(5):
            books.post(key=f"fault:{number}", credit=homes[1])
            books.post(key=f"refused:{number}", credit=homes[1])
            sealing.seal()
            assert not Leaf.objects.filter(attempt__key="fault:late").exists()
    sealing.seal()

    assert unsealed() == 0
    run.check_seals()


def test_a_sweeper_and_captures_meet_at_the_deadline(own_database):
    escrow, home = books.account("escrow", tokens=4000), books.account()
    soon = datetime.now(UTC) + timedelta(seconds=0.6)
    ends = [soon + timedelta(milliseconds=12 * n) for n in range(40)] + [soon + timedelta(minutes=10)]
    placed = [books.hold(debit=escrow, amount=5, expires_at=at) for at in ends]

    def act(number: int) -> list[object]:
        dice, met = random.Random(number), list[object]()
        for at, hold in enumerate(placed[:40]):
            early = timedelta(milliseconds=dice.uniform(-2, 0) if number % 4 == 0 else dice.uniform(-2, 12))
            time.sleep(max(0, (hold.expires_at - early - datetime.now(UTC)).total_seconds()))
            if number % 4 == 0:
                met.append(ledger.expire_holds(limit=2))
                continue
            try:
                met.append(books.capture((home, 5), hold=hold.key, key=f"fault:{number}:{at}"))
            except (HoldExpired, HoldResolved) as refusal:
                met.append(refusal)
        return met

    answers = all_at_once(act, hands=8)
    books.capture((home, 5), hold=placed[40].key)
    ledger.expire_holds(limit=100)

    assert all(isinstance(answer, list) for answer in answers), answers
    paid = 1 + sum(isinstance(met, ledger.Capture) for answer in answers for met in answer)
    kinds = list(Transfer.objects.filter(hold__isnull=False).values_list("kind", flat=True))
    assert (len(kinds), kinds.count("capture"), OpenHold.objects.count()) == (41, paid, 0)
    assert (balance_of(home).posted, balance_of(escrow).held) == (5 * paid, 0)
    assert broken_invariants() == {}


def test_two_deals_that_would_wait_in_a_circle_are_both_settled(own_database):
    """Two calls in one transaction may lock in any order: one is chosen, undone whole, and tried again."""
    escrows, homes = [books.account("escrow", tokens=1000) for _ in range(2)], [books.account() for _ in range(2)]

    @ledger.retry_on_conflict
    def deal(number: int) -> None:
        with transaction.atomic(durable=True):
            for step, side in enumerate((number % 2, 1 - number % 2)):
                books.post(key=f"deal:{number}:{step}", debit=escrows[side], credit=homes[side], amount=2)

    for turn in range(3):
        answers = all_at_once(lambda n, turn=turn: deal(2 * turn + n), hands=2)
        assert answers == [None, None]

    assert [balance_of(home).posted for home in homes] == [12, 12]
    assert broken_invariants() == {}


def test_a_connection_that_is_gone_is_told_and_the_next_call_finds_a_new_one(own_database):
    home, key = books.account(), books.key()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(own_database, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(OperationalError):
        books.post(key=key, credit=home)
    connection.close()

    assert not books.post(key=key, credit=home).replayed


def _posting(key: str, credit: str, *, debit: str = ISSUANCE) -> str:
    return json.dumps([ledger.PostItem(key=key, debit=debit, credit=credit, amount=1, **books.FACT).body()])


@contextmanager
def _worker(url: str, place: str, body: str) -> Iterator[None]:
    """A process that asks for one thing; it has come to its place, and is killed in the end."""
    words = [sys.executable, "-c", WORKER, url, place, body]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == place
        try:
            yield
        finally:
            process.kill()


def _workers(url: str) -> list[str]:
    """Return what the workers' backends wait for. Only the owner is told that."""
    with psycopg.connect(url, autocommit=True) as owner:
        rows = owner.execute(
            "SELECT coalesce(wait_event_type, '') FROM pg_stat_activity WHERE application_name = 'worker'"
        )
        return [waits for (waits,) in rows]


def _end_workers(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'worker'")
