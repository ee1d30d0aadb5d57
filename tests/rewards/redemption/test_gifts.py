"""One home gives to another: by a number, within measure, once; and nothing brings it back but the one who got it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent.parties.models import AuditEntry
from rewards.ledger import operations as ledger
from rewards.ledger.errors import IdempotencyMismatch
from rewards.ledger.invariants import broken_invariants
from rewards.ledger.models import Transfer
from rewards.ledger.queries import balance_of, trial_balance, wallet_address
from rewards.redemption import operations, policies
from rewards.redemption.errors import (
    GiftAddressUnknown,
    GiftInvalid,
    GiftReturned,
    GiftsStopped,
    GiftTooLarge,
    GiftTriesUsedUp,
    NotEnoughTokens,
    NotYourGift,
    OnlyAdultsGive,
)
from rewards.redemption.models import Gift, GiftAddress
from rewards.redemption.queries import entries_of
from rewards.treasury import months
from rewards.treasury import operations as treasury
from rewards.treasury.queries import older_than
from tests import factories


def code_of(person):
    household = person.membership.household
    return operations.open_gift_address(household=household, at=timezone.now()).code


def give(*, by, to, tokens=100, words="", at=None, **fields):
    code = to if isinstance(to, str) else code_of(to)
    return operations.give_tokens(code=code, tokens=tokens, words=words, actor=by, at=at or timezone.now(), **fields)


def give_back(gift, *, by):
    return operations.return_gift(gift_id=gift.pk, actor=by, at=timezone.now())


def tokens(person):
    return balance_of(wallet_address(person.membership.household)).posted


def test_a_gift_goes_from_one_home_to_the_other(mother, neighbour):
    gift = give(by=mother, to=neighbour, words="  지난번에 고마웠어요  ")

    row = Transfer.objects.get(event_ref=gift.reference)
    assert (tokens(mother), tokens(neighbour)) == (900, 1_100)
    assert (row.event_type, row.amount, row.actor) == ("gift.give", 100, f"user:{mother.pk}")
    assert gift.words == "지난번에 고마웠어요"
    assert trial_balance().difference == 0
    assert broken_invariants() == {}


def test_both_homes_read_it_in_their_wallets(mother, neighbour):
    gift = give(by=mother, to=neighbour)
    give_back(gift, by=neighbour)

    def lines(person):
        return [entry.words for entry in entries_of(person.membership.household).entries][:2]

    name = neighbour.membership.household.name
    assert lines(mother) == [f"{name}에서 돌려준 선물", f"{name}에 보낸 선물"]
    assert lines(neighbour) == ["지우네에 돌려준 선물", "지우네에서 온 선물"]


@pytest.mark.parametrize("typed", ["lower", "spaces", "hyphens"])
def test_a_number_may_be_typed_as_it_was_told(mother, neighbour, typed):
    code = code_of(neighbour)
    groups = [code[:4], code[4:8], code[8:]]
    told = {"lower": code.lower(), "spaces": " ".join(groups) + " ", "hyphens": "-".join(groups)}

    give(by=mother, to=told[typed])

    assert tokens(neighbour) == 1_100


def test_every_number_that_takes_nothing_answers_alike(mother, neighbour, home):
    old = code_of(neighbour)
    operations.change_gift_code(actor=neighbour, at=timezone.now())
    stopped, closed, moved = factories.member(), factories.member(), factories.member()
    numbers = {"own": code_of(mother), "old": old, "none": "23456789ABCD", "short": "2345", "long": "A" * 40, "": ""}
    numbers["without a wallet"] = code_of(moved)
    for person in (stopped, closed):
        ledger.open_wallet(household=person.membership.household)
    numbers["stopped"], numbers["closed"] = code_of(stopped), code_of(closed)
    GiftAddress.objects.filter(household=stopped.membership.household).update(stopped_at=timezone.now())
    ledger.close_account(address=wallet_address(closed.membership.household), actor="test")

    said = set()
    for number in numbers.values():
        with pytest.raises(GiftAddressUnknown) as refused:
            give(by=mother, to=number)
        said.add((type(refused.value), str(refused.value)))

    assert len(said) == 1
    assert (tokens(mother), Gift.objects.count()) == (1_000, 0)


def test_trying_numbers_ends_after_twenty_a_day_and_even_the_right_one_waits(mother, neighbour):
    right, now = code_of(neighbour), timezone.now()
    for number in range(policies.MOST_TRIES):
        with pytest.raises(GiftAddressUnknown):
            give(by=mother, to=f"22222222{number:04}")

    with pytest.raises(GiftTriesUsedUp):
        give(by=mother, to=right)

    assert AuditEntry.objects.filter(action="gift.unknown").count() == policies.MOST_TRIES
    give(by=mother, to=right, at=now + timedelta(days=1, minutes=1))


def test_the_tokens_of_a_home_are_given_by_its_adults(mother, teen, child, neighbour):
    right = code_of(neighbour)
    for person in (teen, child):
        with pytest.raises(OnlyAdultsGive):
            give(by=person, to=right)
        with pytest.raises(OnlyAdultsGive):
            operations.change_gift_code(actor=person, at=timezone.now())
    with pytest.raises(NotYourGift):
        give(by=factories.staff(), to=right)

    gift = give(by=neighbour, to=mother)
    for person in (teen, child):
        with pytest.raises(OnlyAdultsGive):
            give_back(gift, by=person)
    assert tokens(mother) == 1_100


def test_a_stopped_home_neither_gives_nor_returns(mother, neighbour):
    gift = give(by=neighbour, to=mother)
    GiftAddress.objects.filter(household=mother.membership.household).update(stopped_at=timezone.now())

    with pytest.raises(GiftsStopped):
        give(by=mother, to=neighbour)
    with pytest.raises(GiftsStopped):
        give_back(gift, by=mother)

    assert tokens(mother) == 1_100


@pytest.mark.parametrize("many", [0, -1, True, 1.5, "7", None])
def test_a_gift_is_a_whole_number_of_tokens(mother, neighbour, many):
    with pytest.raises(GiftInvalid):
        give(by=mother, to=neighbour, tokens=many)

    assert not Gift.objects.exists()


@pytest.mark.parametrize("words", ["가" * 101, "두 줄\n인사", "\x00", "\u202egnorw"])
def test_words_are_one_short_readable_line(mother, neighbour, words):
    with pytest.raises(GiftInvalid):
        give(by=mother, to=neighbour, words=words)


def test_one_gift_a_day_and_a_month_each_have_a_measure(mother, neighbour, settings):
    settings.GIFT_TOKENS, settings.GIFT_DAY_TOKENS, settings.GIFT_MONTH_TOKENS = 100, 150, 220
    right, noon = code_of(neighbour), timezone.make_aware(timezone.datetime(2026, 12, 1, 12))
    with pytest.raises(GiftTooLarge, match="100"):
        give(by=mother, to=right, tokens=101, at=noon)
    give(by=mother, to=right, tokens=100, at=noon)

    with pytest.raises(GiftTooLarge, match="오늘 더 선물할 수 있는 것은 50"):
        give(by=mother, to=right, tokens=51, at=noon)
    give(by=mother, to=right, tokens=100, at=noon + timedelta(days=1))
    with pytest.raises(GiftTooLarge, match="이번 달에 더 선물할 수 있는 것은 20"):
        give(by=mother, to=right, tokens=21, at=noon + timedelta(days=2))
    give(by=mother, to=right, tokens=100, at=noon + timedelta(days=31))

    assert tokens(neighbour) == 1_300


def test_what_was_returned_counts_towards_the_measure(mother, neighbour, settings):
    settings.GIFT_DAY_TOKENS = 100
    give_back(give(by=mother, to=neighbour), by=neighbour)

    with pytest.raises(GiftTooLarge):
        give(by=mother, to=neighbour)


def test_nothing_is_left_behind_when_the_home_cannot_pay(mother, neighbour, home):
    ledger.place_hold(
        key="held", debit=wallet_address(home), amount=950, lifetime=timedelta(hours=1), actor="t", event_type="t",
        event_ref="t",
    )  # fmt: skip

    with pytest.raises(NotEnoughTokens) as refused:
        give(by=mother, to=neighbour, tokens=51)

    assert (refused.value.needed, refused.value.available) == (51, 50)
    assert not Gift.objects.exists()
    assert not Transfer.objects.filter(event_type="gift.give").exists()


def test_what_a_lapsed_order_kept_back_can_be_given(mother, neighbour, filter_reward):
    at = timezone.now()
    operations.place_order(reward_id=filter_reward.pk, actor=mother, at=at)

    give(by=mother, to=neighbour, tokens=1_000, at=at + operations.ANSWER_TIME)

    assert tokens(neighbour) == 2_000


def test_the_same_key_gives_once_and_another_gift_under_it_is_refused(mother, neighbour):
    right = code_of(neighbour)
    first = give(by=mother, to=right, idempotency_key="tap")
    operations.change_gift_code(actor=neighbour, at=timezone.now())

    again = give(by=mother, to=right, idempotency_key="tap")
    for changed in ({"tokens": 5}, {"words": "다른 말"}, {"to": "23456789ABCD"}):
        with pytest.raises(IdempotencyMismatch):
            give(**{"by": mother, "to": right, "idempotency_key": "tap", **changed})

    assert (again.pk, tokens(neighbour)) == (first.pk, 1_100)


def test_who_got_a_gift_returns_it_once(mother, neighbour):
    gift = give(by=mother, to=neighbour)

    give_back(gift, by=neighbour)
    with pytest.raises(GiftReturned):
        give_back(gift, by=neighbour)

    assert (tokens(mother), tokens(neighbour)) == (1_000, 1_000)
    assert Gift.objects.get().returned_by == neighbour


def test_nobody_takes_a_gift_back(mother, neighbour):
    gift = give(by=mother, to=neighbour)

    for person in (mother, factories.member()):
        with pytest.raises(NotYourGift):
            give_back(gift, by=person)

    assert tokens(neighbour) == 1_100


def test_nothing_goes_back_to_a_home_that_was_stopped(mother, neighbour):
    gift = give(by=mother, to=neighbour)
    code_of(mother)
    GiftAddress.objects.filter(household=mother.membership.household).update(stopped_at=timezone.now())

    with pytest.raises(GiftsStopped, match="그대로 두시면 돼요"):
        give_back(gift, by=neighbour)

    assert (tokens(mother), tokens(neighbour)) == (900, 1_100)
    assert Gift.objects.get(pk=gift.pk).returned_at is None


def test_what_was_spent_cannot_be_returned(mother, neighbour):
    gift = give(by=mother, to=neighbour)
    give(by=neighbour, to=factories.member(of=factories.tokens_in_wallet(factories.household(), 1)), tokens=1_000)
    address = wallet_address(neighbour.membership.household)
    ledger.post(key="s", debit=address, credit="orders", amount=50, actor="t", event_type="t", event_ref="t")

    with pytest.raises(NotEnoughTokens):
        give_back(gift, by=neighbour)

    assert Gift.objects.get(pk=gift.pk).returned_at is None


def test_tokens_given_and_returned_are_as_old_as_they_were(mother, neighbour, settings):
    settings.TOKEN_DAYS = 10
    later = months.midnight(months.end_of(timezone.now())) - timedelta(days=1)
    give_back(give(by=mother, to=neighbour, at=later), by=neighbour)

    assert treasury.expire_tokens(at=later + timedelta(days=1)) == 2_000
    rows = older_than([Transfer.objects.first().credit_id], cutoffs=[timezone.now()])
    assert [row.posted for row in rows] == [0]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [("gift_of_something", "tokens = 0"), ("gift_to_another_home", "taker_id = giver_id"),
     ("gift_returned_by_somebody", "returned_at = now()")],
)  # fmt: skip
def test_the_database_keeps_a_gift_a_gift(mother, neighbour, constraint, change):
    give(by=mother, to=neighbour)

    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        factories.as_owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE redemption_gift SET {change}")


def test_a_home_that_goes_leaves_no_number_and_no_words(mother, neighbour):
    gift, number = give(by=mother, to=neighbour, words="잘 지내요"), code_of(mother)
    home = mother.membership.household

    operations.forget_gifts(household=home)
    home.name = ""
    home.save(update_fields=["name"])

    assert Gift.objects.get(pk=gift.pk).words == ""
    with pytest.raises(GiftAddressUnknown):
        give(by=neighbour, to=number)
    assert entries_of(neighbour.membership.household).entries[0].words == "떠난 집에서 온 선물"
