"""Older firmwares, other envelopes and other names of one format: our own bodies after theirs, and what they mean."""

import json

import pytest

from tests.marketplace.appliances.dialects.outcomes import AT, COOLER, FREEZER, NOTHING, SECONDS, outcomes


def samsung(href, **told):
    return {"href": href, "rep": {f"x.com.samsung.da.{name}": value for name, value in told.items()}}


def prefixed(**told):
    return {f"x.com.samsung.da.{name}": value for name, value in told.items()}


AIR_CONDITIONER = {"href": "/temperature/desired/0", "rep": {"temperature": 24, "units": "C"}}
OLDER = samsung("/temperatures/vs/0", items=[prefixed(current="27.5", desired="24.0", unit="Celsius")])
NEWER = {"href": "/temperature/current/0", "rep": {"temperature": 26.0, "units": "C"}}
OCF = {
    "a humidity that rests at 0": (
        [samsung("/humidity/vs/0", humidity="0", fivepercentHumidity="42")],
        [("climate.humidity", 42)],
    ),
    "two humidities": (
        [samsung("/humidity/vs/0", humidity="47", fivepercentHumidity="46")],
        [("climate.humidity", 47)],
    ),
    "no humidity at all": ([samsung("/humidity/vs/0", humidity="0", fivepercentHumidity="0")], ["no_data"]),
    "a temperature among its set points": ([AIR_CONDITIONER, OLDER], [("climate.temperature", 27.5)]),
    "a temperature said twice": ([AIR_CONDITIONER, NEWER, OLDER], [("climate.temperature", 26)]),
    "a drawer of a kimchi fridge": (
        [samsung("/kimchidoors/top/vs/0", openState="Open"), samsung("/kimchidoors/middle/vs/0", openState="Close")],
        [("fridge.door_openings", 1)],
    ),
    "the one door of a kimchi fridge": (
        [samsung("/door/onedoorkimchi/vs/0", openState="Open")],
        [("fridge.door_openings", 1)],
    ),
    "kept under their paths": (
        {
            "/humidity/vs/0": prefixed(humidity="51"),
            "/temperatures/vs/0": prefixed(items=[prefixed(current="26.0", unit="Celsius")]),
            "/wind/direction/vs/0": prefixed(modes="Fix"),
        },
        [("climate.humidity", 51), ("climate.temperature", 26)],
    ),
    "an oven under its paths": (
        {"/oven/vs/0": {}, "/temperatures/vs/0": prefixed(items=[prefixed(current="180", unit="Celsius")])},
        NOTHING,
    ),
    "a door and the list of all doors": (
        [
            {"href": "/door/freezer/0", "rep": {"openState": "Open"}},
            samsung("/doors/vs/0", items=[prefixed(openState="Open")]),
        ],
        [("fridge.door_openings", 1, FREEZER)],
    ),
}
HISTORY = {"deviceName": "Minji's fridge", "locationName": "Home", "time": AT, "epoch": SECONDS * 1000, "text": "is 3"}
SMARTTHINGS = {
    "a page of a history": (
        {
            "items": [
                {
                    **HISTORY,
                    "deviceId": "d-1",
                    "component": "cooler",
                    "capability": "temperatureMeasurement",
                    "attribute": "temperature",
                    "value": 3,
                    "unit": "C",
                }
            ],
            "_links": {},
        },
        [("fridge.temperature", 3, COOLER)],
    ),
    "a page without entries": ({"items": [], "_links": {}}, []),
    "a list of activities": (
        {
            "items": [
                {
                    "deviceId": "d-2",
                    "roomName": "Minji's room",
                    "timestamp": AT,
                    "component": "main",
                    "capability": "dustSensor",
                    "attributeName": "fineDustLevel",
                    "attributeValue": "19",
                    "unit": "μg/m^3",
                }
            ]
        },
        [("air.pm25", 19)],
    ),
}


def published(topic, payload):
    return {"topic": topic, "payload": payload}


CO2 = {"device_class": "carbon_dioxide", "unit_of_measurement": "ppm", "friendly_name": "Minji's room"}
PM10 = {"entity_id": "sensor.hall_pm10", "attributes": {"device_class": "pm10", "unit_of_measurement": "µg/m³"}}


def subscribed(**happened):
    return {"id": 3, "type": "event", "event": happened}


