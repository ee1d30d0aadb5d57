"""Where all adults must agree: what counts, and what stays on record although it counts no more."""

import pytest
from django.utils import timezone

from consent.parties.canonical import sha256_hex
from consent.records import operations
from consent.records.models import Answer, Ask
from consent.records.notices import Notice
from tests import factories

pytestmark = pytest.mark.django_db

EXACT, BY_DAY = sha256_hex(b"exact"), sha256_hex(b"by day")
NOTICE = Notice(1, "ko", "알림", (), "알림", sha256_hex("알림".encode()))


@pytest.fixture
def ask():
    ask = factories.ask()
    with factories.as_owner():
        Ask.objects.filter(pk=ask.pk).update(answers_needed=2)
    ask.refresh_from_db()
    return ask


@pytest.fixture
def adults(ask):
    return [factories.member(of=ask.household) for _ in range(2)]


def say(ask, member, preview_sha256, verdict=Answer.Verdict.APPROVE):
    return operations.record_answer(
        ask=ask, member=member, verdict=verdict, preview_sha256=preview_sha256, notice=NOTICE, at=timezone.now()
    )


def current(ask):
    return {(answer.member, answer.preview_sha256) for answer in ask.answers.all()}


def test_two_yeses_to_the_same_choice_count_together(ask, adults):
    mother, father = adults

    say(ask, mother, EXACT)
    say(ask, father, EXACT)

    assert current(ask) == {(mother, EXACT), (father, EXACT)}


def test_another_choice_begins_a_new_round_and_the_earlier_yes_stays_on_record(ask, adults):
    mother, father = adults
    first = say(ask, mother, EXACT)

    second = say(ask, father, BY_DAY)
    third = say(ask, mother, BY_DAY)

    assert current(ask) == {(father, BY_DAY), (mother, BY_DAY)}
    assert [answer.round for answer in (first, second, third)] == [1, 2, 2]
    assert Answer.history.filter(ask=ask).count() == 3


def test_a_no_counts_alone_after_the_same_members_yes_which_stays_on_record(ask, adults):
    mother, _ = adults
    say(ask, mother, EXACT)

    say(ask, mother, "", verdict=Answer.Verdict.DENY)

    assert current(ask) == {(mother, "")}
    assert [answer.verdict for answer in Answer.history.filter(ask=ask).order_by("round")] == ["approve", "deny"]
