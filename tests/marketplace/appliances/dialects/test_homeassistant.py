"""Home Assistant's state objects, in every envelope they come in."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.appliances import wire
from marketplace.appliances.dialects import Rejection, homeassistant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
FIXTURES = Path(__file__).parents[3] / "fixtures/appliances"


def parse(body):
    return homeassistant.parse(body if isinstance(body, bytes) else json.dumps(body).encode(), {}, received_at=NOW)


def state(entity_id="sensor.study_pm25", value="62", *, device_class="pm25", unit="µg/m³", **more):
    attributes = {"device_class": device_class, "unit_of_measurement": unit, **more.pop("attributes", {})}
    attributes = {name: found for name, found in attributes.items() if found is not None}
    times = {"last_changed": AT.isoformat(), "last_updated": AT.isoformat()}
    return {"entity_id": entity_id, "state": value, "attributes": attributes, **times, **more}


def outcome(result):
    return result.code if isinstance(result, Rejection) else (result.kind, result.value, result.unit, result.zone)


def only(body):
    (result,) = parse(body)
    return outcome(result)


def test_reads_a_list_of_states_one_by_one():
    results = parse((FIXTURES / "homeassistant_states.json").read_bytes())

    assert [outcome(result) for result in results] == [
        ("air.pm25", Decimal(62), "µg/m³", None),
        ("air.co2", Decimal(841), "ppm", None),
        ("climate.temperature", Decimal("68.0"), "°F", None),
        ("fridge.temperature", Decimal("-18.5"), "°C", "freezer"),
        "no_data",
        "not_an_insight",
    ]
    assert [result.index for result in results] == [0, 1, 2, 3, 4, 5]
    assert results[0].observed_at == AT + timedelta(milliseconds=250)
    assert results[1].observed_at == AT + timedelta(minutes=1)
    assert [result.appliance_type for result in results[:4]] == [
        "air_purifier",
        "air_sensor",
        "air_sensor",
        "refrigerator",
    ]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: {"event_type": "state_changed", "data": {"new_state": one, "old_state": None}},
        lambda one: [{"event_type": "state_changed", "data": {"new_state": one}}],
        lambda one: {"data": {"new_state": one}},
        lambda one: {"new_state": one},
        lambda one: {"id": 3, "type": "event", "event": {"event_type": "state_changed", "data": {"new_state": one}}},
        lambda one: {"id": 4, "type": "result", "success": True, "result": [one]},
        lambda one: {"platform": "state", "from_state": None, "to_state": one},
        lambda one: {"states": [one]},
        lambda one: {"event_type": "state_changed", "event_data": {"new_state": one, "old_state": None}},
        lambda one: {"trigger": {"platform": "state", "to_state": one, "from_state": None}},
        lambda one: [[one]],
    ],
)
def test_finds_the_state_in_every_envelope(wrap):
    assert only(wrap(state())) == ("air.pm25", Decimal(62), "µg/m³", None)


@pytest.mark.parametrize(
    ("device_class", "unit", "kind"),
    [
        ("pm1", "µg/m³", "air.pm1"),
        ("pm10", "μg/m³", "air.pm10"),
        ("carbon_dioxide", "ppm", "air.co2"),
        ("volatile_organic_compounds", "mg/m³", "air.tvoc_mass"),
        ("volatile_organic_compounds_parts", "ppb", "air.tvoc_ratio"),
        ("humidity", "%", "climate.humidity"),
        ("temperature", "K", "climate.temperature"),
        ("power", "W", "appliance.power"),
    ],
)
def test_knows_a_kind_by_its_device_class(device_class, unit, kind):
    assert only(state(device_class=device_class, unit=unit)) == (kind, Decimal(62), unit, None)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (state(value="unknown"), "no_data"),
        (state(value="unavailable"), "no_data"),
        (state(value="None"), "no_data"),
        (state(value="nan"), "no_data"),
        (state(value=None), "no_data"),
        (state(value="online"), "not_a_number"),
        (state(value="12,5"), "not_a_number"),
        (state(value="1e3"), "not_a_number"),
        (state(value=True), "not_a_number"),
        (state(value=["62"]), "not_a_number"),
        (state(unit=None), "missing_unit"),
        (state(unit="furlong"), "unknown_unit"),
        (state(unit=5), "unknown_unit"),
        (state(device_class="aqi", unit=None), "unknown_scheme"),
        (state(device_class=None), "not_an_insight"),
        (state(device_class="battery"), "not_an_insight"),
        (state(device_class=["pm25"]), "not_an_insight"),
        (state("sensor.fridge_target_temperature", "3", device_class="temperature", unit="°C"), "not_an_insight"),
        (state("sensor.hub_cpu_temperature", "61", device_class="temperature", unit="°C"), "not_an_insight"),
        (state("sensor.outdoor_humidity", "61", device_class="humidity", unit="%"), "not_an_insight"),
        (state("sensor.kitchen_fridge_humidity", "61", device_class="humidity", unit="%"), "not_an_insight"),
        (state("sun.sun", "below_horizon"), "not_an_insight"),
        (state("device_tracker.phone", "home"), "not_an_insight"),
        (state("camera.hall", "idle"), "not_an_insight"),
        (state("person.mother", "home"), "not_an_insight"),
        (state("vacuum.robby", "docked"), "not_an_insight"),
        (state("vacuum.robby", "unavailable"), "no_data"),
        (state("binary_sensor.front_door", "on", device_class="door"), "not_an_insight"),
        (state("binary_sensor.hall", "on", device_class="motion"), "not_an_insight"),
        (state("binary_sensor.fridge_door", "unavailable", device_class="door"), "no_data"),
        (state("binary_sensor.fridge_door", "off", device_class="door"), "not_an_insight"),
        (state("climate.living", "cool"), "not_an_insight"),
        (state("climate.living", "unavailable"), "no_data"),
        (state(last_updated="22016-05-30T21:50:30+00:00"), "wrong_time"),
        (state("Sensor.Study", "5"), "not_an_insight"),
        (state("process.Dropbox", "on", last_changed="22016-05-30T21:43:32+00:00"), "not_an_insight"),
        (state("sensor.스터디", "5"), "wrong_shape"),
        (state("sensor", "5"), "wrong_shape"),
        (state(7, "5"), "wrong_shape"),
        ({"entity_id": "sensor.x"}, "wrong_shape"),
        ({"type": "nodered/entity", "state": "2022-01-21T00:00:00", "attributes": {"cue": "4 days"}}, "wrong_shape"),
        ({"event_type": "state_changed", "data": {"new_state": None}}, "no_data"),
        ({}, "wrong_shape"),
        (None, "wrong_shape"),
        ("62", "wrong_shape"),
    ],
)
def test_names_why_a_state_is_no_insight(one, code):
    assert only(one) == code


@pytest.mark.parametrize(
    "minimal",
    [
        {"state": "70", "last_changed": "2026-11-20T09:50:00+00:00"},
        {"entity_id": "sensor.study_pm25", "state": "70", "last_updated": "2026-11-20T09:50:00+00:00"},
    ],
)
def test_reads_a_history_whose_later_states_say_only_what_changed(minimal):
    first, second, other = parse([[state(), minimal], [state("sensor.hall_pm25", "9")]])

    assert [outcome(one)[:2] for one in (first, second, other)] == [("air.pm25", value) for value in (62, 70, 9)]
    assert [one.source for one in (first, second, other)] == ["sensor.study_pm25"] * 2 + ["sensor.hall_pm25"]
    assert second.observed_at == AT + timedelta(minutes=10)


def test_reads_rows_and_compressed_states_beside_each_other():
    results = parse((FIXTURES / "homeassistant_history.json").read_bytes())

    assert [outcome(one)[:2] for one in results] == [("air.pm25", 62), ("air.pm25", 70), ("air.co2", 841)]


def test_a_state_of_a_plain_list_takes_nothing_from_the_one_before():
    assert [outcome(one) for one in parse([state(), {"state": "70"}])][1] == "wrong_shape"


PM25 = {"device_class": "pm25", "unit_of_measurement": "µg/m³"}
SECONDS = AT.timestamp()


@pytest.mark.parametrize(
    "told",
    [
        {"event": {"a": {"sensor.study_pm25": {"s": "62", "a": PM25, "c": "01", "lc": SECONDS}}}},
        {"event": {"a": {"sensor.study_pm25": {"s": "62", "a": PM25, "lc": SECONDS - 60, "lu": SECONDS}}}},
        {"type": "result", "result": {"sensor.study_pm25": [{"s": "62", "a": PM25, "lu": SECONDS}]}},
    ],
)
def test_reads_compressed_states(told):
    (reading,) = parse(told)

    assert outcome(reading) == ("air.pm25", Decimal(62), "µg/m³", None)
    assert reading.observed_at == AT


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"sensor.study_pm25": [{"s": "62", "a": PM25, "lu": "soon"}]}, "wrong_time"),
        ({"sensor.study_pm25": [{"s": "62", "lu": SECONDS}]}, "not_an_insight"),
        ({"sensor.study_pm25": [5]}, "wrong_shape"),
        ({"sensor.study_pm25": {"+": {"s": "62"}}}, "wrong_shape"),
    ],
)
def test_names_why_a_compressed_state_is_no_insight(told, code):
    assert only({"result": told}) == code


@pytest.mark.parametrize(
    ("entity_id", "kind", "zone"),
    [
        ("sensor.naengjanggo_naengjangsil_ondo", "fridge.temperature", "cooler"),
        ("sensor.naengjanggo_naengdongsil_ondo", "fridge.temperature", "freezer"),
        ("sensor.kuhlschrank_temperatur", "fridge.temperature", "cooler"),
        ("sensor.geosil_ondo", "climate.temperature", None),
        *((f"sensor.{name}", None, None) for name in ("eeokeon_hyimang_ondo", "siloe_ondo", "bedroom_dew_point")),
        *((f"sensor.{name}_temperature", None, None) for name in ("wine_cellar", "dishwasher", "feels_like")),
        *((f"sensor.{name}_temperatur", None, None) for name in ("washing_machine", "vorlauf", "shi_wai", "mu_biao")),
        *((f"sensor.{name}", "climate.temperature", None) for name in ("server_room", "lumi_lumi_weather_temperature")),
        *((f"sensor.{name}_ondo", None, None) for name in ("obeun", "onsugi", "nalssi", "geosil_coego")),
        *((f"sensor.{name}temperatur", None, None) for name in ("ofen", "puffer", "aussen", "aussensensor_")),
        *((f"sensor.{name}temperatuur", None, None) for name in ("buiten", "doel", "aanvoer_")),
        *((f"sensor.{name}_wen_du", None, None) for name in ("wai_qi", "dian_re_shui_qi", "kao_xiang")),
        *((f"sensor.{name}_temperature", None, None) for name in ("lave_linge", "bathroom_floor", "ender_3_bed")),
        *((f"sensor.{name}_temperature", None, None) for name in ("study_plug", "comfort", "first_floor_boiler")),
        *((f"sensor.{name}", None, None) for name in ("study_heat_index", "temperature_change_1h")),
        *((f"sensor.{name}_temperature", "climate.temperature", None) for name in ("first_floor", "kids_bedroom")),
        *((f"sensor.{name}", None, None) for name in ("piekarnik_temperatura", "ulkolampotila", "kulso_homerseklet")),
        *((f"sensor.{name}", None, None) for name in ("venkovni_teplota", "bulasik_sicaklik", "gei_tang_wen_du")),
        ("sensor.jaakaapin_lampotila", "fridge.temperature", "cooler"),
        ("sensor.kuhltruhe_temperatur", "fridge.temperature", "freezer"),
        ("sensor.obyvak_teplota", "climate.temperature", None),
        ("sensor.weather_station_indoor_temperature", "climate.temperature", None),
        ("sensor.camera_da_letto_temperatura", "climate.temperature", None),
        ("sensor.kuhlschranktemperatur", "fridge.temperature", "cooler"),
        ("sensor.jubangnaengjanggo_ondo", "fridge.temperature", "cooler"),
        ("sensor.kylskapstemperatur", "fridge.temperature", "cooler"),
        ("sensor.fridge_freezer_temperature", "fridge.temperature", "freezer"),
        ("sensor.fridge_freezer_fridge_temperature", "fridge.temperature", "cooler"),
        ("sensor.fridgefreezer_refrigerator_temperature", "fridge.temperature", "cooler"),
    ],
)
def test_knows_whose_temperature_it_is_in_other_languages_too(entity_id, kind, zone):
    found = only(state(entity_id, "4", device_class="temperature", unit="°C"))

    assert found == ((kind, Decimal(4), "°C", zone) if kind else "not_an_insight")


@pytest.mark.parametrize(
    ("name", "kind", "zone"),
    [
        ("주방 냉장고 온도", "fridge.temperature", "cooler"),
        ("Gefriertruhe Temperatur", "fridge.temperature", "freezer"),
        ("외부 온도", None, None),
        ("Target temperature", None, None),
        ("거실 온도", "climate.temperature", None),
        (["Fridge"], "climate.temperature", None),
    ],
)
def test_a_thing_whose_id_is_a_number_is_known_by_its_name(name, kind, zone):
    one = state(
        "sensor.0xa4c1_temperature", "4", device_class="temperature", unit="°C", attributes={"friendly_name": name}
    )

    assert only(one) == ((kind, Decimal(4), "°C", zone) if kind else "not_an_insight")


@pytest.mark.parametrize(
    ("entity_id", "device_class"),
    [
        ("sensor.outdoor_pm2_5", "pm25"),
        ("sensor.openweathermap_co2", "carbon_dioxide"),
        ("sensor.study_eco2", "carbon_dioxide"),
        ("sensor.bme680_co2_equivalent", "carbon_dioxide"),
    ],
)
def test_the_air_outdoors_and_what_is_reckoned_is_not_the_air_of_the_home(entity_id, device_class):
    assert only(state(entity_id, device_class=device_class)) == "not_an_insight"


def test_reads_what_an_automation_wrote_beside_the_state():
    one = state()

    assert only({**one, **one.pop("attributes")}) == ("air.pm25", Decimal(62), "µg/m³", None)


def test_reads_nothing_from_an_empty_list():
    assert parse([]) == []


@pytest.mark.parametrize("attributes", [None, [], "x", {}])
def test_stands_attributes_of_any_shape(attributes):
    assert only({**state(), "attributes": attributes}) == "not_an_insight"


def test_leaves_a_zoneless_time_to_the_server():
    (reading,) = parse(state(last_updated="2026-11-20T09:40:00", last_changed=None))

    assert reading.observed_at is None


def test_reads_an_energy_meter_only_with_the_span_it_covers():
    meter = {"device_class": "energy", "unit": "Wh"}

    (reading,) = parse(state(value="420", **meter, attributes={"last_reset": "2026-11-20T00:00:00+00:00"}))

    assert outcome(reading) == ("appliance.energy", Decimal(420), "Wh", None)
    assert reading.interval.end - reading.interval.start == timedelta(hours=9, minutes=40)

    timeless = state(value="420", **meter, attributes={"last_reset": "2026-11-20T00:00:00+00:00"})
    (reading,) = parse(
        {name: found for name, found in timeless.items() if name not in ("last_changed", "last_updated")}
    )

    assert reading.interval.end == NOW
    assert only(state(value="420", **meter)) == "missing_interval"


def test_counts_an_opened_fridge_door_at_the_moment_it_opened():
    opened = state("binary_sensor.kitchen_fridge_door", "on", device_class="door")
    opened["last_updated"] = (AT + timedelta(minutes=5)).isoformat()

    (reading,) = parse(opened)

    assert outcome(reading) == ("fridge.door_openings", Decimal(1), "{opening}", "cooler")
    assert reading.observed_at == AT


def test_measures_how_long_a_fridge_door_stood_open():
    (reading,) = parse((FIXTURES / "homeassistant_state_changed.json").read_bytes())

    assert outcome(reading) == ("fridge.door_open_time", Decimal(150), "s", "cooler")
    assert reading.appliance_type == "refrigerator"
    assert reading.observed_at == reading.interval.end == AT + timedelta(seconds=30)


def test_reads_a_climate_entity_and_never_guesses_its_unit():
    attributes = {"current_temperature": 26.5, "current_humidity": 61, "temperature": 24}

    results = parse(state("climate.living", "cool", attributes=attributes))

    assert [outcome(result) for result in results] == [("climate.humidity", Decimal(61), "%", None), "missing_unit"]


def test_reads_a_climate_entity_that_states_its_unit():
    attributes = {"current_temperature": 79, "temperature_unit": "°F"}

    (reading,) = parse(state("climate.living", "cool", attributes=attributes))

    assert outcome(reading) == ("climate.temperature", Decimal(79), "°F", None)
    assert reading.appliance_type == "air_conditioner"


def test_reads_a_vacuum_in_trouble_without_its_words():
    (reading,) = parse(state("vacuum.robby", "error", attributes={"error": "Stuck in Minji's room"}))

    assert outcome(reading) == ("device.fault", "homeassistant:vacuum_error", "", None)
    assert reading.appliance_type == "robot_vacuum"


@pytest.mark.parametrize(
    ("entity_id", "read"),
    [
        ("sensor.purifier_filter_life_remaining", True),
        ("sensor.purifier_filter_left", True),
        ("sensor.purifier_filter_lifetime", True),
        ("sensor.gonggiceongjeonggi_pilteo_sumyeong", True),
        ("sensor.purifier_filter_used", False),
        ("sensor.purifier_filter_life_used", False),
        ("sensor.purifier_remaining", False),
    ],
)
def test_reads_a_filters_rest_but_never_its_use(entity_id, read):
    filter_state = state(entity_id, "40", device_class=None, unit="%")

    assert only(filter_state) == (("filter.remaining", Decimal(40), "%", None) if read else "not_an_insight")


def test_keeps_no_name_of_anything():
    (reading,) = parse((FIXTURES / "homeassistant_states.json").read_bytes())[:1]

    assert reading.source == "sensor.bedroom_purifier_pm25"
    assert "안방" not in repr(reading)
    assert "bedroom" not in repr(reading).replace(reading.source, "")


def test_refuses_a_list_of_more_states_than_a_batch_may_hold():
    with pytest.raises(wire.TooManyItems):
        parse([state()] * 501)
