"""Many hands on one ask, one consent, one escrow, with real commits."""

import threading
from collections import Counter

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from consent.parties.models import Household, User
from consent.records.errors import AlreadyEnded, AskNotPending
from consent.records.models import Ask, Consent, Preference
from marketplace.brokerage import operations, proposals
from marketplace.brokerage.models import Offer
from marketplace.brokerage.operations import Deal, asking
from marketplace.brokerage.proofs import counted_status
from marketplace.brokerage.queries import Farewell
from marketplace.delivery import door
from marketplace.delivery.door import Reader
from marketplace.delivery.errors import ReleaseClosed
from marketplace.delivery.models import Release
from marketplace.insights.models import Waiting
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption import operations as redemption
from rewards.redemption.errors import NotEnoughTokens
from rewards.redemption.models import Order
from rewards.redemption.operations import ordering
from tests import factories
from tests.threads import all_at_once


def kinds(answers):
    return Counter(type(answer) for answer in answers)


def match_the_rest():
    """What a worker left because another one had its home in hand, as the clock does it a few seconds later."""
    while operations.match_insights(at=timezone.now(), limit=2):
        pass


def reader_of(request):
    return Reader(organisation=request.organisation, name="test", path="list")


def test_of_twenty_yeses_to_one_ask_one_settles(committed_db):
    mother = factories.member()
    ask = factories.ask(of=mother.membership.household)
    digest = factories.shown(ask, by=mother).preview.sha256

    answers = all_at_once(lambda _: factories.approve(ask, by=mother, preview_sha256=digest))

    assert kinds(answers) == {Deal: 1, AskNotPending: 19}
    assert balance_of(wallet_address(mother.membership.household)).available == 120
    assert broken_invariants() == {}


def test_a_yes_and_a_no_at_once_leave_one_outcome(committed_db):
    home = factories.household()
    mother, father = factories.member(of=home), factories.member(of=home)
    ask = factories.ask(of=home)
    digest = factories.shown(ask, by=mother).preview.sha256

    def answer(number):
        if number % 2:
            return factories.approve(ask, by=mother, preview_sha256=digest)
        return operations.deny_ask(ask_id=ask.pk, actor=father, locale="ko", at=timezone.now())

    answers = all_at_once(answer, hands=8)

    ask.refresh_from_db()
    assert kinds(answers)[AskNotPending] == 7
    assert Consent.objects.get().verdict == {Ask.State.APPROVED: "given", Ask.State.DENIED: "refused"}[ask.state]
    assert Release.objects.count() == (1 if ask.state == Ask.State.APPROVED else 0)
    assert counted_status().orphans == 0


def test_of_twenty_withdrawals_one_counts_and_the_price_returns_once(committed_db):
    mother, request = factories.member(), factories.open_request()
    deal = factories.deal(by=mother, request=request)

    answers = all_at_once(
        lambda _: operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
    )

    assert kinds(answers)[AlreadyEnded] == 19
    assert balance_of(request.escrow).posted == 30_000
    assert broken_invariants() == {}


def test_two_matchings_never_ask_twice_about_one_thing(committed_db):
    home = factories.household()
    factories.member(of=home)
    factories.open_request()
    for number in range(6):
        factories.insight(of=home, source=f"urn:device:{number}")

    answers = all_at_once(lambda _: operations.match_insights(at=timezone.now()), hands=4)
    match_the_rest()

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Ask.objects.count() == 6


def test_two_matchings_together_keep_to_the_week_s_number(committed_db):
    home = factories.household(asks_per_week=3)
    factories.member(of=home)
    factories.open_request()
    for number in range(10):
        factories.insight(of=home, source=f"urn:device:{number}")

    all_at_once(lambda _: operations.match_insights(at=timezone.now(), limit=2), hands=5)
    match_the_rest()

    assert Ask.objects.count() == 3


def test_no_read_that_starts_after_a_withdrawal_sees_the_record(committed_db):
    mother, request = factories.member(), factories.open_request()
    deal = factories.deal(by=mother, request=request)
    withdrawn = threading.Event()

    def act(number):
        if number == 0:
            operations.withdraw_consent(consent_id=deal.consent.pk, actor=mother, at=timezone.now())
            withdrawn.set()
            return None
        before = not withdrawn.is_set()
        try:
            door.read_record(request=request, release_id=deal.release.pk, reader=reader_of(request), at=timezone.now())
        except ReleaseClosed:
            return "closed"
        return "in time" if before else "too late"

    answers = all_at_once(act, hands=21)

    assert "too late" not in answers
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    read = Release.objects.get().first_read_at is not None
    assert balance_of(request.escrow).posted == (30_000 - 144 if read else 30_000)


