"""What a home drew beforehand, as it stands at one moment: how much attention is left, and what it never hears of."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from consent.records import operations as records
from consent.records.models import Ask, Preference
from consent.records.queries import WEEK, Line, lines_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.household(asks_per_week=3)


def line_of(home, at=None):
    return lines_of([home.pk], at=at or timezone.now())[home.pk]


def asked(home, *, state=Ask.State.PENDING, at):
    Ask.objects.create(
        household=home,
        recipient=factories.organisation(),
        purpose="research",
        notice_version=1,
        subject="insight:a",
        topic="air",
        state=state,
        asked_at=at,
        expires_at=at + timedelta(days=1),
        decided_at=None if state == Ask.State.PENDING else at,
    )


@pytest.mark.parametrize("state", Ask.State)
def test_every_ask_of_the_week_counts_whatever_became_of_it(home, state):
    now = timezone.now()
    asked(home, state=state, at=now - WEEK)
    asked(home, state=state, at=now - WEEK + timedelta(seconds=1))

    assert line_of(home, now).asks_left == 2


def test_a_home_that_was_asked_more_than_it_now_wants_has_nothing_left(home):
    now = timezone.now()
    for _ in range(3):
        asked(home, at=now)
    Preference.objects.update(asks_per_week=1)

    assert not line_of(home, now).is_open_to({"air"})


def test_a_paused_home_is_open_to_nothing(home):
    Preference.objects.update(paused=True)

    assert not line_of(home).is_open_to({"air"})


def test_each_home_has_its_own_line_and_one_without_has_none(home, django_assert_num_queries):
    other, unlined, organisation = factories.household(), factories.household(), factories.organisation()
    Preference.objects.filter(household=unlined).delete()
    drawn = {"paused": False, "asks_per_week": 7, "min_tokens": 9, "never_topics": {"food", "air"}}
    records.draw_line(household=other, at=timezone.now(), **drawn)
    records.never_again(household=other, organisation=organisation, at=timezone.now())

    with django_assert_num_queries(1):
        lines = lines_of([home.pk, other.pk, unlined.pk], at=timezone.now())

    assert lines == {home.pk: Line(3), other.pk: Line(7, 9, frozenset({"food", "air"}), frozenset({organisation.pk}))}
    assert not Line().is_open_to(set())


LINE = Line(asks_left=1, min_tokens=5, never_topics=frozenset({"food"}), never_organisations=frozenset({uuid4()}))


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ({}, True),
        ({"tokens": 4}, False),
        ({"topics": {"air", "food"}}, False),
        ({"organisation_id": next(iter(LINE.never_organisations))}, False),
    ],
)
def test_a_line_is_kept_in_all_that_it_says(wanted, allowed):
    assert LINE.allows(**{"topics": {"air"}, "organisation_id": uuid4(), "tokens": 5, **wanted}) is allowed
