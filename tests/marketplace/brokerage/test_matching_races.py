"""What a home decides in the very moment of a matching, with real commits: nobody is shown what they may not see."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consent.records import operations as records
from consent.records.models import Ask
from marketplace.appliances import operations as appliances
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations, proposals, taken
from marketplace.brokerage.errors import OfferChanged
from marketplace.brokerage.operations import asking
from marketplace.insights.models import Insight, Waiting
from rewards.ledger import operations as ledger
from rewards.ledger.models import Wallet
from tests import factories
from tests.browsers import signed_in
from tests.threads import all_at_once

#: A number that nothing else locks.
GATE = 7_150_001


@pytest.fixture
def home(committed_db):
    return factories.tokens_in_wallet(factories.household(), 1)


@pytest.fixture
def mother(home):
    return factories.member(of=home)


def wait_for_a_waiting_backend() -> None:
    """Return once somebody waits for a lock in this database."""
    until = monotonic() + 30
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                   WHERE NOT l.granted AND a.datname = current_database()"""
            )
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("nobody waits")


@contextmanager
def matching_that_has_begun(monkeypatch) -> Iterator[list[Any]]:
    """Let a matching's statement look at everything, and lock its rows only after the block."""
    compose, found = taken._taking, []

    def with_a_gate(limit):
        statement, parameters = compose(limit)
        shut = f" WHERE pg_advisory_xact_lock_shared({GATE})::text = '' AND "
        assert statement.count(" WHERE ") == 1
        return statement.replace(" WHERE ", shut), parameters

    monkeypatch.setattr(taken, "_taking", with_a_gate)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        hand = threading.Thread(target=lambda: found.extend(all_at_once(match, hands=1)))
        hand.start()
        try:
            wait_for_a_waiting_backend()
            yield found
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])
            hand.join(60)
    monkeypatch.setattr(taken, "_taking", compose)


def match(_: int = 0) -> int:
    return operations.match_insights(at=timezone.now())


def switched(act: str, appliance_id: Any, mother: Any, teen: Any) -> Callable[[], Any]:
    """Return one way in which a home decides about an appliance."""
    found = {"appliance_id": appliance_id, "actor": mother, "at": timezone.now()}
    return {
        "own": lambda: operations.make_appliance_own(**found, owner_id=teen.membership.pk),
        "never": lambda: appliances.share_never(**found, never=True),
        "kind": lambda: appliances.never_ask_about(**found, kinds=["air.pm25"]),
    }[act]


@pytest.mark.parametrize(("act", "asks"), [("own", 1), ("never", 0), ("kind", 0)])
def test_what_is_decided_after_the_switches_were_read_counts(monkeypatch, home, mother, act, asks):
    factories.open_request()
    teen = factories.member(of=home, role="teen")
    appliance_id = factories.insight(of=home).appliance_id

    with matching_that_has_begun(monkeypatch) as found:
        switched(act, appliance_id, mother, teen)()

    assert found == [1]
    assert not Ask.objects.exists()
    assert match() == 1
    assert Ask.objects.filter(private_to=teen.membership).count() == Ask.objects.count() == asks


def test_a_conclusion_is_not_asked_about_once_what_it_was_drawn_from_is_shut(monkeypatch, home, mother):
    factories.open_request()
    insight = factories.insight(of=home)
    # As if a stream behind it had been shut after the first look.
    looks = iter([set(), {str(insight.pk)}, {str(insight.pk)}])
    monkeypatch.setattr(proposals, "_fallen", lambda insights: next(looks))

    match()

    assert not Ask.objects.exists()
    assert Waiting.objects.filter(pk=insight.pk).exists()


def test_a_later_reading_of_a_stream_is_asked_about_when_the_first_one_moved_meanwhile(monkeypatch, home, mother):
    factories.open_request()
    first, later = factories.insight(of=home), factories.insight(of=home, value=63)
    looks = iter([set(), {str(first.pk)}, {str(first.pk)}, set()])
    monkeypatch.setattr(proposals, "_fallen", lambda insights: next(looks))

    assert (match(), match()) == (2, 2)

    assert Ask.objects.get().subject == f"insight:{later.pk}"
    assert not Waiting.objects.exists()


def test_what_moved_takes_nothing_of_the_week_from_the_rest_of_its_home(monkeypatch, home, mother):
    factories.open_request()
    records.draw_line(
        household=home, paused=False, asks_per_week=1, min_tokens=0, never_topics=set(), at=timezone.now()
    )
    first, other = factories.insight(of=home), factories.insight(of=home, source="urn:device:b")

    with matching_that_has_begun(monkeypatch) as found:
        switched("never", first.appliance_id, mother, None)()

    assert found == [2]
    assert not Ask.objects.exists()
    assert match() == 2
    assert Ask.objects.get().subject == f"insight:{other.pk}"


def test_what_moved_takes_nothing_of_an_almost_empty_escrow_from_other_homes(monkeypatch, home, mother):
    factories.open_request(tokens=144)
    first, other = factories.insight(of=home), factories.insight(of=factories.household(area=home.area))

    with matching_that_has_begun(monkeypatch) as found:
        switched("never", first.appliance_id, mother, None)()

    assert found == [2]
    assert Ask.objects.get().subject == f"insight:{other.pk}"


def test_what_is_shut_as_the_ask_is_being_written_is_shown_to_nobody(monkeypatch, home, mother):
    factories.open_request()
    appliance_id, put = factories.insight(of=home).appliance_id, asking._put

    def put_meanwhile(*proposals):
        all_at_once(lambda _: switched("never", appliance_id, mother, None)(), hands=1)
        put(*proposals)

    monkeypatch.setattr(asking, "_put", put_meanwhile)

    match()

    ask = Ask.objects.get(state=Ask.State.PENDING)
    with pytest.raises(OfferChanged):
        factories.shown(ask, by=mother)
    assert "preview" not in signed_in(mother).get(f"/api/v1/asks/{ask.pk}").json()
    assert "preview_sha256" not in signed_in(mother).get(f"/inbox/{ask.pk}").text
    assert operations.cancel_void_asks(at=timezone.now()) == 1


def test_a_home_s_first_wallet_and_a_stream_held_back_wait_for_each_other_one_way_round(monkeypatch, home):
    """Taking in holds the home and waits for the work list; matching holds the list, and must not wait for the home."""
    factories.open_request()
    factories.insight(of=home)
    Wallet.objects.filter(household=home).delete()
    monkeypatch.setattr("marketplace.insights.operations.daily_cap", lambda kind: 1)
    look, threads, took_in = asking._open_accounts, [], []

    def take_in():
        took_in.extend(all_at_once(lambda _: factories.insight(of=home), hands=1))

    def look_meanwhile(proposals):
        threads.append(threading.Thread(target=take_in))
        threads[0].start()
        wait_for_a_waiting_backend()
        look(proposals)

    monkeypatch.setattr(asking, "_open_accounts", look_meanwhile)

    # Once, without the second try that a deadlock would be given.
    with transaction.atomic():
        assert asking._match.__wrapped__.__wrapped__(timezone.now(), 500) == 1
    threads[0].join(60)

    assert isinstance(took_in[0], Insight)
    assert Wallet.objects.filter(household=home).exists()
    assert Appliance.objects.get().flags.count() == 1


def test_of_two_hands_that_open_a_home_s_first_wallet_both_get_the_same(home):
    Wallet.objects.filter(household=home).delete()

    answers = all_at_once(lambda _: ledger.open_wallet(household=home), hands=4)

    assert len(set(answers)) == 1
    assert answers[0] == Wallet.objects.get(household=home).account