def changed(state, *, gone=(), **attributes):
    new = {"lc": SECONDS + 60, **({"s": state} if state else {}), **({"a": attributes} if attributes else {})}
    return subscribed(c={"sensor.hall_co2": {"+": new, **({"-": {"a": list(gone)}} if gone else {})}})


ADDED = subscribed(a={"sensor.hall_co2": {"s": "811", "a": CO2, "c": "01", "lc": SECONDS}})
HOMEASSISTANT = {
    "compressed states that change": (
        [ADDED, changed("840"), changed("unavailable")],
        [
            ("air.co2", 811),
            ("air.co2", 840),
            "no_data",
        ],
    ),
    "a compressed state told again": ([ADDED, changed(None)], [("air.co2", 811)] * 2),
    "a change whose beginning is not there": (changed("840"), NOTHING),
    "a change that says it all": (changed("840", **CO2), [("air.co2", 840)]),
    "a change of the unit": (
        [ADDED, changed("840000", unit_of_measurement="ppb")],
        [("air.co2", 811), ("air.co2", 840)],
    ),
    "a change that takes the unit away": (
        [ADDED, changed("840", gone=["unit_of_measurement"])],
        [
            ("air.co2", 811),
            "missing_unit",
        ],
    ),
    "a thing that is gone": (subscribed(r=["sensor.hall_co2"]), ["no_data"]),
    "a subscription of another shape": (subscribed(a=[["sensor.hall_co2"]], r="sensor.hall_co2"), ["wrong_shape"]),
    "a stream of a history": (
        subscribed(states={"sensor.hall_co2": [{"s": "811", "a": CO2, "lu": SECONDS}, {"s": "840", "lu": SECONDS}]}),
        [("air.co2", 811), ("air.co2", 840)],
    ),
    "a history by entity, in full names": (
        {"result": {"sensor.hall_co2": [{"state": "811", "attributes": CO2, "last_changed": AT}, {"state": "840"}]}},
        [("air.co2", 811), ("air.co2", 840)],
    ),
    "statistics": ({"result": {"sensor.hall_co2": [{"start": SECONDS, "mean": 640.5}]}}, ["wrong_shape"]),
    "an event under one topic": (
        {
            "topic": "home/events",
            "payload": json.dumps(
                {"event_type": "state_changed", "event_data": {"new_state": {**PM10, "state": "17"}, "old_state": None}}
            ),
        },
        [("air.pm10", 17)],
    ),
    "a trigger among its variables": (
        subscribed(variables={"trigger": {"platform": "state", "to_state": {**PM10, "state": "19"}}}),
        [("air.pm10", 19)],
    ),
    "an index, which has no class": (
        {"entity_id": "sensor.hall_voc_index", "state": "99", "attributes": {"state_class": "measurement"}},
        [("air.voc_index", 99)],
    ),
    "a meter whose stream says no times": (
        [
            published(f"home/sensor/meter/{name}", said)
            for name, said in {
                "state": "0.82",
                "device_class": '"energy"',
                "unit_of_measurement": '"kWh"',
                "last_reset": '"2026-11-20T00:00:00+00:00"',
            }.items()
        ],
        [("appliance.energy", 0.82)],
    ),
    "a stream that names the thing": (
        [
            published(f"home/sensor/0xa4c1_temperature/{name}", said)
            for name, said in {
                "state": "4.5",
                "device_class": '"temperature"',
                "unit_of_measurement": '"°C"',
                "friendly_name": '"냉장고 온도"',
            }.items()
        ],
        [("fridge.temperature", 4.5, COOLER)],
    ),
    "a humidifier": (
        {"entity_id": "humidifier.hall", "state": "on", "attributes": {"current_humidity": 46, "humidity": 50}},
        [("climate.humidity", 46)],
    ),
}
ZIGBEE2MQTT = {
    "what a person asked of a thing": (published("zigbee2mqtt/purifier/set", '{"temperature": 25}'), NOTHING),
    "one attribute a person asked for": (published("zigbee2mqtt/sensor/set/temperature", "25"), NOTHING),
    "what is asked of a thing": (published("zigbee2mqtt/sensor/get", '{"co2": ""}'), NOTHING),
    "two sockets of a strip": (
        {"power_l1": 41.5, "power_l2": 0, "energy_l1": 1.2, "power_phase_b": 80, "state_l1": "ON"},
        [("appliance.power", 41.5), ("appliance.power", 0), "missing_interval"],
    ),
    "one attribute a topic": (published("zigbee2mqtt/Küche/power", "41.5"), [("appliance.power", 41.5)]),
    "one attribute that is a counter": (published("zigbee2mqtt/plug/energy", "12.05"), ["missing_interval"]),
    "one attribute that is a switch": (published("zigbee2mqtt/plug/state", "OFF"), NOTHING),
    "one attribute that is due": (
        published("zigbee2mqtt/purifier/replace_filter", "true"),
        [("device.fault", "zigbee2mqtt:replace_filter")],
    ),
    "one attribute without a value": (published("zigbee2mqtt/sensor/co2", "null"), ["no_data"]),
    "a thing that left": (published("zigbee2mqtt/sensor/availability", "offline"), ["no_data"]),
}
CELSIUS = {"TempUnit": "C"}
TASMOTA = {
    "a sensor of air nobody listed": (
        {"SEN66": {"PM2.5": 6.1, "CarbonDioxide": 655, "HCHO": 11, "VOC": 97, "NOx": 1, "Temperature": 21}, **CELSIUS},
        [("air.pm25", 6.1), ("air.co2", 655), ("air.voc_index", 97), ("climate.temperature", 21), "unknown_unit"],
    ),
    "two of a kind, with dashes": (
        {"C8-CO2-5K": {"CarbonDioxide": 655}, "ENS16x-2": {"AQIS": 2, "eCO2": 600, "TVOC": 122}},
        [("air.co2", 655), ("air.tvoc_ratio", 122)],
    ),
    "dust with lines for points": (
        {"SPS30": {"PM1_0": 3.1, "PM2_5": 4.2, "PM4_0": 4.8, "PM10": 5, "NCPM0_5": 21.2, "TYPSIZ": 0.5}},
        [("air.pm1", 3.1), ("air.pm25", 4.2), ("air.pm10", 5)],
    ),
    "an index that is called TVOC": (
        {"SGP4X": {"VOC_Raw": 31210, "NOX_Raw": 17015, "TVOC": 104, "NOX": 1}},
        [("air.voc_index", 104)],
    ),
    "a sensor that warms up": ({"AGS02MA": {"Status": "Heating"}}, NOTHING),
    "a clamp and a probe": (
        {"ANALOG": {"CTEnergy1": {"Energy": 6.2, "Power": 2}}, "DS18B20-1": {"Id": "1", "Temperature": 38}, **CELSIUS},
        NOTHING,
    ),
    "a time in seconds": ({"Time": SECONDS, "S8": {"CarbonDioxide": 655}}, [("air.co2", 655)]),
    "a meter with a topic of its own": (
        published("tele/plug/ENERGY", json.dumps({"Time": "2017-04-01T08:27:55", "Today": 0.01, "Power": 7})),
        [("appliance.power", 7)],
    ),
    "a barometer in a room": (
        {"BMP280": {"Temperature": 76.1, "Pressure": 971}, "TempUnit": "F"},
        [("climate.temperature", 24.5)],
    ),
}
ESPHOME = {
    "a name with signs, and how much of it": (
        [
            {"name_id": "sensor/PM <2.5um Weight conc.", "id": "sensor-pm__2_5um_weight_conc_", "state": "3.4 µg/m³"},
            {"id": "sensor/PM <1um Weight conc.", "value": 1.2, "state": "1.2 µg/m³"},
        ],
        [("air.pm25", 3.4), ("air.pm1", 1.2)],
    ),
    "topics that begin alike": (
        [
            published(
                "homeassistant/sensor/n/t/config", {"~": "a/n", "stat_t": "~/sensor/t/state", "unit_of_meas": "°C"}
            ),
            published("a/n/sensor/t/state", "22.4"),
        ],
        NOTHING * 2,
    ),
    "topics that begin alike, of a class": (
        [
            published(
                "x/config", {"~": "a/n", "stat_t": "~/sensor/t/state", "unit_of_meas": "°C", "dev_cla": "temperature"}
            ),
            published("a/n/sensor/t/state", "22.4"),
        ],
        [*NOTHING, ("climate.temperature", 22.4)],
    ),
    "a topic of one's own": (
        [
            published("x/config", {"stat_t": "air/dust", "dev_cla": "pm25", "unit_of_meas": "µg/m³"}),
            published("air/dust", "14"),
        ],
        [*NOTHING, ("air.pm25", 14)],
    ),
    "dust under its long name": (
        [
            {"id": "sensor-particulate_matter__2_5_m_concentration", "value": 3, "state": "3 µg/m³"},
            {"id": "sensor-particulate_matter__10_0_m_concentration", "value": 4, "state": "4 µg/m³"},
        ],
        [("air.pm25", 3), ("air.pm10", 4)],
    ),
    "what is weighed, not counted": ({"id": "sensor-tvoc", "state": "120 µg/m³"}, [("air.tvoc_mass", 120)]),
    "what nobody measured": ({"id": "sensor-estimated_co2", "state": "612 ppm"}, NOTHING),
    "what it is set to": ({"id": "sensor-target_temperature", "state": "21 °C"}, NOTHING),
    "a value without its state": ({"id": "sensor-room_temperature", "value": 21.5}, ["missing_unit"]),
    "a dust without its state": ({"id": "sensor-pm_2_5", "value": 6.5}, [("air.pm25", 6.5)]),
}


