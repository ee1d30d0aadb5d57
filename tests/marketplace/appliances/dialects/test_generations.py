"""What other generations of one maker's things say, and what is no room: our own bodies after theirs."""

import json

import pytest

from tests.marketplace.appliances.dialects.outcomes import AT, NOTHING, SECONDS, outcomes, read


def warm(value):
    return ("climate.temperature", value)


def humid(value):
    return ("climate.humidity", value)


def pm25(value):
    return ("air.pm25", value)


def co2(value):
    return ("air.co2", value)


def left(value):
    return ("filter.remaining", value)


def fault(code):
    return ("device.fault", code)


def record(name, value, unit="Cel", **more):
    return {"n": name, "u": unit, "v": value, **more}


SENML = {
    "a device that forgot its colon": (
        [{"bn": "Yard7", "n": "temperature", "u": "Cel", "v": 20}, record("humidity", 44, "%RH")],
        [warm(20), humid(44)],
    ),
    "what sends it": (
        [record("raspberry2:temperature", 21), record("board/esp32/humidity", 41, "%RH")],
        [warm(21), humid(41)],
    ),
    "one of several": ([record("box/co2/0", 701, "ppm"), record("box/temp/1", 23)], [co2(701), warm(23)]),
    "a component of a device": (
        [record("urn:dev:ow:264400aa000000ed_humidity", 47, "%RH"), record("urn:dev:os:32473-654321", 19)],
        [humid(47), warm(19)],
    ),
    "longer names": (
        [record("a/relative_humidity", 39, "%RH"), record("a/air_temperature", 24)],
        [humid(39), warm(24)],
    ),
    "VOC by ratio and by weight": (
        [record("a/voc", 90, "ppb"), record("a/tvoc", 0.2, "mg/m3"), record("a/hcho", 9, "ug/m3")],
        [("air.tvoc_ratio", 90), ("air.tvoc_mass", 200), ("air.hcho", 9)],
    ),
    "an object that says its unit after": (
        [{"bn": "/3303/0/", "n": "5700", "v": 71.6}, {"n": "5701", "vs": "F"}],
        [warm(22), *NOTHING],
    ),
    "an object that says its unit before": (
        [{"bn": "/3304/0/", "n": "5701", "vs": "%RH"}, {"n": "5700", "v": 40}],
        [*NOTHING, humid(40)],
    ),
    "an object whose unit is none": (
        [{"bn": "/3303/0/", "n": "5700", "v": 20}, {"n": "5701", "vs": "Minji's degrees"}],
        ["unknown_unit", *NOTHING],
    ),
    "an object of before": (
        {"bn": "/", "e": [{"n": "3303/0/5700", "v": 25.5}, {"n": "3303/0/5701", "sv": "Cel"}, {"n": "a", "bv": True}]},
        [warm(25.5), *NOTHING * 2],
    ),
    "the air's own object": (
        [{"bn": "hub/3428/0/", "n": "3", "v": 11}, {"n": "1", "v": 16}, {"n": "17", "v": 655}, {"n": "18", "v": 600}],
        [pm25(11), ("air.pm10", 16), co2(655), *NOTHING],
    ),
    "what is no room": (
        [
            record("home/fridge/temperature", 4),
            record("home/naengjanggo/temperature", 4),
            record("home/outdoor/humidity", 80, "%RH"),
            record("gw:cpu/temperature", 61),
            record("urn:dev:ops:32473-Refrigerator-5002_temperature", 4),
            record("Wohnung/Kühlschrank2/temperature", 4),
        ],
        NOTHING * 6,
    ),
    "what is asked for": ([record("a/setpoint/temperature", 22), record("target_temperature", 22)], NOTHING * 2),
}


def described(value):
    return {"name": "x", "siid": 3, "piid": 4, "format": "uint8", "valueList": [], "value": value}


MIOT = {
    "services before a dot": (
        {"environment.pm2_5_density": 17, "environment.temperature": 20.5, "filter.filter_life_level": 71},
        [pm25(17), warm(20.5), left(71)],
    ),
    "another service's own": ({"heater.temperature": 58, "fridge.temperature": 4, "switch.temperature": 33}, NOTHING),
    "a fault of any service": ({"vacuum.fault": 9, "humidifier.fault": 0}, [fault("miot:9")]),
    "a fault that is no number": ({"air_purifier.fault": "null", "environment.pm2_5_density": 3}, [pm25(3)]),
    "a robot that is full": ({"vacuum.fault": 2105, "filter.filter_life_level": 64}, [left(64)]),
    "a robot's error": ({"error_code": 7, "operating_mode": 1}, [fault("miot:7")]),
    "a newer robot's error": ({"fault": 210_042, "filter_left_percentage": 38}, [left(38), fault("miot:210042")]),
    "an error that is none": ({"vacuum.fault": 7_040_300_013, "filter_life_level": 9}, [left(9), "wrong_value"]),
    "properties with their descriptions": (
        {"pm25_density": described(6), "filter:filter-life-level": described(45)},
        [pm25(6), left(45)],
    ),
    "tenths of a degree": ({"aqi": 21, "temp_dec": 236, "filter1_life": 58}, [pm25(21), warm(23.6), left(58)]),
    "whole degrees under the same name": ({"temp_dec": 18.5, "ptc_state": "off"}, [warm(18.5)]),
    "two filters": ({"filter_intermediate": 71, "filter_efficient": 85}, [left(71), left(85)]),
    "a monitor that shows Fahrenheit": (
        {"temperature": 68.0, "temperature_unit": "f", "tvoc": 0.5, "tvoc_unit": "mg_m3"},
        [warm(20), ("air.tvoc_mass", 500)],
    ),
    "a unit nobody knows": ({"temperature": 68.0, "temperature_unit": "minji"}, ["missing_unit"]),
    "names of a humidifier": (
        {"Humidity_Value": 46, "TemperatureValue": 23, "HumiSet_Value": 60},
        [humid(46), warm(23)],
    ),
    "the warmth of a plug": ({"power": "on", "usb_on": True, "temperature": 36}, NOTHING),
}


