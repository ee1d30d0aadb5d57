"""The registry: complete, in both languages, and as it was written down beside it."""

import re

import pytest

from marketplace.appliances.dialects.unit_words import ucum
from marketplace.insights.kinds import KINDS, Sensitivity, Topic, find

# By hand, so that no limit moves unnoticed: unit, hard range.
TABLE = {
    "air.pm25": ("ug/m3", 0, 1000),
    "air.pm10": ("ug/m3", 0, 1000),
    "air.pm1": ("ug/m3", 0, 1000),
    "air.co2": ("[ppm]", 250, 40_000),
    "air.voc_index": ("{voc_index}", 0, 500),
    "air.tvoc_mass": ("ug/m3", 0, 10_000),
    "air.tvoc_ratio": ("[ppb]", 0, 60_000),
    "air.hcho": ("ug/m3", 0, 10_000),
    "air.aqi": ("{aqi}", 0, 500),
    "climate.temperature": ("Cel", -40, 85),
    "climate.humidity": ("%", 0, 100),
    "appliance.energy": ("kW.h", 0, 24),
    "appliance.power": ("W", 0, 10_000),
    "fridge.temperature": ("Cel", -40, 25),
    "fridge.door_openings": ("{opening}", 0, 500),
    "fridge.door_open_time": ("s", 0, 86_400),
    "microwave.cook": ("s", 0, 86_400),
    "filter.remaining": ("%", 0, 100),
}
# What it tells of the people at home, what one event covers, the widths of its two coarser rungs, and what sensors send
# when they have no value. By hand as well: each of these decides who is asked, what leaves, or what is taken in.
TOLD = {
    "air.pm25": ("air", "ordinary", "none", (10, 50), {-1, 65535}),
    "air.pm10": ("air", "ordinary", "none", (10, 50), {-1, 65535}),
    "air.pm1": ("air", "ordinary", "none", (10, 50), {-1, 65535}),
    "air.co2": ("air", "ordinary", "none", (100, 500), {-1, 0, 65535}),
    "air.voc_index": ("air", "ordinary", "none", (50, 100), {-1}),
    "air.tvoc_mass": ("air", "ordinary", "none", (100, 500), {-1, -202}),
    "air.tvoc_ratio": ("air", "ordinary", "none", (100, 500), {-1, -202}),
    "air.hcho": ("air", "ordinary", "none", (10, 50), {-1}),
    "air.aqi": ("air", "ordinary", "none", (10, 50), {-1}),
    "climate.temperature": ("air", "ordinary", "none", (1, 5), set()),
    "climate.humidity": ("air", "ordinary", "none", (10, 20), {-1}),
    "appliance.energy": ("power", "habit", "window", (1, 5), set()),
    "appliance.power": ("power", "habit", "none", (100, 500), {-500}),
    "fridge.temperature": ("care", "ordinary", "none", (1, 5), {-40}),
    "fridge.door_openings": ("care", "habit", "none", (5, 20), set()),
    "fridge.door_open_time": ("care", "habit", "none", (60, 600), set()),
    "microwave.cook": ("food", "habit", "none", (60, 600), set()),
    "vacuum.obstacle": ("care", "habit", "none", (10, 50), set()),
    "pest.sighting": ("pest", "pest", "none", (10, 50), set()),
    "food.item": ("food", "food", "none", (10, 50), set()),
    "presence.absence": ("presence", "presence", "interval", (10, 50), set()),
    "presence.cooled_while_away": ("presence", "presence", "interval", (1, 3), set()),
    "filter.remaining": ("care", "ordinary", "none", (10, 50), {-1}),
    "device.fault": ("care", "ordinary", "none", (10, 50), set()),
    "air.bad_pm25": ("air", "ordinary", "interval", (10, 50), set()),
    "air.bad_pm10": ("air", "ordinary", "interval", (10, 50), set()),
    "air.pm25_rise": ("air", "ordinary", "interval", (10, 50), set()),
    "air.stale": ("air", "ordinary", "interval", (100, 500), set()),
    "climate.temperature_drop": ("air", "ordinary", "interval", (1, 5), set()),
    "fridge.warm": ("care", "ordinary", "interval", (1, 5), set()),
    "fridge.door_left_open": ("care", "habit", "interval", (60, 600), set()),
    "pest.first_sighting": ("pest", "pest", "none", (10, 50), set()),
    "food.first_sighting": ("food", "food", "none", (10, 50), set()),
    "food.weekly_pattern": ("food", "food", "interval", (10, 50), set()),
}
WITHOUT_UNIT = {"vacuum.obstacle", "pest.sighting", "food.item", "presence.absence", "device.fault"}
EDGE_ONLY = {
    "pest.sighting",
    "food.item",
    "presence.absence",
    "presence.cooled_while_away",
}


@pytest.mark.parametrize("code", TABLE)
def test_has_the_unit_and_range_of_the_paper(code):
    kind = KINDS[code]

    assert (kind.unit, kind.low, kind.high) == TABLE[code]
    assert kind.value_type == "number"


@pytest.mark.parametrize("code", KINDS)
def test_tells_as_much_of_a_home_as_is_written_here(code):
    kind = KINDS[code]

    assert (kind.topic, kind.sensitivity, kind.span, kind.bands, set(kind.sentinels)) == TOLD[code]


