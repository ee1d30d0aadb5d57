"""Each rule by itself: when it tells, when it tells again, and how sure it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.insights.perception.core import perceive
from marketplace.insights.perception.rules import RULES
from marketplace.insights.perception.seen import milliseconds
from marketplace.insights.perception.thresholds import LAPSE
from tests.marketplace.insights.perception.readings import BEGIN, SEOUL, quick, readings, seen

# --- above a line -------------------------------------------------------------------------------------------------


@quick
@given(readings(kinds=("air.pm25",), most=60))
def test_a_threshold_never_fires_without_its_window_and_never_flickers(given_readings):
    rule, dust = RULES["bad_pm25"], [one for one in given_readings if one.kind == "air.pm25"]
    events = perceive({}, dust, rules={"bad_pm25": rule})[1]

    for appliance in "ab":
        own = [one for one in dust if one.appliance == appliance]
        told = [event for event in events if event.appliance == appliance]
        for event in told:
            first = milliseconds(event.at) // 60_000 - rule.minutes
            window = [one for one in own if milliseconds(one.at) // 60_000 >= first and one.at <= event.at]
            window = [one for one in window if not _lapses_between(one, event, own)]
            over = [one for one in window if one.value > rule.above]
            assert len(window) >= rule.least
            assert own[0].at <= event.at - timedelta(minutes=rule.minutes - 1)
            assert len(over) >= rule.share * len(window)
            assert window[-1].value > rule.above
            assert f"({len(window)}번 중 {len(over)}번)" in event.explained.ko
            assert f"({len(over)} of {len(window)} readings)" in event.explained.en
        for before, after in pairwise(told):
            between = [one for one in own if before.at < one.at <= after.at]
            calm = any(one.value < rule.below for one in between)
            assert calm or any(_gap(a, b) > LAPSE for a, b in pairwise([before, *between]))


def test_bad_air_for_half_an_hour_is_told_once_with_its_reason():
    bad = [seen("air.pm25", 80, BEGIN + timedelta(minutes=5 * n)) for n in range(30)]

    (event,) = [one for one in perceive({}, bad)[1] if one.rule == "bad_pm25"]

    assert event.explained.ko == "지난 30분 동안 PM2.5가 55㎍/㎥를 넘었어요 (7번 중 7번)."
    assert (event.kind, event.value, event.at) == ("air.bad_pm25", 80, BEGIN + timedelta(minutes=30))
    assert (event.interval, event.confidence) == ((BEGIN, BEGIN + timedelta(minutes=30)), 1)


@pytest.mark.parametrize(("apart", "told"), [(15, 0.5), (10, 0.67), (21, None), (1, 1)])
def test_few_readings_are_less_sure_and_too_few_are_nothing(apart, told):
    bad = [seen("air.pm25", 80, BEGIN + timedelta(minutes=apart * n)) for n in range(40)]

    assert [one.confidence for one in perceive({}, bad)[1] if one.rule == "bad_pm25"] == ([told] if told else [])


def test_a_dip_below_the_line_does_not_end_it_and_calm_air_does():
    def told(values):
        air = [seen("air.pm25", value, BEGIN + timedelta(minutes=5 * n)) for n, value in enumerate(values)]
        return len([one for one in perceive({}, air)[1] if one.rule == "bad_pm25"])

    assert told([80] * 8 + [50] + [80] * 8) == 1
    assert told([80] * 8 + [20] + [80] * 8) == 1
    assert told([80] * 8 + [20] * 5 + [80] * 12) == 2


@pytest.mark.parametrize(
    ("values", "times"),
    [
        ([55] * 20, 0),
        ([55, 80] * 10, 0),
        ([56] * 20, 1),
        ([80] * 8 + [50] * 6 + [80] * 12, 1),
        ([80] * 8 + [35] * 6 + [80] * 12, 1),
        ([80] * 8 + [34] * 6 + [80] * 12, 2),
    ],
)
def test_a_line_is_crossed_above_it_and_left_only_well_below_it(values, times):
    air = [seen("air.pm25", value, BEGIN + timedelta(minutes=5 * n)) for n, value in enumerate(values)]

    assert len(perceive({}, air, rules={"bad_pm25": RULES["bad_pm25"]})[1]) == times


@pytest.mark.parametrize(("pause", "times"), [(20, 1), (21, 0)])
def test_of_a_window_with_a_long_gap_in_it_nothing_is_told(pause, times):
    minutes = [0, *range(pause, 33)]
    air = [seen("air.pm25", 80, BEGIN + timedelta(minutes=minute)) for minute in minutes]

    assert len(perceive({}, air, rules={"bad_pm25": RULES["bad_pm25"]})[1]) == times


def test_a_warm_freezer_is_no_warm_cooler():
    cooler = [seen("fridge.temperature", 12, BEGIN + timedelta(minutes=10 * n)) for n in range(12)]

    assert [event.rule for event in perceive({}, cooler)[1]] == ["warm_fridge"]
    assert perceive({}, [replace(one, zone="freezer") for one in cooler])[1] == []


def test_air_that_is_bad_half_of_the_time_is_not_told():
    air = [seen("air.pm25", 50 if n % 2 else 80, BEGIN + timedelta(minutes=5 * n)) for n in range(30)]

    assert [one for one in perceive({}, air)[1] if one.rule == "bad_pm25"] == []


# --- a sudden change, a door, a first sight -----------------------------------------------------------------------


@quick
@given(st.lists(st.sampled_from([10, 12, 30, 49, 50, 51, 90]), max_size=40))
def test_a_rise_is_told_only_where_it_happened_and_held(values):
    rule = RULES["sudden_pm25"]
    air = [seen("air.pm25", value, BEGIN + timedelta(minutes=3 * n)) for n, value in enumerate(values)]

    for event in perceive({}, air, rules={"sudden_pm25": rule})[1]:
        index = next(n for n, one in enumerate(air) if one.at == event.at)
        lowest = min(one.value for one in air[max(0, index - 5) : index])
        assert air[index].value - lowest >= rule.by
        assert event.value == air[index].value - lowest


def test_one_wild_reading_is_no_rise_and_a_drop_is_told_once():
    spike = [10, 10, 90, 10, 10]
    cold = [24, 24, 18, 17, 16, 16, 15]
    air = [seen("air.pm25", value, BEGIN + timedelta(minutes=3 * n)) for n, value in enumerate(spike)]
    room = [seen("climate.temperature", value, BEGIN + timedelta(minutes=4 * n)) for n, value in enumerate(cold)]

    assert perceive({}, air)[1] == []
    (event,) = perceive({}, room)[1]
    assert (event.kind, event.value, event.confidence) == ("climate.temperature_drop", 7, 0.7)


@pytest.mark.parametrize(("between", "times"), [(35, 1), (30, 1), (29, 2)])
def test_a_rise_is_told_again_only_after_more_than_half_of_it_was_gone(between, times):
    values = [10, 10, 60, 60, between, 60, 60]
    air = [seen("air.pm25", value, BEGIN + timedelta(minutes=2 * n)) for n, value in enumerate(values)]

    assert len(perceive({}, air, rules={"sudden_pm25": RULES["sudden_pm25"]})[1]) == times


def test_a_door_counts_all_its_openings_and_is_told_once():
    spells = [seen("fridge.door_open_time", 110, BEGIN + timedelta(minutes=4 * n)) for n in range(6)]

    (event,) = perceive({}, spells)[1]

    assert (event.kind, event.value) == ("fridge.door_left_open", 330)
    assert event.explained.ko == "지난 30분 동안 냉장고 문이 모두 330초 열려 있었어요 (3번)."


@pytest.mark.parametrize(
    ("spells", "times"),
    [
        ({0: 299}, 0),
        ({0: 300}, 1),
        ({0: 150, 30: 150}, 1),
        ({0: 150, 31: 150}, 0),
        # While a fifth of it is left in the window, it is one long story.
        ({0: 110, 4: 110, 8: 110, 33: 110}, 1),
        ({0: 110, 4: 110, 8: 110, 39: 110, 41: 110, 43: 110}, 2),
    ],
)
def test_a_door_is_told_again_only_once_hardly_any_of_it_is_left(spells, times):
    said = [seen("fridge.door_open_time", value, BEGIN + timedelta(minutes=at)) for at, value in spells.items()]

    assert len(perceive({}, said)[1]) == times


@quick
@given(st.lists(st.integers(0, 400), max_size=20))
def test_a_pest_is_told_first_and_then_only_after_a_long_while(days):
    days = sorted(set(days))
    events = perceive({}, [seen("pest.sighting", "ant", BEGIN + timedelta(days=day)) for day in days])[1]

    first = {day for before, day in zip([-1000, *days], days, strict=False) if day - before > 90}
    assert {(event.at - BEGIN).days for event in events} == first


def test_a_sighting_that_comes_late_does_not_set_the_memory_back():
    days = (10, 0, 95)

    events = perceive({}, [seen("pest.sighting", "ant", BEGIN + timedelta(days=day)) for day in days])[1]

    assert [(event.at - BEGIN).days for event in events] == [10]


def test_an_unsure_model_is_no_first_sight_and_a_new_fridge_is_not_all_news():
    unsure = seen("pest.sighting", "ant", BEGIN, confidence=0.59)
    moved_in = [seen("food.item", word, BEGIN) for word in ("milk", "egg")]
    later = seen("food.item", "kimchi", BEGIN + timedelta(days=8))

    assert perceive({}, [unsure])[1] == []
    assert [event.value for event in perceive({}, [*moved_in, later])[1] if event.rule == "first_food"] == ["kimchi"]


def weekly(days, *, zone=SEOUL, hour=12):
    monday = datetime(2026, 3, 2, hour, tzinfo=zone)
    # Wall time is added, so that a turn of the clock keeps the hour.
    milk = [seen("food.item", "milk", (monday + timedelta(days=day)).astimezone(UTC)) for day in days]
    return [event for event in perceive({}, milk, zone=zone)[1] if event.rule == "weekly_food"]


# --- weeks --------------------------------------------------------------------------------------------------------


def test_four_weeks_with_two_days_each_are_a_pattern_once_in_four_weeks():
    two_a_week = [week * 7 + day for week in range(8) for day in (1, 4)]

    events = weekly(two_a_week)

    assert len(events) == 2
    assert "모두 8일" in events[0].explained.ko
    assert weekly([day for day in two_a_week if day != 8]) != events
    assert weekly([0, 7, 14, 21]) == []


@pytest.mark.parametrize("name", ["Asia/Seoul", "America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize(("hour", "days"), [(0, (0, 6)), (23, (0, 6)), (0, (0, 1))])
def test_weeks_are_those_of_the_home_over_midnight_and_turns_of_the_clock(name, hour, days):
    """The clocks of New York turn on 8 March 2026, those of Berlin on the 29th."""
    zone = ZoneInfo(name)
    (event,) = weekly([week * 7 + day for week in range(4) for day in days], zone=zone, hour=hour)

    assert event.interval[0].astimezone(zone) == datetime(2026, 3, 2, tzinfo=zone)


def test_a_minute_before_monday_is_another_week():
    zone = ZoneInfo("Asia/Seoul")
    sunday = datetime(2026, 3, 1, 23, 59, tzinfo=zone)
    around = [sunday + timedelta(weeks=week, minutes=minute) for week in range(5) for minute in (0, 2)]

    events = perceive({}, [seen("food.item", "milk", at.astimezone(UTC)) for at in around])[1]

    # One Monday and one Sunday in each full week; the first Sunday belongs to the week before.
    assert [event.rule for event in events] == ["weekly_food"]
    assert events[0].interval[0] == datetime(2026, 3, 2, tzinfo=zone)


@pytest.mark.parametrize(("second_week", "told"), [((0.7, 0.65), [0.7]), ((0.6, 0.6), [0.6]), ((0.7, 0.59), [])])
def test_a_pattern_is_as_sure_as_the_surest_time_of_its_least_sure_week(second_week, told):
    sure = {8: second_week[0], 11: second_week[1]}
    milk = [
        seen(
            "food.item",
            "milk",
            datetime(2026, 3, 2, 3, tzinfo=UTC) + timedelta(days=day),
            confidence=sure.get(day, 0.9),
        )
        for day in (week * 7 + day for week in range(4) for day in (1, 4))
    ]

    events = perceive({}, milk, rules={"weekly_food": RULES["weekly_food"]})[1]

    assert [event.confidence for event in events] == told


@pytest.mark.parametrize(("days", "told"), [(6.99, []), (7, ["kimchi"])])
def test_a_fridge_has_a_week_to_settle_in(days, told):
    food = [seen("food.item", "milk", BEGIN), seen("food.item", "kimchi", BEGIN + timedelta(days=days))]

    assert [event.value for event in perceive({}, food)[1]] == told


def cooled(*, watts=900, last=timedelta(minutes=130), first="cooler"):
    away = seen("presence.absence", None, BEGIN + timedelta(hours=2), hours=2)
    steps = range(0, int(last.total_seconds()) // 60 + 1, 10)
    cooler = [seen("appliance.power", watts, BEGIN + timedelta(minutes=step)) for step in steps]
    return perceive({}, [*cooler, away] if first == "cooler" else [away, *cooler])[1]


# --- an empty home ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["cooler", "absence"])
def test_an_empty_home_that_is_cooled_is_told_once_the_cooler_was_heard_after_it(first):
    (event,) = cooled(first=first)

    assert (event.kind, event.value, event.appliance) == ("presence.cooled_while_away", 2, "a")
    assert event.streams == (("a", "appliance.power"), ("sensor", "presence.absence"))
    assert event.confidence == 0.9
    assert cooled(first=first, last=timedelta(minutes=110)) == []
    assert cooled(first=first, watts=60) == []


@pytest.mark.parametrize(("steps_on", "watts", "told"), [(3, 900, 1), (2, 900, 0), (3, 101, 1), (3, 100, 0)])
def test_a_cooler_must_draw_enough_for_long_enough(steps_on, watts, told):
    away = seen("presence.absence", None, BEGIN + timedelta(hours=2), hours=2)
    cooler = [
        seen("appliance.power", watts if step < steps_on else 0, BEGIN + timedelta(minutes=10 * step))
        for step in range(14)
    ]

    assert len(perceive({}, [*cooler, away])[1]) == told
    assert perceive({}, [*(replace(one, type="other") for one in cooler), away])[1] == []


def test_what_is_one_members_own_is_never_put_together_with_the_homes():
    away = seen("presence.absence", None, BEGIN + timedelta(hours=2), hours=2, owner="teen")
    cooler = [seen("appliance.power", 900, BEGIN + timedelta(minutes=10 * n)) for n in range(14)]

    assert perceive({}, [*cooler, away])[1] == []


def test_a_cooler_that_says_nothing_for_hours_does_not_count_as_on():
    away = seen("presence.absence", None, BEGIN + timedelta(hours=20), hours=20)
    cooler = [seen("appliance.power", 900, BEGIN), seen("appliance.power", 0, BEGIN + timedelta(hours=21))]

    (event,) = perceive({}, [*cooler, away])[1]

    assert event.value == 1


def _gap(before, after):
    return milliseconds(after.at) - milliseconds(before.at)


def _lapses_between(one, event, own):
    after = [other for other in own if one.at <= other.at <= event.at]
    return any(_gap(a, b) > LAPSE for a, b in pairwise(after))
