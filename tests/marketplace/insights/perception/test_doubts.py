"""What is doubted, and above all what is not: an honest home is never held up."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.insights.kinds import KINDS
from marketplace.insights.perception.doubts import DETECTORS, doubt
from marketplace.insights.perception.seen import Seen

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def stream(kind, values, *, minutes=15, **more):
    return [
        Seen(appliance="a", kind=kind, value=value, at=BEGIN + timedelta(minutes=minutes * n), **more)
        for n, value in enumerate(values)
    ]


def reasons(readings):
    return [found.reason for found in doubt({}, readings)[1]]


def test_every_detector_names_registered_kinds():
    frozen, regular, impossible = DETECTORS
    assert {*frozen.hours, *frozen.beyond, *regular.kinds, *impossible.kinds, *impossible.per_minute} <= KINDS.keys()


# --- values that stand still --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "days"),
    [
        ("air.co2", 612, 1),
        ("air.pm25", 10, 1),
        ("air.tvoc_ratio", 300, 1),
        ("climate.temperature", 23.4, 2),
        ("climate.humidity", 48.2, 2),
    ],
)
def test_a_value_that_never_moves_is_doubted_after_its_time_and_not_before(kind, value, days):
    day = 24 * 4
    (found,) = doubt({}, stream(kind, [value] * (days * day + 1)))[1]

    assert (found.reason, found.stream) == ("frozen", ("a", kind))
    assert found.facts == {"hours": 24 * days, "readings": days * day + 1}
    assert reasons(stream(kind, [value] * (days * day))) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [("air.pm25", 0), ("air.pm25", 9), ("climate.temperature", 24), ("climate.humidity", 45), ("fridge.temperature", 3),
     ("filter.remaining", 80), ("appliance.power", 0), ("air.voc_index", 100)],
)  # fmt: skip
def test_what_honestly_stands_still_is_not(kind, value):
    assert reasons(stream(kind, [value] * 900)) == []


def test_the_end_of_a_sensors_range_is_a_soft_flag_and_no_doubt():
    assert reasons(stream("air.co2", [400] * 400, flags=("sensor_rail",))) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 94), st.integers(1, 5))
def test_one_step_within_the_time_is_movement_enough(index, step):
    values = [612] * 96
    values[index] += step

    assert reasons(stream("air.co2", values)) == []


def test_a_sensor_that_was_silent_begins_anew():
    first = stream("air.co2", [612] * 90)
    later = [Seen(appliance="a", kind="air.co2", value=612, at=one.at + timedelta(days=3)) for one in first]

    assert reasons([*first, *later]) == []


def test_a_sensor_that_speaks_seldom_must_stand_still_for_longer():
    assert reasons(stream("air.co2", [612] * 47, minutes=60)) == []
    assert reasons(stream("air.co2", [612] * 48, minutes=60)) == ["frozen"]


def test_what_comes_late_is_no_movement():
    stood = stream("air.co2", [612] * 97)
    late = Seen(appliance="a", kind="air.co2", value=700, at=BEGIN + timedelta(minutes=20))

    assert reasons([*stood[:-1], late, stood[-1]]) == ["frozen"]


def test_after_a_doubt_it_takes_the_whole_time_again():
    assert reasons(stream("air.co2", [612] * (96 * 3))) == ["frozen", "frozen"]


# --- times without jitter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value"),
    [("pest.sighting", "ant"), ("microwave.cook", 90), ("vacuum.obstacle", "cable"), ("presence.absence", True)],
)
def test_things_that_happen_by_the_clock_are_doubted(kind, value):
    (found,) = doubt({}, stream(kind, [value] * 9, minutes=40))[1]

    assert (found.reason, found.facts) == ("too_regular", {"times": 8})
    assert reasons(stream(kind, [value] * 9, minutes=40, window_s=2_400)) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(1, 999))
def test_a_thousandth_of_a_second_is_jitter_enough(index, late):
    sighted = stream("pest.sighting", ["ant"] * 9, minutes=40)
    moved = sighted[index]
    sighted[index] = Seen(appliance="a", kind=moved.kind, value="ant", at=moved.at + timedelta(milliseconds=late))

    assert reasons(sighted) == []


@pytest.mark.parametrize("kind", ["air.pm25", "air.co2", "fridge.door_openings", "food.item", "filter.remaining"])
def test_what_is_measured_or_looked_at_by_the_hour_may_be_regular(kind):
    values = ["milk"] * 40 if kind == "food.item" else [n % 7 for n in range(40)]
    assert "too_regular" not in reasons(stream(kind, values, minutes=60))


def test_times_that_are_the_servers_own_say_nothing():
    assert reasons(stream("pest.sighting", ["ant"] * 40, is_timed=False)) == []


# --- what cannot be -----------------------------------------------------------------------------------------------


def test_jumps_that_cannot_be_are_doubted_when_they_keep_on():
    there_and_back = [20, 60] * 20

    (found, *_) = doubt({}, stream("climate.temperature", there_and_back, minutes=1))[1]

    assert (found.reason, found.facts) == ("impossible", {"times": 10})
    assert reasons(stream("climate.temperature", there_and_back[:8], minutes=1)) == []
    assert reasons(stream("climate.temperature", there_and_back, minutes=2)) == []


@pytest.mark.parametrize(
    ("kind", "low", "most"), [("climate.temperature", 20, 15), ("fridge.temperature", -2, 25), ("air.co2", 400, 20_000)]
)
def test_how_far_a_kind_can_jump_within_a_minute(kind, low, most):
    assert reasons(stream(kind, [low, low + most] * 10, minutes=1)) == []
    assert "impossible" in reasons(stream(kind, [low, low + most + 1] * 10, minutes=1))


def test_two_compartments_do_not_jump_between_each_other():
    said = [
        Seen(appliance="a", kind="fridge.temperature", value=value, zone=zone, at=one.at)
        for one in stream("fridge.temperature", [0] * 20, minutes=1)
        for zone, value in (("cooler", 8), ("freezer", -20))
    ]

    assert reasons(said) == []


def test_dust_in_the_wrong_order_is_doubted_when_most_of_it_is():
    wrong = stream("air.pm25", list(range(10, 20)), flags=("dust_sizes_disagree",))
    now_and_then = [
        Seen(appliance="a", kind="air.pm25", value=10 + n % 3, at=BEGIN + timedelta(minutes=5 * n),
             flags=("dust_sizes_disagree",) if n % 5 == 0 else ())
        for n in range(400)
    ]  # fmt: skip

    assert reasons(wrong) == ["impossible"]
    assert reasons(now_and_then) == []


def test_more_power_than_a_home_has_is_doubted():
    assert "impossible" in reasons(stream("appliance.energy", [3] * 12, window_s=900))
    assert reasons(stream("appliance.energy", [2] * 12, window_s=900)) == []


# --- honest homes -------------------------------------------------------------------------------------------------


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 5, 15]))
def test_a_week_of_a_home_like_the_recorded_ones_is_never_doubted(seed, minutes):
    """Carbon dioxide from 400 to 1,700 ppm by day and night, dust that is mostly nothing, a thermostat's rooms."""
    week = []
    for n in range(0, 7 * 24 * 60, minutes * 6):
        at, turn = BEGIN + timedelta(minutes=n), math.sin((n + seed) / 229) + math.sin((n + seed) / 31) / 3
        said = {
            "air.co2": round(700 + 450 * abs(turn)), "air.pm25": max(0, round(6 * turn + 3)),
            "climate.temperature": round(22 + turn * 1.5, 1), "climate.humidity": round(45 + 6 * turn),
        }  # fmt: skip
        week += [Seen(appliance="a", kind=kind, value=value, at=at) for kind, value in said.items()]

    assert reasons(week) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 96), st.randoms(use_true_random=False))
def test_batches_late_and_repeated_readings_come_to_the_same(size, dice):
    readings = stream("air.co2", [612] * 100 + [700] * 10, minutes=15)
    late = [*readings, *dice.sample(readings, 20)]
    memories, found = {}, []
    for start in range(0, len(late), size):
        memories, more = doubt(memories, late[start : start + size])
        found += more

    assert found == doubt({}, readings)[1]