def pushed(**values):
    return {"sensordatavalues": [{"value_type": name, "value": value} for name, value in values.items()]}


AIRROHR = {
    "a counter of particles": (
        pushed(ratioP1="0.5", P1="259.8", P2="0.62"),
        ["not_an_insight", "unit_disputed", ("air.pm25", 0.62)],
    ),
    "an entry of the public archive": ({**pushed(P1="5"), "location": {"indoor": 1}}, ["wrong_shape"]),
}
AIRGRADIENT = {
    "an index under its first name": ({"tvoc_index": 88}, [("air.voc_index", 88)]),
    "a reading of last winter": ({"pm02": 4, "timestamp": "2026-01-02T11:50:00Z"}, ["too_old"]),
    "a reading handed on": ({"pm02": 4, "measurementTime": AT}, [("air.pm25", 4)]),
    "a time that is none": ({"pm02": 4, "timestamp": "soon"}, ["wrong_time"]),
}


def fault(code):
    return ("device.fault", code)


def part(kind, value):
    return {"__class": "DockComponentStateAttribute", "type": kind, "value": value}


ERROR = {"__class": "StatusStateAttribute", "value": "error", "flag": "none"}
VALETUDO = {
    "a state before its errors had a topic": (
        published("rockrobo/state", {"state": "error"}),
        [fault("valetudo:error")],
    ),
    "a filter before its unit was told": (
        published("r/ConsumableStateAttribute_filter_main/state", "36"),
        ["missing_unit"],
    ),
    "attributes, listed": (
        [ERROR, part("dustbag", "full"), part("detergent", "ok")],
        [fault("valetudo:error"), fault("valetudo:dustbag_full"), *NOTHING],
    ),
    "attributes of a whole state": ({"attributes": [ERROR]}, [fault("valetudo:error")]),
    "a whole state with its map": ({"attributes": [ERROR], "map": {"layers": [{"type": "segment"}]}}, ["raw_media"]),
    "events, listed": (
        [{"__class": "DustBinFullValetudoEvent", "id": "e", "timestamp": AT, "processed": False}],
        [fault("valetudo:dust_bin_full")],
    ),
    "a class that is no word": ({"__class": ["DustBinFullValetudoEvent"]}, NOTHING),
}
RECORD = {"msg_ver": 2, "state": 8, "error_code": 0, "dock_error_status": 38}
ROBOROCK = {
    "a fault of the dock": ({"result": [RECORD]}, [fault("roborock:dock_38")]),
    "a fault of both": ({"result": [{**RECORD, "error_code": 5}]}, [fault("roborock:5"), fault("roborock:dock_38")]),
    "a dock without one": ({"result": [{**RECORD, "dock_error_status": 0}]}, NOTHING),
    "a fault of the dock that is no number": ({"result": [{**RECORD, "dock_error_status": 1.5}]}, ["wrong_value"]),
    "a record alone": (RECORD, [fault("roborock:dock_38")]),
    "records, listed": ([{"filter_work_time": 32454}], [("filter.remaining", 94)]),
}