def test_a_deal_that_commits_late_is_still_delivered(committed_db):
    """A takes its number first and commits last: the escrow's lock makes B wait, so no reader ever passes A."""
    request = factories.open_request()
    first, second = factories.member(), factories.member()
    late = factories.ask(of=first.membership.household, request=request)
    early = factories.ask(of=second.membership.household, request=request)
    settled, may_commit = threading.Event(), threading.Event()

    def settle_late():
        digest = factories.shown(late, by=first).preview.sha256
        with transaction.atomic():
            operations.approve_ask.__wrapped__.__wrapped__(
                ask_id=late.pk, actor=first, preview_sha256=digest, locale="ko", at=timezone.now()
            )
            settled.set()
            may_commit.wait(20)
        connection.close()

    def settle_early():
        factories.approve(early, by=second)
        connection.close()

    hands = [threading.Thread(target=settle_late), threading.Thread(target=settle_early)]
    hands[0].start()
    settled.wait(20)
    hands[1].start()
    hands[1].join(1)
    page = door.read_page(request=request, reader=reader_of(request), cursor=None, limit=10, at=timezone.now())
    may_commit.set()
    for hand in hands:
        hand.join(30)
    rest = door.read_page(
        request=request, reader=reader_of(request), cursor=page.resume_cursor, limit=10, at=timezone.now()
    )

    assert len(page.records) + len(rest.records) == 2
    numbers = [record.release.number for record in (*page.records, *rest.records)]
    assert numbers == sorted(numbers)


def test_whoever_orders_and_leaves_at_once_leaves_no_open_order(committed_db):
    mother = factories.member()
    home = factories.tokens_in_wallet(mother.membership.household, 1000)
    rewards, address = [factories.reward(tokens=10, stock=None) for _ in range(4)], wallet_address(home)
    people = [User.objects.select_related("membership__household").get(pk=mother.pk) for _ in range(5)]

    def act(hand):
        if hand == len(rewards):
            return operations.leave_maru(actor=people[hand], at=timezone.now())
        return redemption.place_order(reward_id=rewards[hand].pk, actor=people[hand], at=timezone.now())

    *orders, told = all_at_once(act, hands=5)

    assert isinstance(told, Farewell)
    assert all(isinstance(one, Order | NotEnoughTokens) for one in orders), orders
    assert not Order.objects.running(timezone.now()).exists()
    assert balance_of(address).held == 0


def test_an_order_that_commits_late_is_found_by_whoever_leaves(committed_db):
    """Its row points at the home and yet holds nothing: foreign keys are checked at the commit."""
    mother = factories.member()
    home = factories.tokens_in_wallet(mother.membership.household, 1000)
    reward, address = factories.reward(tokens=10, stock=None), wallet_address(home)
    person = User.objects.select_related("membership__household").get(pk=mother.pk)
    placed, may_commit = threading.Event(), threading.Event()

    def order_late():
        with transaction.atomic():
            ordering._place.__wrapped__(
                household=home, reward_id=reward.pk, actor=person, at=timezone.now(), idempotency_key=""
            )
            placed.set()
            may_commit.wait(20)
        connection.close()

    def leave():
        operations.leave_maru(actor=mother, at=timezone.now())
        connection.close()

    hands = [threading.Thread(target=order_late), threading.Thread(target=leave)]
    hands[0].start()
    placed.wait(20)
    hands[1].start()
    hands[1].join(1)
    may_commit.set()
    for hand in hands:
        hand.join(30)

    assert Order.objects.get().state == Order.State.CANCELLED
    assert balance_of(address).held == 0


def test_of_two_adults_who_leave_at_once_the_last_takes_the_home_along(committed_db):
    home = factories.household()
    people = [factories.member(of=home) for _ in range(2)]

    outcomes = all_at_once(lambda hand: operations.leave_maru(actor=people[hand], at=timezone.now()), hands=2)

    assert [told.is_whole_home for told in outcomes].count(True) == 1
    home.refresh_from_db()
    assert home.name == ""


