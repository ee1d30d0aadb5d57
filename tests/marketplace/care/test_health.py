"""How an appliance is doing, right at the lines: when a filter is low, a fault is news, a clock is off."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.care.twin.sayings import FAULT_NEWS, health_of
from marketplace.insights.twin import State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
THING, PART = UUID(int=1), UUID(int=2)


def state(kind, value, *, ago=timedelta(), lag_s=None, of=THING):
    at = NOW - ago
    return State(of, kind, "", at, at, lag_s, value, None, None, ())


def doing(*states, **more):
    return health_of(states, at=NOW, **more)


@pytest.mark.parametrize(("left", "is_low"), [(0, True), (10, True), (10.5, False), (11, False), (100, False)])
def test_a_filter_is_low_from_ten_per_cent_on(left, is_low):
    assert doing(state("filter.remaining", left)).filter_is_low == is_low


def test_of_two_filters_the_worse_one_counts_whichever_was_told_last():
    worse = state("filter.remaining", 4, ago=timedelta(hours=3))

    for told in ([worse, state("filter.remaining", 80, of=PART)], [state("filter.remaining", 80, of=PART), worse]):
        assert (doing(*told).filter_left, doing(*told).filter_at) == (4, worse.observed_at)


def test_who_never_told_of_a_filter_has_none_that_is_low():
    assert (doing().filter_left, doing().filter_is_low, doing().filter_percent) == (None, False, "")


@pytest.mark.parametrize(("ago", "is_said"), [(FAULT_NEWS - timedelta(seconds=1), True), (FAULT_NEWS, False)])
def test_a_fault_is_news_for_a_week(ago, is_said):
    assert bool(doing(state("device.fault", "lg:CLIFF", ago=ago)).fault) == is_said


def test_of_two_faults_the_later_one_is_said():
    later = state("device.fault", "lg:BRUSH", ago=timedelta(hours=1), of=PART)

    fault = doing(later, state("device.fault", "lg:CLIFF", ago=timedelta(hours=2))).fault

    assert fault.number.endswith("BRUSH")


@pytest.mark.parametrize(("lag_s", "minutes"), [(120, None), (150, 2), (400, 7)])
def test_a_clock_is_off_by_more_than_two_minutes(lag_s, minutes):
    assert doing(state("air.pm25", 9, lag_s=lag_s)).clock_off == minutes


def test_one_stream_that_comes_at_once_proves_the_clock_and_words_prove_nothing():
    late = state("air.pm25", 9, lag_s=900)

    assert doing(late, state("air.co2", 600, lag_s=3)).clock_off is None
    assert doing(late, state("vacuum.obstacle", "cable", lag_s=3)).clock_off == 15
    assert doing(state("vacuum.obstacle", "cable", lag_s=900)).clock_off is None


@pytest.mark.parametrize(("signing", "keeps"), [({THING}, True), ({PART}, False), (set(), False)])
def test_what_signs_by_itself_has_a_clock_that_is_right(signing, keeps):
    assert doing(state("air.pm25", 9, lag_s=900), signing=signing).keeps_values == keeps