def delta(**changed):
    return {
        "parameters": [{"parName": name, "parOldVal": "0", "parNewVal": value} for name, value in changed.items()],
        "macAddress": "aa-bb-cc-dd-ee-ff",
    }


HAIER = {
    "what changed": (delta(doorStatusZ1="1"), [("fridge.door_openings", 1, COOLER)]),
    "what changed and is nothing of ours": (delta(remainingTimeMM="196"), NOTHING),
    "attributes as they are kept": (
        {"attributes": {"parameters": {"tempZ2": "-19"}}},
        [("fridge.temperature", -19, FREEZER)],
    ),
    "the warmth of a room by itself": (delta(tempIndoor="23.5"), [("climate.temperature", 23.5)]),
    "a decimal comma": ({"parameters": {"tempZ1": "5,5"}}, ["not_a_number"]),
}
HOMECONNECT = {
    "a program under its older name": (
        {
            "key": "Cooking.Oven.Program.Microwave600Watt",
            "options": [{"key": "BSH.Common.Option.Duration", "value": 60, "unit": "seconds"}],
        },
        [("microwave.cook", 60)],
    ),
}
SENML = {
    "an object with its entries": (
        {"bn": "greenhouse/1/", "bt": SECONDS, "e": [{"n": "temperature", "u": "Cel", "v": 22.4}]},
        [("climate.temperature", 22.4)],
    ),
    "objects with their entries": (
        [{"bn": "a/", "e": [{"n": "co2", "u": "ppm", "v": 612}]}, {"bn": "b/", "e": [{"n": "audio", "vd": "AAAA"}]}],
        [("air.co2", 612), "raw_media"],
    ),
    "an object that says its version": (
        {"bn": "a/", "ver": 1, "e": [{"n": "humidity", "u": "%RH", "v": 41}]},
        [("climate.humidity", 41)],
    ),
    "an address without its colon": (
        [{"bn": "urn:dev:mac:0024befffe80", "n": "temperature", "u": "Cel", "v": 22}, {"n": "fan", "v": 1}],
        [("climate.temperature", 22), *NOTHING],
    ),
    "a name that only begins otherwise": ([{"bn": "a/fridge_", "n": "temperature", "u": "Cel", "v": 4}], NOTHING),
    "numbers for names": (
        [
            {"bn": "d/3303/", "n": "0", "vs": "urn:oma:lwm2m:ext:3303"},
            {"n": "5700", "u": "Cel", "v": 7.5},
            {"bn": "d/3304/0/", "n": "5700", "u": "%RH", "v": 84},
            {"bn": "d/3323/0/", "n": "5700", "u": "Pa", "v": 101},
        ],
        [*NOTHING, ("climate.temperature", 7.5), ("climate.humidity", 84), *NOTHING],
    ),
    "a name that names the thing alone": (
        [{"bn": "urn:dev:ow:id57389217:", "u": "Cel", "v": 21.8}],
        [("climate.temperature", 21.8)],
    ),
}
MIOT = {
    "names of the specification": (
        {"result": [{"did": "pm2.5-density", "code": 0, "value": 7}, {"did": "filter-life-level", "value": 88}]},
        [("air.pm25", 7), ("filter.remaining", 88)],
    ),
    "a fault of the specification": ({"result": [{"did": "fault", "code": 0, "value": 3}]}, [fault("miot:3")]),
    "names of the specification as keys": (
        {"pm2.5-density": 9, "co2-density": 655, "target-temperature": 20},
        [("air.pm25", 9), ("air.co2", 655)],
    ),
    "names with their services": (
        [
            {"name": "environment:pm2.5-density", "value": 13},
            {"name": "environment:temperature", "value": 20.5},
            {"name": "filter:filter-life-level", "value": 81},
        ],
        [("air.pm25", 13), ("climate.temperature", 20.5), ("filter.remaining", 81)],
    ),
    "a heater's own temperature": ([{"name": "heater:temperature", "value": 60}], NOTHING),
    "names and values": ([{"name": "power", "value": True}, {"name": "pm25_density", "value": 48}], [("air.pm25", 48)]),
}
FORMS = {
    "smartthings-ocf": OCF,
    "smartthings": SMARTTHINGS,
    "homeassistant": HOMEASSISTANT,
    "zigbee2mqtt": ZIGBEE2MQTT,
    "tasmota": TASMOTA,
    "esphome": ESPHOME,
    "airrohr": AIRROHR,
    "airgradient": AIRGRADIENT,
    "valetudo": VALETUDO,
    "roborock": ROBOROCK,
    "haier": HAIER,
    "homeconnect": HOMECONNECT,
    "senml": SENML,
    "miot": MIOT,
}


@pytest.mark.parametrize("dialect", FORMS)
def test_reads_what_it_used_to_be(dialect):
    for name, (document, expected) in FORMS[dialect].items():
        assert outcomes(dialect, document) == expected, name
