"""What every recorded payload must come to, written by hand from documentation and from the bodies themselves.

The recordings belong to their owners and stay outside; without them this file is skipped and says so. Each entry is
the clock at which the body is taken to come in (None: today), and the values or rejection codes in any order.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from consent.parties.errors import UnreadableBody
from marketplace.appliances.dialects import DIALECTS, Rejection
from marketplace.insights.normalise import normalise

PAYLOADS = Path(settings.BASE_DIR).parent / "shared" / "payloads"
pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason=f"The recorded payloads are not beside the checkout ({PAYLOADS})."
)
TODAY = "2026-11-20T12:00"


def pm1(value):
    return ("air.pm1", value, "ug/m3")


def pm25(value):
    return ("air.pm25", value, "ug/m3")


def pm10(value):
    return ("air.pm10", value, "ug/m3")


def co2(value):
    return ("air.co2", value, "[ppm]")


def voc_index(value):
    return ("air.voc_index", value, "{voc_index}")


def tvoc(value):
    return ("air.tvoc_ratio", value, "[ppb]")


def warm(value):
    return ("climate.temperature", value, "Cel")


def humid(value):
    return ("climate.humidity", value, "%")


def cold(value):
    return ("fridge.temperature", value, "Cel")


def watts(value):
    return ("appliance.power", value, "W")


def kwh(value):
    return ("appliance.energy", value, "kW.h")


def left(value):
    return ("filter.remaining", value, "%")


def fault(code):
    return ("device.fault", code, "")


OPENED = ("fridge.door_openings", 1, "{opening}")
NONE = ["not_an_insight"]
PROFILES = (
    "air_conditioner air_purifier dehumidifier dish_washer door_sensor humidifier microwave_oven oven plug refrigerator"
    " robot_cleaner"
)

THINQ = {
    "lg-thinq-connect/air_conditioner_state.json": [pm1(27), pm25(35), pm10(49), humid(27), warm(10.5), left(98)],
    "lg-thinq-connect/air_purifier_state.json": [pm1(0), pm25(0), pm10(72), "unknown_scheme"],
    "lg-thinq-connect/dehumidifier_state.json": [humid(45)],
    "lg-thinq-connect/dish_washer_state.json": NONE,
    "lg-thinq-connect/door_sensor_state.json": NONE,
    "lg-thinq-connect/humidifier_state.json": [
        *(pm1(4), pm25(4), pm10(6), humid(36)),
        "missing_unit",
        "unknown_scheme",
    ],
    "lg-thinq-connect/microwave_oven_state.json": NONE,
    "lg-thinq-connect/oven_state.json": NONE * 2,
    "lg-thinq-connect/plug_state.json": [watts(0)],
    "lg-thinq-connect/refrigerator_state.json": NONE,
    "lg-thinq-connect/robot_cleaner_state.json": NONE,
    "lg-thinq-connect/mqtt_event_device_status.json": NONE,
    **{f"lg-thinq-connect/{name}_profile.json": NONE for name in PROFILES.split()},
    "lg-thinq2/airconditioner_snapshot.json": NONE,
    "homeassistant-core/lg_thinq_air_conditioner_status.json": [
        *(pm1(12), pm25(24), pm10(7), humid(40), warm(25), left(66.7)),
        "unknown_scheme",
    ],
    "homeassistant-core/lg_thinq_air_purifier_status.json": NONE,
    "homeassistant-core/lg_thinq_energy_this_month.json": ["missing_interval"],
    "homeassistant-core/lg_thinq_kimchi_refrigerator_status.json": NONE,
    "homeassistant-core/lg_thinq_oven_status.json": NONE * 2,
}
SMARTTHINGS = {
    "smartthings/aeotec_home_energy_meter_gen5.json": ("2025-02-10T22:00", [watts(2859.74), "missing_interval"]),
    "smartthings/c2c_motion_2.json": NONE,
    "smartthings/contact_sensor.json": ("2025-02-09T18:00", [warm(15)]),
    "smartthings/da_ac_rac_000001.json": ("2025-02-09T17:00", [warm(25), "too_old", kwh(0.4)]),
    "smartthings/da_ac_rac_000003.json": ("2025-02-09T21:00", [warm(17), humid(36), left(100)]),
    "smartthings/da_ac_therac_01011.json": ("2025-03-07T09:00", [warm(23)]),
    "smartthings/da_ks_range_0101x.json": NONE,
    "smartthings/da_ks_walloven_000003.json": NONE,
    "smartthings/da_ref_normal_000001.json": ("2025-02-09T18:00", ["too_old", "too_old", kwh(0.007), left(0)]),
    "smartthings/da_ref_normal_01001.json": ("2025-02-09T01:00", ["too_old", "too_old", kwh(0.027), left(48)]),
    "smartthings/da_ref_normal_01011.json": ("2025-02-10T12:00", ["too_old", "too_old", kwh(0.007), left(95)]),
    "smartthings/da_wm_dw_00001.json": ("2025-02-08T21:00", [kwh(0)]),
    "smartthings/device_health_event.json": NONE,
    "smartthings/event.json": NONE,
    "smartthings/ecobee_sensor.json": ("2025-02-11T15:00", [warm(21.67)]),
    "homeassistant-core/smartthings_aq_sensor_3_ikea.json": (
        "2025-08-15T14:00",
        [pm25(1), warm(22), humid(53), "unit_disputed"],
    ),
    "homeassistant-core/smartthings_da_ac_air_000001.json": (
        "2026-03-08T00:00",
        [pm10(5), pm25(5), pm1(5), "unknown_scheme"],
    ),
}
COUNTER = "missing_interval"
OCF = {
    "air_monitor": [pm10(31), pm25(23), pm1(18), co2(498), humid(57)],
    "air_purifier": [pm10(11), pm25(9), pm1(5), fault("smartthings_ocf:FilterAlarm")],
    "air_purifier_avt_ww": [pm10(10), pm25(9), pm1(6), left(70), COUNTER],
    "air_purifier_tp1x_da_ac_air": [pm10(5), pm25(5), pm1(5), left(30), COUNTER],
    "airconditioner": [
        *["no_data"] * 4,
        *(warm(27), watts(0), left(0), COUNTER, fault("smartthings_ocf:FilterAlarm")),
    ],
    "airconditioner_windfree": [*["no_data"] * 3, humid(42), warm(27), watts(0), left(59), COUNTER],
    "dehumidifier": [humid(47), watts(259), left(0), COUNTER],
    "microwave_me7500d": ["no_data", COUNTER],
    "microwave_mw7300b": ["no_data", COUNTER],
    "oven": NONE,
    "range": NONE,
    "refrigerator": [cold(-15), cold(1.11), watts(93), left(29), COUNTER],
    "refrigerator_artik051_ref_17k": [cold(-21), cold(2), watts(0), left(0)],
    "refrigerator_tp1x_ref_21k_airfilter": [cold(-19), cold(2), watts(48), left(0), COUNTER],
    "refrigerator_tp1x_ref_21k_us": [cold(-17.78), cold(3.89), watts(3), left(69), COUNTER],
    "refrigerator_tp2x_ref_20k": [cold(-17.78), cold(2.78), watts(115), left(100), COUNTER],
    "vacuum_station": [COUNTER],
}
ZIGBEE2MQTT = {
    "zigbee2mqtt/tuya_smart_air_house_keeper.json": (
        "2023-12-30T09:05",
        [co2(353), humid(52.8), pm25(7), warm(21.6), "unit_disputed", "unit_disputed"],
    ),
    "zigbee2mqtt/ha_discovery_pressure_config.json": NONE,
}
TASMOTA = {
    "tasmota/sensor_scd40.json": [co2(1204), warm(28.8), humid(47.5)],
    "tasmota/statussns_pms5003_htu21.json": [pm1(1), pm25(2), pm10(2), warm(24.7), humid(32.1)],
    "tasmota/statussns_sonoff_sc.json": [warm(25), humid(83), "unknown_scheme"],
    "tasmota/tele_sensor_lines.jsonl": (
        "2021-06-27T14:00",
        [
            *NONE * 2,
            *(co2(618), warm(23.8), humid(61.1)),
            *(warm(21.1), humid(58), warm(21.4), humid(57), warm(21.4), humid(54.6)),
            *NONE * 2,
            *(watts(170), COUNTER, watts(190), COUNTER, watts(170), COUNTER),
            *NONE * 9,
        ],
    ),
}
ESPHOME = {
    "malformed-wild/esphome_nan_json.txt": ["number_not_finite"],
    "malformed-wild/ha_availability_on_value_topic.txt": ["no_data"],
    "malformed-wild/node_red_naive_timestamp.txt": ["wrong_shape"],
}
INDOORS = [pm1(22), pm25(34), pm10(41), co2(778), voc_index(99), warm(23.1), humid(32)]
AIRGRADIENT = {
    "airgradient/current_measures.json": INDOORS,
    "airgradient/current_measures_zero.json": INDOORS,
    "airgradient/local_api_doc_current.json": [
        *(pm1(3), pm25(7), pm10(8), co2(447), voc_index(100), warm(25.87), humid(43))
    ],
    "airgradient/config.json": NONE,
}
APRIL = "2020-04-10T17:00"
AWAIR = {
    "awair/cloud_awair-r2.json": (APRIL, [warm(18.83), humid(50.52), co2(431), tvoc(57), pm25(2)]),
    "awair/cloud_glow.json": (APRIL, [warm(21.93), humid(42.32), co2(429), tvoc(288)]),
    "awair/cloud_latest.json": (APRIL, [warm(21.77), humid(41.59), co2(654), tvoc(366), pm25(14.3)]),
    "awair/cloud_omni.json": (APRIL, [warm(21.41), humid(42.74), co2(436), tvoc(171), pm25(0)]),
    "awair/local_air-data_latest.json": (
        "2020-08-31T22:10",
        [warm(19.59), humid(58.05), co2(408), tvoc(159), pm25(2)],
    ),
    # 672 moments; one request carries 500.
    "awair/cloud_fifteen_minute.json": ["too_many_items"],
}
VALETUDO = {
    "valetudo/dreame_x10plus_obstacle.json": [("vacuum.obstacle", "furniture", "")],
    "valetudo/mqtt_sample_values.jsonl": (
        "2026-04-12T15:00",
        [*NONE * 34, "raw_media", fault("valetudo:error"), fault("valetudo:dust_bin_full")],
    ),
}
ROBOROCK = {
    # 205 hours of the 150 after which the app asks for a new filter.
    "roborock/get_consumeables.json": ("2025-09-28T06:00", [left(0)]),
    **{
        f"roborock/{name}.json": NONE
        for name in (
            *("dpCleanRecord_list", "dpRequestDps_vacuum_only", "get_clean_summary", "get_last_clean_record"),
            *("get_prop", "home_data_device_pearls", "home_data_device_q5_max"),
        )
    },
}
MATTER = {
    "homeassistant-core/matter_air_quality_sensor.json": [
        *(pm25(3), pm1(3), pm10(3), co2(678), warm(20.08), humid(28.75)),
        "missing_unit",
    ],
    "homeassistant-core/matter_eufy_vacuum.json": NONE,
}
HAIER = {
    "haier-hon/ac_340.json": [*["no_data"] * 3, warm(22.5)],
    "haier-hon/ac_340_statistics.json": ["wrong_shape"],
    "haier-hon/ap_137.json": [
        *(pm25(2), pm10(3), humid(59), warm(24)),
        *("missing_unit", "unit_disputed", "unit_disputed"),
    ],
    # `tempEnv` is the room's, and 0 of `humidityEnv` no sensor.
    "haier-hon/fre_10131.json": [warm(21)],
    "haier-hon/ov_577.json": NONE,
    "haier-hon/ov_577_command_history.json": ["wrong_shape"],
    "haier-hon/ref_10009.json": [warm(26), "no_data"],
    # -38 in both compartments, while they are set to 5 and -19.
    "haier-hon/ref_10188.json": [warm(23), humid(60), "no_data", "no_data"],
    "haier-hon/ref_571.json": [cold(5), cold(-18)],
}
BLUEAIR = {
    "blueair/T10i.json": ("2024-12-03T17:00", [pm25(0), warm(18), humid(28), "too_old"]),
    "blueair/H35i.json": ("2024-12-09T06:00", [humid(50), warm(19)]),
    "blueair/mini_restful.json": ("2026-03-17T04:00", [left(97)]),
    "blueair/null.json": ("2026-03-17T04:00", [left(97)]),
    "blueair/protect_7470i.json": ("2024-12-09T10:00", [left(50)]),
    "blueair/two_in_one.json": ("2026-02-21T04:00", [left(100)]),
}
IETF_2010, IETF_2011 = "2010-06-08T18:05", "2011-10-31T16:30"
SENML = {
    "ex1": [warm(23.1)],
    "ex2": NONE * 2,
    "ex3": NONE * 7,
    "ex4": (
        IETF_2011,
        [humid(value) for value in (21.2, 21.3, 21.4, 21.4, 21.5, 21.5, 21.5, 21.6, 21.7, 21.5, 21.5, 21.5)],
    ),
    "ex5": (IETF_2011, [humid(20), humid(20.3), humid(20.7), humid(21.2), *NONE * 9]),
    "ex6": (IETF_2011, [warm(25.2), humid(30), warm(12.3), humid(67)]),
    "ex7": [warm(23.1), *NONE * 2, "raw_media"],
    "ex8": (IETF_2011, [warm(27.2), humid(80)]),
    "ex9": [warm(23.1), *NONE * 2],
    "ex10": (IETF_2010, [warm(23.5), warm(23.6)]),
    "ex11": (IETF_2010, [warm(23.5), warm(23.6)]),
    "ex12": NONE * 2,
    "ex13": NONE * 4,
}
MIOT = {
    "xiaomi-miio/dreame_vacuum_initial_state_1c.json": [left(66)],
    "xiaomi-miio/dreame_vacuum_initial_state_f9.json": [left(66)],
    "xiaomi-miio/xiaomi_airpurifier_initial_state.json": [pm25(10), humid(62), warm(18.6), left(80)],
    "xiaomi-miio/xiaomi_airpurifier_initial_state_mb4.json": [pm25(10), left(80)],
}
GOLDEN = {
    "homeassistant": {"homeassistant-docs/mqtt_statestream.jsonl": NONE},
    "thinq": THINQ,
    "smartthings": SMARTTHINGS,
    "smartthings-ocf": {f"samsung-local-ocf/{name}.json": expected for name, expected in OCF.items()},
    "zigbee2mqtt": ZIGBEE2MQTT,
    "tasmota": TASMOTA,
    "esphome": ESPHOME,
    "airgradient": AIRGRADIENT,
    "awair": AWAIR,
    "valetudo": VALETUDO,
    "roborock": ROBOROCK,
    "matter": MATTER,
    "homeconnect": {"homeassistant-core/home_connect_status.json": [OPENED]},
    "haier": HAIER,
    "blueair": BLUEAIR,
    "senml": {f"senml/{name}.json": expected for name, expected in SENML.items()},
    "miot": MIOT,
}
ROWS = [(dialect, name) for dialect, files in GOLDEN.items() for name in files]


def outcomes(dialect, name, at):
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder.")
    received_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    try:
        parsed = DIALECTS[dialect](path.read_bytes(), {}, received_at=received_at)
    except UnreadableBody as refused:
        return [refused.code]
    normal = [one if isinstance(one, Rejection) else normalise(one, received_at=received_at) for one in parsed]
    return [one.code if isinstance(one, Rejection) else (one.kind, one.value, one.unit) for one in normal]


@pytest.mark.parametrize(("dialect", "name"), ROWS, ids=lambda found: found)
def test_comes_to_what_the_papers_say(dialect, name):
    expected = GOLDEN[dialect][name]
    at, values = expected if isinstance(expected, tuple) else (TODAY, expected)

    assert Counter(outcomes(dialect, name, at)) == Counter(values)


def test_reads_a_history_row_by_row():
    found = outcomes("blueair", "blueair/protect_7470i_sensors.json", "2025-05-17T10:00")

    assert found[:6] == [pm1(0), pm25(0), pm10(0), "missing_unit", humid(44), warm(21)]
    assert len(found) == 6 * 107


def test_every_recording_of_these_sources_has_its_row():
    sources = {name.split("/")[0] for _dialect, name in ROWS} - {
        "homeassistant-core",
        "homeassistant-docs",
        "lg-thinq2",
    }
    listed = {name for _dialect, name in ROWS} | {"blueair/protect_7470i_sensors.json"}
    there = {f"{path.parent.name}/{path.name}" for source in sources for path in (PAYLOADS / source).glob("*.json*")}

    assert there - listed == set()