def test_registers_the_papers_kinds_and_one_more():
    told = {kind.code for kind in KINDS.values() if not kind.by_rule}
    assert told == TABLE.keys() | WITHOUT_UNIT | {"presence.cooled_while_away"}


def test_knows_no_other_kind():
    assert find("air.pm25") is KINDS["air.pm25"]
    assert find("camera.frame") is None


def test_edge_models_alone_see_pests_food_and_absence():
    assert {code for code, kind in KINDS.items() if kind.edge_only} == EDGE_ONLY


def test_what_a_vacuum_sees_needs_only_how_sure_it_is():
    assert {code for code, kind in KINDS.items() if kind.needs_confidence} == {"vacuum.obstacle"}


def test_presence_is_of_the_highest_sensitivity():
    assert {code for code, kind in KINDS.items() if kind.sensitivity is Sensitivity.PRESENCE} == {
        "presence.absence",
        "presence.cooled_while_away",
    }
    assert all((kind.topic is Topic.PRESENCE) == (kind.sensitivity is Sensitivity.PRESENCE) for kind in KINDS.values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_each_kind_is_whole(kind):
    assert KINDS[kind.code] is kind
    assert len(kind.code) <= 40
    assert kind.icon in {"purifier", "vacuum", "fridge", "cooler", "microwave"}
    assert kind.bands[0] > 0
    assert kind.bands[1] % kind.bands[0] == 0
    assert (kind.value_type == "word") == bool(kind.words)
    assert (kind.value_type == "flag") == (kind.yes is not None)
    assert (kind.value_type == "number") == (kind.high > kind.low)
    assert kind.unit == "" or ucum(kind.unit) == kind.unit
    assert len(kind.topic) <= 20


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_each_kind_is_said_in_both_languages(kind):
    said = [kind.label, *kind.words.values(), *kind.zones.values(), kind.topic.label, *([kind.yes] if kind.yes else [])]

    for text in said:
        assert re.search(r"[가-힣]", text.ko)
        assert re.search(r"[A-Za-z]", text.en)
        assert not re.search(r"[가-힣]", text.en)


@pytest.mark.parametrize(
    ("code", "value", "korean", "english"),
    [
        ("air.pm25", 62, "62\u00a0µg/m³", "62\u00a0µg/m³"),
        ("air.pm25", 5.38, "5.38\u00a0µg/m³", "5.38\u00a0µg/m³"),
        ("air.co2", 1840, "1,840\u00a0ppm", "1,840\u00a0ppm"),
        ("climate.temperature", -3.5, "-3.5\u00a0°C", "-3.5\u00a0°C"),
        ("climate.humidity", 78, "78%", "78%"),
        ("fridge.door_openings", 12, "12번", "12\u00a0times"),
        ("presence.cooled_while_away", 3, "3\u00a0시간", "3\u00a0h"),
        ("pest.sighting", "cockroach", "바퀴벌레로 보임", "Probably a cockroach"),
        ("food.item", "milk", "우유", "Milk"),
        ("presence.absence", True, "비어 있었어요", "It was empty"),
        ("air.voc_index", 120, "120", "120"),
        ("device.fault", "homeassistant:vacuum_error", "homeassistant:vacuum_error", "homeassistant:vacuum_error"),
    ],
)
def test_shows_a_value_as_a_person_reads_it(code, value, korean, english):
    assert KINDS[code].show(value, "ko") == korean
    assert KINDS[code].show(value, "en-gb") == english


def test_calls_a_zone_by_its_name():
    assert KINDS["fridge.temperature"].zone_label("freezer", "ko") == "냉동실"


@pytest.mark.parametrize(
    ("code", "value", "zone", "flags"),
    [
        ("air.pm25", 500, None, ()),
        ("air.pm25", 500.5, None, ("unusually_high",)),
        ("air.co2", 379, None, ("check_calibration",)),
        ("air.co2", 400, None, ("sensor_rail",)),
        ("air.co2", 350, None, ("check_calibration", "sensor_rail")),
        ("air.co2", 2000, None, ("sensor_rail",)),
        ("air.co2", 5000, None, ("sensor_rail",)),
        ("air.co2", 10_000, None, ()),
        ("air.co2", 10_001, None, ("unusually_high",)),
        ("air.voc_index", 0, None, ("blackout",)),
        ("climate.temperature", 61, None, ("unlikely_indoors",)),
        ("climate.temperature", 60, None, ()),
        ("climate.temperature", -10, None, ()),
        ("climate.temperature", -11, None, ("unlikely_indoors",)),
        ("climate.humidity", 0, None, ("placeholder",)),
        ("fridge.temperature", 9, "cooler", ("outside_usual",)),
        ("fridge.temperature", -1, "cooler", ("outside_usual",)),
        ("fridge.temperature", 8, "cooler", ()),
        ("fridge.temperature", -26, "freezer", ("outside_usual",)),
        ("fridge.temperature", 9, None, ()),
        ("fridge.temperature", -18, "freezer", ()),
        ("fridge.temperature", -9, "freezer", ("outside_usual",)),
    ],
)
def test_flags_what_deserves_a_second_look(code, value, zone, flags):
    assert KINDS[code].flags_of(value, zone=zone) == flags
