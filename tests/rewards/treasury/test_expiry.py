"""Tokens end with the month after their lifetime, and the home is told before; a late clock harms nobody."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from rewards.ledger import operations as ledger
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import BREAKAGE, Transfer
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from rewards.redemption.queries import wallet_of
from rewards.treasury import months, operations
from rewards.treasury.models import ExpiryNotice, Sweep
from rewards.treasury.operations import ageing
from tests import factories
from tests.threads import all_at_once

FACT = {"actor": "test", "event_type": "test", "event_ref": "1"}
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def home(db):
    return factories.tokens_in_wallet(factories.household(), 100)


def posted(home):
    return balance_of(wallet_address(home)).posted


def ends_at(days: int = 0) -> datetime:
    """The moment today's tokens end, and so many days around it."""
    return months.midnight(months.end_of(timezone.now())) + timedelta(days=days)


# --- when ------------------------------------------------------------------------------------------------------------


@given(earned_at=MOMENTS)
def test_a_token_ends_on_a_first_of_a_month_less_than_a_month_after_its_lifetime(earned_at):
    end = months.midnight(months.end_of(earned_at))

    assert months.end_of(earned_at).day == 1
    assert timedelta() < end - (earned_at + months.lifetime()) <= timedelta(days=31)


@given(earned_at=MOMENTS, on=st.dates(date(2024, 1, 1), date(2066, 1, 1)).map(lambda day: day.replace(day=1)))
def test_a_cutoff_says_exactly_what_ends_on_a_day_or_before(earned_at, on):
    assert (earned_at < months.cutoff_of(on)) == (months.end_of(earned_at) <= on)


@given(on=st.dates(date(2024, 2, 1), date(2066, 1, 1)).map(lambda day: day.replace(day=1)))
def test_homes_are_told_thirty_days_before_and_not_sooner(on):
    day = months.midnight(on)

    assert months.last_day_within_notice(day - timedelta(days=30)) == on
    assert months.last_day_within_notice(day - timedelta(days=30, seconds=1)) < on
    assert months.last_day_within_notice(day - timedelta(days=1)) >= on


@given(at=MOMENTS)
def test_the_ages_told_apart_are_those_of_every_month_up_to_the_youngest(at):
    found = months.boundaries(at)

    assert found == sorted(set(found))
    assert found[0] <= at - months.lifetime() < found[1]
    assert found[-2] <= at < found[-1]


# --- the clock -------------------------------------------------------------------------------------------------------


def test_nothing_ends_before_its_day(home):
    assert operations.expire_tokens(at=ends_at() - timedelta(seconds=1)) == 0
    assert posted(home) == 100


def test_on_its_day_what_was_not_spent_goes_to_the_breakage_account(home):
    breakage = balance_of(BREAKAGE).posted
    ledger.post(key="spent", debit=wallet_address(home), credit="orders", amount=30, **FACT)

    assert operations.expire_tokens(at=ends_at()) == 70

    row = Transfer.objects.get(event_type="expired")
    assert (row.amount, row.event_ref) == (70, f"expiry:{months.end_of(timezone.now())}")
    assert (posted(home), balance_of(BREAKAGE).posted - breakage) == (0, 70)
    assert trial_balance().difference == 0
    assert broken_invariants() == {}


def test_running_twice_or_late_takes_once(home):
    taken = [operations.expire_tokens(at=ends_at(days=later)) for later in (0, 0, 3, 75, 75)]

    assert taken == [100, 0, 0, 0, 0]
    assert Transfer.objects.filter(event_type="expired").count() == 1


def test_a_clock_that_slept_through_the_day_takes_it_later(home):
    assert operations.expire_tokens(at=ends_at(days=400)) == 100


def test_a_day_whose_turn_is_over_is_not_taken_again_even_without_its_sweep(home):
    operations.expire_tokens(at=ends_at())
    factories.tokens_in_wallet(home, 40)
    Sweep.objects.all().delete()

    assert operations.expire_tokens(at=ends_at()) == 0
    assert posted(home) == 40


def test_what_an_order_holds_does_not_end_under_it(home):
    ledger.place_hold(key="order", debit=wallet_address(home), amount=60, expires_at=ends_at(days=365), **FACT)

    assert operations.expire_tokens(at=ends_at()) == 40

    ledger.release_hold(hold="order", key="back", actor="test")
    assert (posted(home), operations.expire_tokens(at=ends_at(days=3))) == (60, 0)
    assert operations.expire_tokens(at=ends_at(days=32)) == 60


def test_a_held_order_is_still_paid_after_the_day(home):
    ledger.place_hold(key="order", debit=wallet_address(home), amount=60, expires_at=ends_at(days=365), **FACT)
    operations.expire_tokens(at=ends_at())

    ledger.capture_hold(hold="order", key="paid", legs=[ledger.Leg("orders", 60)], **FACT)

    assert posted(home) == 0
    assert broken_invariants() == {}


