"""The server's clock is set an hour forward or back: an account's time still runs one way, and holds end on time."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from rewards.ledger import as_of
from rewards.ledger import operations as ledger
from rewards.ledger.errors import HoldExpired, LedgerError
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import ISSUANCE, Transfer
from tests.conftest import connect_as_owner
from tests.rewards.ledger import books

HOUR = timedelta(hours=1)
STEPPED = """
CREATE FUNCTION stepped_clock() RETURNS timestamptz LANGUAGE sql AS
$$ SELECT clock_timestamp() + coalesce(nullif(current_setting('maru.step', true), ''), '0')::interval $$
"""


@pytest.fixture
def stepped_db(committed_db):
    """A clone whose ledger asks a clock that we can set."""
    with connect_as_owner(committed_db) as owner:
        owner.execute(STEPPED)
        functions = owner.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^ledger_' AND prosrc ~ 'clock_timestamp'"
        ).fetchall()
        assert any("ledger_apply(" in text for (text,) in functions)
        for (text,) in functions:
            owner.execute(re.sub(r"\bclock_timestamp\(\)", "stepped_clock()", text))
        owner.execute("GRANT EXECUTE ON FUNCTION stepped_clock() TO PUBLIC")
    return committed_db


def step(by: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maru.step', %s, false)", [f"{by.total_seconds()} s"])


def recorded(address: str) -> list[datetime]:
    rows = Transfer.objects.filter(credit__address=address).order_by("credit_version")
    return list(rows.values_list("recorded_at", flat=True))


def test_time_within_an_account_runs_one_way(stepped_db):
    home = books.account()
    for by in (HOUR, -HOUR, timedelta(0), 2 * HOUR, -HOUR):
        step(by)
        books.post(credit=home)

    times = recorded(home)

    assert times == sorted(times)
    assert times[0] > datetime.now(UTC) + HOUR / 2
    assert broken_invariants() == {}


@pytest.mark.parametrize("stood_ahead", ["home", "escrow"])
def test_nothing_is_captured_after_its_time_by_the_account_that_is_ahead(stepped_db, stood_ahead):
    """The row would bear the later account's time, and that is past the hold's end."""
    escrow, home = books.account("escrow", tokens=20), books.account(tokens=1)
    placed = books.hold(debit=escrow, amount=5, lifetime=HOUR / 2)
    step(HOUR)
    books.post(credit={"home": home, "escrow": escrow}[stood_ahead])
    step(timedelta(0))

    with pytest.raises(HoldExpired):
        books.capture((home, 5), hold=placed.key)

    step(HOUR)
    assert ledger.expire_holds() == 1
    assert broken_invariants() == {}


def test_a_hold_that_is_placed_before_the_clock_is_set_back_ends_when_it_said(stepped_db):
    step(HOUR)
    escrow, home = books.account("escrow", tokens=20), books.account()
    placed = books.hold(debit=escrow, amount=5, lifetime=HOUR / 2)
    step(timedelta(0))

    assert ledger.expire_holds() == 0
    assert books.capture((home, 5), hold=placed.key)

    assert recorded(home)[-1] < placed.expires_at
    assert broken_invariants() == {}


@pytest.mark.parametrize("seed", range(4))
def test_under_a_clock_that_jumps_every_invariant_holds(stepped_db, seed):
    dice = random.Random(seed)
    escrows, homes = [books.account("escrow", tokens=500) for _ in range(2)], [books.account() for _ in range(3)]
    placed, outcomes = [], set()

    for _ in range(60):
        step(timedelta(minutes=dice.randint(-60, 60)))
        try:
            match dice.randrange(4):
                case 0:
                    minutes = dice.choice([5, 20, 60])
                    lifetime = timedelta(minutes=minutes)
                    placed.append(books.hold(debit=dice.choice(escrows), amount=3, lifetime=lifetime).key)
                case 1 if placed:
                    books.capture((dice.choice(homes), 2), hold=placed.pop(dice.randrange(len(placed))))
                case 2:
                    ledger.expire_holds(limit=1)
                case _:
                    books.post(debit=dice.choice(escrows), credit=dice.choice(homes), amount=1)
        except LedgerError as refusal:
            outcomes.add(refusal.code)

    assert broken_invariants() == {}
    assert outcomes <= {"hold_expired", "hold_resolved", "insufficient_tokens"}


def test_totals_of_any_instant_are_the_rows_recorded_before_it(stepped_db):
    """Among accounts time runs both ways: what was rolled up knows of each stretch how early and late its rows are."""
    for by in (timedelta(0), HOUR, -HOUR, timedelta(0), 2 * HOUR, -HOUR):
        step(by)
        books.post(credit=books.account(), amount=3)
    rows = list(Transfer.objects.values_list("recorded_at", flat=True))
    assert rows != sorted(rows)

    assert ledger.roll_up(stretch=2)

    for instant in rows:
        issued = -3 * sum(at <= instant for at in rows)
        assert as_of.standing_at(ISSUANCE, at=instant).posted == issued
        assert [row.balance for row in as_of.trial_balance_at(at=instant).rows if row.kind == "issuance"] in (
            [issued],
            [],
        )
    assert broken_invariants() == {}
