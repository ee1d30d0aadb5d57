"""What many homes cost: one thank-you to 10,000 of them, beside as many single calls; and the end of their tokens."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Account
from rewards.ledger.queries import balance_of
from rewards.treasury import operations
from rewards.treasury.operations import Outcome, ageing
from rewards.treasury.queries import purse_of
from tests import factories

HOMES = 10_000
AIM = 4.0


@pytest.fixture
def addresses(committed_db) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_open_account('household:b' || n, 'household') FROM generate_series(1, %s) n", [HOMES]
        )
    return list(Account.objects.filter(kind="household").order_by("pk").values_list("address", flat=True))


def seconds(act):
    began = time.perf_counter()
    answer = act()
    return time.perf_counter() - began, answer


def test_ten_thousand_homes(addresses):
    school, admin = factories.tokens_for(factories.platform(), 10 * HOMES), factories.admin()
    thanks = operations.begin_thanks(
        batch="bench", organisation=school, tokens=5, words_ko="고마워요", words_en="Thank you", actor=admin,
        at=timezone.now(),
    )  # fmt: skip
    purse = purse_of(school)

    def one_by_one():
        for number, address in enumerate(addresses):
            ledger.post(
                key=f"single:{number}", debit=purse, credit=address, amount=1, actor="bench", event_type="bench",
                event_ref="",
            )  # fmt: skip

    def end():
        ids = list(Account.objects.filter(kind="household").order_by("pk").values_list("pk", flat=True))
        cutoff, ended = timezone.now() + timedelta(days=1), 0
        for begin in range(0, len(ids), ageing.HOMES):
            batch = ids[begin : begin + ageing.HOMES]
            ended += operations.take_older(batch, cutoff=cutoff, on=timezone.localdate())[1]
        return ended

    single, _ = seconds(one_by_one)
    batched, done = seconds(lambda: operations.thank_homes(thanks=thanks, addresses=addresses))
    again, replayed = seconds(lambda: operations.thank_homes(thanks=thanks, addresses=addresses))
    ending, ended = seconds(end)

    print(f"\n{HOMES:,} homes, one connection")
    for name, took in (
        ("single calls", single), ("one thank-you", batched), ("the same again", again), ("end of their tokens", ending)
    ):  # fmt: skip
        print(f"  {name:<20} {took:7.2f} s  {HOMES / took:8.0f} homes/s  {single / took:5.1f} x single calls")
    print(f"  one thank-you {'meets' if single / batched >= AIM else 'MISSES'} the aim of {AIM} x single calls")
    print(f"  broken invariants {broken_invariants()}")

    assert (done, replayed) == (Outcome(thanked=HOMES), Outcome(before=HOMES))
    assert (ended, balance_of(purse).posted) == (6 * HOMES, 4 * HOMES)
    assert broken_invariants() == {}