def answered(**data):
    told = {"msgId": "1", "code": 0, "method": "prop.get", "data": data}
    return {"t": SECONDS, "dps": {"10001": json.dumps(told)}}


ROBOROCK = {
    "minutes of a filter": (answered(status=4, hypa=1800), [left(80)]),
    "more minutes than it has": (answered(hypa=9001), [left(0)]),
    "a fault beside": (answered(fault=503, hypa=0), [left(100), fault("roborock:503")]),
    "parts of a dock that are well": ({"result": [{"error_code": 0, "dss": 168}]}, NOTHING),
    "a part of a dock that is not": (
        {"result": [{"error_code": 0, "dss": 0b01_10_10_00}]},
        [fault("roborock:dock_dust_bag")],
    ),
    "parts that are no number": ({"result": [{"error_code": 0, "dss": "ok"}]}, NOTHING),
}
FILTER = {"__class": "ConsumableStateAttribute", "type": "filter", "remaining": {"value": 63, "unit": "percent"}}
VALETUDO = {
    "a filter among the attributes": ({"attributes": [FILTER]}, [left(63)]),
    "a status by itself": (
        [{"topic": f"v/r/{name}/status", "payload": "error"} for name in ("StatusStateAttribute", "Dock", "x")],
        [fault("valetudo:error"), *NOTHING * 2],
    ),
    "a topic of one level": ({"topic": "status", "payload": "error"}, NOTHING),
}
COLUMNS = ["time", "pm", "tmp", "hum", "co2", "voc", "allpollu"]
BLUEAIR = {
    "columns that say their units": (
        {
            "sensors": COLUMNS,
            "units": ["s", "ugm3", "F", "pc", "ppm", "ppb", "%"],
            "datapoints": [[SECONDS, 7, 68, 41, 650, 120, 20], [SECONDS, None, 77, 42, None, None, None]],
        },
        [pm25(7), co2(650), ("air.tvoc_ratio", 120), humid(41), warm(20), humid(42), warm(25)],
    ),
    "columns that do not": (
        {"sensors": COLUMNS, "datapoints": [[SECONDS, 7, 21, 41, 650, 120, 20]]},
        [pm25(7), co2(650), "missing_unit", humid(41), warm(21)],
    ),
    "units nobody knows": (
        {"sensors": COLUMNS, "units": ["s", "minji"], "datapoints": [[SECONDS, 7]]},
        ["unknown_unit"],
    ),
}
HUNG = {"pm02": 31, "rco2": 430, "atmp": -4, "boot": 9}
AIRGRADIENT = {
    **{f"outside, {model}": ({**HUNG, "model": model}, NOTHING) for model in ("O-1PST", "O-1PPT", "0-1PS")},
    "outside, by the older key": ({**HUNG, "fwMode": "O-1PP"}, NOTHING),
    "outside, by its place": ({**HUNG, "locationType": "outdoor", "timestamp": AT}, NOTHING),
    "inside": ({**HUNG, "model": "I-9PSL", "locationType": "indoor"}, [pm25(31), co2(430), warm(-4)]),
}


def pushed(**told):
    return {"sensordatavalues": [{"value_type": name, "value": value} for name, value in told.items()]}


AIRROHR = {
    "a sensor of many things": (
        pushed(SEN5X_P0="2", SEN5X_P1="6", SEN5X_P2="4", SEN5X_VOC="96", SEN5X_NOX="1"),
        [("air.pm1", 2), ("air.pm10", 6), pm25(4), ("air.voc_index", 96), *NOTHING],
    ),
    "other sensors of CO2": (pushed(conc_co2_ppm="701", CCS_CO2="655"), [co2(701), *NOTHING]),
    "one more": (pushed(MHZ19_CO2="812"), [co2(812)]),
}
GENERATIONS = {
    "senml": SENML,
    "miot": MIOT,
    "roborock": ROBOROCK,
    "valetudo": VALETUDO,
    "blueair": BLUEAIR,
    "airgradient": AIRGRADIENT,
    "airrohr": AIRROHR,
}


@pytest.mark.parametrize("dialect", GENERATIONS)
def test_reads_what_every_generation_says(dialect):
    for name, (document, expected) in GENERATIONS[dialect].items():
        assert sorted(map(str, outcomes(dialect, document))) == sorted(map(str, expected)), name


def test_a_name_that_would_be_there_hundreds_of_times_is_refused():
    pack = [{"bn": "x" * 1_000_000, "bt": SECONDS}, *(record("/temperature", 20) for _ in range(400))]

    assert outcomes("senml", pack) == ["wrong_shape"] * 400


def test_what_two_objects_of_one_device_measure_is_that_device_s():
    pack = [
        {"bn": "hub/3303/0/", "n": "5700", "u": "Cel", "v": 20},
        {"bn": "hub/3304/", "n": "5700", "u": "%", "v": 40},
    ]

    assert {found.source for found in read("senml", pack)} == {"hub"}