def test_a_reversed_credit_takes_the_oldest_and_a_reversed_expiry_comes_back_young(home):
    operations.expire_tokens(at=ends_at())
    row = Transfer.objects.get(event_type="expired")

    ledger.reverse_operation(op_id=row.op_id, actor="one", approved_by="two", reason="잘못 끝났어요.")

    assert posted(home) == 100
    assert operations.expire_tokens(at=ends_at()) == 0


def test_a_closed_account_and_other_accounts_are_left_alone(db):
    school = factories.tokens_for(factories.organisation(), 500)
    empty = factories.household()
    ledger.open_wallet(household=empty)
    ledger.close_account(address=wallet_address(empty), actor="test")

    assert operations.expire_tokens(at=ends_at()) == 0
    assert balance_of(f"buyer:{school.pk}").posted == 500


def test_homes_are_walked_in_batches_and_the_next_tick_goes_on(db, monkeypatch):
    monkeypatch.setattr(ageing, "HOMES", 2)
    homes = [factories.tokens_in_wallet(factories.household(), 10) for _ in range(5)]

    taken = [operations.expire_tokens(at=ends_at(), limit=1) for _ in range(4)]

    assert taken == [20, 20, 10, 0]
    assert {posted(home) for home in homes} == {0}
    sweep = Sweep.objects.get(kind=Sweep.Kind.EXPIRY)
    assert (sweep.homes, sweep.tokens) == (5, 50)
    assert sweep.finished_at is not None


def test_a_batch_costs_the_same_statements_for_one_home_and_for_twenty(db, django_assert_num_queries):
    def cost(count, days):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        for _ in range(count):
            factories.tokens_in_wallet(factories.household(), 10)
        with CaptureQueriesContext(connection) as captured:
            assert operations.expire_tokens(at=ends_at(days=days)) == 10 * count
        return len(captured)

    assert cost(1, 0) == cost(20, 31)


def test_spending_and_ending_at_once_lose_nothing(committed_db):
    homes = [factories.tokens_in_wallet(factories.household(), 100) for _ in range(6)]

    def act(number):
        if number < 2:
            return operations.expire_tokens(at=ends_at())
        address = wallet_address(homes[number % 6])
        return ledger.post(key=f"spend:{number}", debit=address, credit="orders", amount=70, **FACT)

    answers = all_at_once(act, hands=14)

    assert {posted(home) for home in homes} == {0}
    spent = sum(not isinstance(answer, Exception) for answer in answers[2:]) * 70
    taken = sum(answer for answer in answers[:2] if isinstance(answer, int))
    assert (spent + taken, -balance_of("platform:issuance").posted) == (600, 600)
    assert broken_invariants() == {}


# --- telling ---------------------------------------------------------------------------------------------------------


def test_a_home_is_told_once_thirty_days_before(home):
    told = [operations.tell_expiring(at=ends_at(days=days)) for days in (-31, -30, -30, -3, -1, 0)]

    assert told == [0, 1, 0, 0, 0, 0]
    notice = ExpiryNotice.objects.get()
    assert (notice.household, notice.tokens, notice.on) == (home, 100, months.end_of(timezone.now()))


def test_a_home_that_loses_nothing_is_told_nothing(db):
    home = factories.tokens_in_wallet(factories.household(), 50)
    ledger.place_hold(key="order", debit=wallet_address(home), amount=50, expires_at=ends_at(days=9), **FACT)
    ledger.open_wallet(household=factories.household())

    assert operations.tell_expiring(at=ends_at(days=-30)) == 0


def test_the_wallet_says_what_ends_and_when(home):
    far, near = wallet_of(home, at=ends_at(days=-31)), wallet_of(home, at=ends_at(days=-30))

    assert (far.expiring, far.expires_on) == (0, None)
    assert (near.expiring, near.expires_on) == (100, months.end_of(timezone.now()))


def test_two_days_of_ending_within_thirty_days_name_the_sooner(home, monkeypatch):
    """On 31 January both 1 February and 1 March are less than thirty days away, or thirty."""
    at = timezone.make_aware(datetime(2031, 1, 31, 12))
    assert months.days_within_notice(at) == [date(2031, 1, 1), date(2031, 2, 1), date(2031, 3, 1)]
    monkeypatch.setattr(months, "cutoff_of", lambda on: timezone.now() if on >= date(2031, 2, 1) else ends_at(-9999))

    standing = wallet_of(home, at=at)

    assert (standing.expiring, standing.expires_on) == (100, date(2031, 2, 1))


def test_what_the_wallet_says_is_what_ends(home):
    ledger.place_hold(key="order", debit=wallet_address(home), amount=25, expires_at=ends_at(days=9), **FACT)
    ledger.post(key="spent", debit=wallet_address(home), credit="orders", amount=30, **FACT)

    said = wallet_of(home, at=ends_at(days=-1)).expiring

    assert (said, operations.expire_tokens(at=ends_at())) == (45, 45)


def test_another_lifetime_moves_every_end(home, settings):
    settings.TOKEN_DAYS = 10
    soon = months.midnight(months.end_of(timezone.now()))

    assert soon - timezone.now() < timedelta(days=42)
    assert operations.expire_tokens(at=soon) == 100