def test_a_matching_leaves_a_home_that_another_has_in_hand_and_waits_for_nobody(committed_db, monkeypatch):
    factories.open_request()
    busy, free = (factories.household() for _ in range(2))
    for home in (busy, free):
        factories.member(of=home)
        factories.insight(of=home)
    factories.insight(of=busy, source="urn:device:later")

    with transaction.atomic():
        Preference.objects.select_for_update().get(household=busy)
        found = all_at_once(lambda _: operations.match_insights(at=timezone.now()), hands=1)

    assert found == [1]
    assert set(Ask.objects.values_list("household", flat=True)) == {free.pk}
    assert operations.match_insights(at=timezone.now()) == 2
    assert Ask.objects.count() == 3


@pytest.mark.parametrize("key", [False, True])
def test_a_matching_leaves_a_home_that_somebody_joins_or_closes_and_waits_for_nobody(committed_db, key):
    factories.open_request()
    home = factories.household()
    factories.member(of=home)
    factories.insight(of=home)

    with transaction.atomic():
        Household.objects.select_for_update(no_key=not key).get(pk=home.pk)
        found = all_at_once(lambda _: operations.match_insights(at=timezone.now()), hands=1)

    assert found == [0]
    assert operations.match_insights(at=timezone.now()) == 1
    assert Ask.objects.count() == 1


def test_nobody_joins_leaves_or_closes_a_home_that_a_matching_has_in_hand(committed_db, monkeypatch):
    factories.open_request()
    home = factories.household()
    factories.member(of=home)
    factories.insight(of=home)
    propose, met = asking.proposals, []

    def lock_home(_):
        with transaction.atomic():
            return Household.objects.select_for_update(no_key=True, nowait=True).get(pk=home.pk)

    def propose_meanwhile(taken, *, at):
        met.extend(all_at_once(lock_home, hands=1))
        return propose(taken, at=at)

    monkeypatch.setattr(asking, "proposals", propose_meanwhile)

    operations.match_insights(at=timezone.now())

    assert kinds(met) == {OperationalError: 1}
    assert all_at_once(lock_home, hands=1) == [home]


def test_what_another_worker_s_hold_left_too_little_for_leaves_no_trace(committed_db, monkeypatch):
    request, home = factories.open_request(tokens=144), factories.household()
    for number in range(2):
        factories.insight(of=home, source=f"urn:device:{number}")
    # As if both workers had looked before either had held.
    monkeypatch.setattr(proposals, "_available_for", lambda wants: dict.fromkeys(wants, 30_000))

    assert operations.match_insights(at=timezone.now()) == 2

    assert Ask.objects.count() == Offer.objects.count() == 1
    assert balance_of(request.escrow).held == 144
    assert broken_invariants() == {}


@pytest.mark.parametrize("act", ["own", "back", "leave"])
def test_a_matching_under_way_leaves_no_question_about_what_changes_hands(committed_db, monkeypatch, act):
    factories.open_request()
    home = factories.tokens_in_wallet(factories.household(), 1)
    mother, teen = factories.member(of=home), factories.member(of=home, role="teen")
    found = {"appliance_id": factories.insight(of=home).appliance_id, "at": timezone.now()}
    owned = {**found, "owner_id": teen.membership.pk, "actor": mother}
    if act == "back":
        operations.make_appliance_own(**owned)
    changes = {
        "own": lambda: operations.make_appliance_own(**owned),
        "back": lambda: operations.give_appliance_back(**found, actor=teen),
        "leave": lambda: operations.hand_on_appliance(**found, actor=mother),
    }
    propose, threads = asking.proposals, []

    def propose_meanwhile(taken, *, at):
        threads.append(threading.Thread(target=lambda: all_at_once(lambda _: changes[act](), hands=1)))
        threads[0].start()
        threads[0].join(0.5)
        return propose(taken, at=at)

    monkeypatch.setattr(asking, "proposals", propose_meanwhile)

    assert operations.match_insights(at=timezone.now()) == 1
    threads[0].join(30)

    assert list(Ask.objects.values_list("state", flat=True)) == [Ask.State.CANCELLED]


def test_a_home_without_a_line_is_passed_over(committed_db):
    factories.open_request()
    home = factories.household()
    factories.insight(of=home)
    Preference.objects.filter(household=home).delete()

    assert operations.match_insights(at=timezone.now()) == 1
    assert Waiting.objects.count() == Ask.objects.count() == 0
