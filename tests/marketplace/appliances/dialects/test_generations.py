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
    "chips, rooms and numbers joined to it": (
        [
            record("hub/sht31_temperature", 21),
            record("hub/kitchen_humidity", 43, "%RH"),
            record("hub/scd41-co2", 660, "ppm"),
            record("hub/temp2", 20),
            record("hub/temp_3", 19),
            record("home.bedroom.temperature", 18),
        ],
        [warm(21), humid(43), co2(660), warm(20), warm(19), warm(18)],
    ),
    "words joined by their capitals": (
        [record("hub/roomTemperature", 21), record("hub/carbonDioxide", 655, "ppm"), record("hub/activePower", 9, "W")],
        [warm(21), co2(655), ("appliance.power", 9)],
    ),
    "units joined to it": (
        [record("hub/temp_c", 21), record("hub/co2_ppm", 655, "ppm"), record("hub/pm25_ug_m3", 7, "ug/m3")],
        [warm(21), co2(655), pm25(7)],
    ),
    "a number's sender that forgot its slash": (
        [{"bn": "service", "n": "3303/0/5700", "u": "Cel", "v": 20}, {"n": "3304/0/5700", "v": 40}],
        [warm(20), "missing_unit"],
    ),
    "words joined that make another thing of it": (
        [
            record("hub/engine_temperature", 61),
            record("hub/facade_temperature", 9),
            record("hub/outdoorTemperature", 3),
            record("hub/tx_power", 14, "W"),
            record("hub/sgp30_co2", 655, "ppm"),
        ],
        NOTHING * 5,
    ),
    "power that is made": (
        [record("roof/pv/power", 2100, "W"), record("plug/power", 61, "W")],
        [*NOTHING, ("appliance.power", 61)],
    ),
    "the air outdoors": (
        [record("home/outdoor/pm25", 21, "ug/m3"), record("home/outdoor/co2", 420, "ppm")],
        NOTHING * 2,
    ),
    "other tongues": (
        [record("안방/온도", 23), record("안방/습도", 40, "%RH"), record("salon/humidité", 41, "%RH")],
        [warm(23), humid(40), humid(41)],
    ),
    "percent as a secondary unit": ([record("a/humidity", 44, "/100")], [humid(44)]),
    "dust in many spellings": (
        [record("a/pm2p5", 8, "ug/m3"), record("a/PM2_5", 9, "ug/m3"), record("a.b.pm2.5", 10, "ug/m3")],
        [pm25(8), pm25(9), pm25(10)],
    ),
    "a time that is none": ([{**record("a/temp", 20), "t": None, "bt": ""}], [warm(20)]),
    "texts and truths of before": ([{"n": "a/temp", "sv": "warm"}, {"n": "a/humidity", "bv": True}], NOTHING * 2),
    "an object that says what it is for": (
        [
            {"bn": "/3303/0/", "n": "5700", "u": "Cel", "v": 4},
            {"n": "5750", "vs": "Fridge"},
            {"bn": "/3303/1/", "n": "5700", "u": "Cel", "v": 21},
            {"n": "5750", "vs": "Study"},
            {"bn": "/3325/0/", "n": "5700", "u": "ppm", "v": 700},
            {"n": "5750", "vs": "CO2"},
            {"bn": "/3325/1/", "n": "5700", "u": "ppm", "v": 700},
        ],
        [warm(21), co2(700), *NOTHING * 5],
    ),
    "a thing that says it stands in water": (
        [{"bn": "d/3303/", "n": "5700", "u": "Cel", "v": 12}, {"bn": "d/", "n": "env", "vs": "water"}],
        NOTHING * 2,
    ),
    "instantaneous power": ([{"bn": "/3305/0/", "n": "5800", "u": "W", "v": 61}], [("appliance.power", 61)]),
}


def described(value, **more):
    return {"name": "x", "siid": 3, "piid": 4, "format": "uint8", "valueList": [], "value": value, **more}


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
    "a unit nobody knows": ({"temperature": 68.0, "temperature_unit": "minji"}, ["unknown_unit"]),
    "names of a humidifier": (
        {"Humidity_Value": 46, "TemperatureValue": 23, "HumiSet_Value": 60},
        [humid(46), warm(23)],
    ),
    "the warmth of a plug": ({"power": "on", "usb_on": True, "temperature": 36}, NOTHING),
    "the warmth of a strip": ({"status": True, "temperature": 33, "load_power": 11}, NOTHING),
    "the warmth of a tap": ({"temperature": 27, "tds_in": 90, "tds_out": 8, "filter1_life": 66}, [left(66)]),
    "numbers behind the names": (
        {
            "environment-3.pm2_5_density-4": 5,
            "filter-4.filter_life_level-1": 82,
            "filter-10.filter_life_level": 63,
            "filter_life_level-14-1": 41,
        },
        [pm25(5), left(82), left(63), left(41)],
    ),
    "what is set under the name of what is": ({"humidity": 60, "environment.relative_humidity": 47}, [humid(47)]),
    "a room beside an outdoor unit": (
        {"environment.indoor_temperature": 25, "air_conditioner.outdoor_temp": 33},
        [warm(25)],
    ),
    "what a ventilator draws in": (
        {"co2": 655, "temperature": 9, "dust_filter_life_remaining": 35, "upper_filter_life_remaining": 74},
        [co2(655), left(35), left(74)],
    ),
    "a thermometer": ({"temperature_humidity_sensor.temperature": 24.5}, [warm(24.5)]),
    "a device that has a name": ({"name": "Minji's", "aqi": 13, "filter_life_remaining": 77}, [pm25(13), left(77)]),
    "devices that have ids": ([{"did": "1", "aqi": 11}, {"did": "2", "aqi": 12}], [pm25(11), pm25(12)]),
    "a status as the answer": ({"command": "status", "result": {"aqi": 14, "humidity": 41}}, [pm25(14), humid(41)]),
    "several answers": (
        [{"result": [{"did": "aqi", "code": 0, "value": 15}]}, {"result": {"aqi": 16}}, {"result": ["ok"]}],
        [pm25(15), pm25(16), *NOTHING],
    ),
    "a monitor's short names": ({"pm25": 6, "pm10": 11, "co2": 690}, [pm25(6), ("air.pm10", 11), co2(690)]),
    "units in the description": (
        {
            "temperature": described(68, unit="fahrenheit"),
            "relative_humidity": described(40, unit="percentage"),
            "tvoc_density": described(110, unit="ppb"),
            "hcho_density": described(0.03, unit="mg/m3"),
            "pm25_density": described(7, unit="none"),
        },
        [warm(20), humid(40), ("air.tvoc_ratio", 110), ("air.hcho", 30), pm25(7)],
    ),
    "gases whose unit nobody says": ({"tvoc_density": 110, "hcho_density": 0.03}, NOTHING),
    "a fault that the cloud could not read": ({"vacuum.fault": -704_030_013, "filter_life": 8}, [left(8), "no_data"]),
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
    "diagnostics in another spelling": (
        {"status": {"errorCode": 6, "dockErrorStatus": 39}, "consumable": {"filterWorkTime": 270_000}},
        [left(50), fault("roborock:6"), fault("roborock:dock_39")],
    ),
    "an answer in a log": ({"params": [], "response": {"filter_work_time": 54_000}, "error": None}, [left(90)]),
    "what an older Valetudo hands on": ({"consumables": {"filter_work_time": 270_000}}, [left(50)]),
    "records of a library": ({"consumable": {"filter_work_time": 0}, "clean_summary": {"clean_count": 9}}, [left(100)]),
}
FILTER = {"__class": "ConsumableStateAttribute", "type": "filter", "remaining": {"value": 63, "unit": "percent"}}
LIFE = "v/r/ConsumableMonitoringCapability/filter-main"
VALETUDO = {
    "a filter among the attributes": ({"attributes": [FILTER]}, [left(63)]),
    "a status by itself": (
        [{"topic": f"v/r/{name}/status", "payload": "error"} for name in ("StatusStateAttribute", "Dock", "x")],
        [fault("valetudo:error"), *NOTHING * 2],
    ),
    "a topic of one level": ({"topic": "status", "payload": "error"}, NOTHING),
    "parts of a dock as topics": (
        [
            {"topic": "v/r/DockComponentStateAttribute/dustbag", "payload": "full"},
            {"topic": "v/r/DockComponentStateAttribute/detergent", "payload": "ok"},
        ],
        [fault("valetudo:dustbag_full"), *NOTHING],
    ),
    "a filter whose unit Homie says": (
        [{"topic": f"{LIFE}/$unit", "payload": "%"}, {"topic": LIFE, "payload": "57"}],
        [*NOTHING, left(57)],
    ),
    "a filter whose unit is announced": (
        [{"topic": LIFE, "payload": "57"}, {"stat_t": LIFE, "unit_of_meas": "%"}],
        [left(57), *NOTHING],
    ),
    "a filter in minutes": (
        [{"topic": f"{LIFE}/$unit", "payload": "min"}, {"topic": LIFE, "payload": "57"}],
        ["unknown_unit", *NOTHING],
    ),
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
    "VOC by weight": ([{"n": "tVOC", "v": 130, "u": "ug/m3", "t": SECONDS}], [("air.tvoc_mass", 130)]),
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
    "carried about": (
        {"serialNumber": "84fce612aaaa", "co2": 660, "pm25": 2.5, "temperature": 21.5, "humidity": 41, "boot": 9},
        [co2(660), pm25(2.5), warm(21.5), humid(41)],
    ),
    "under both names": ({"pm02": 7, "pm25": 9, "boot": 9}, [pm25(7)]),
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
    "a cheaper thermometer": (pushed(AHT20_temperature="21", AHT20_humidity="40"), [warm(21), humid(40)]),
    "an index of VOC": (pushed(SGP40_VOC="99", CCS811_VOC="71"), [("air.voc_index", 99), *NOTHING]),
    "warmth beside dust": (pushed(SEN5X_temperature="22.5", SEN5X_humidity="41"), [warm(22.5), humid(41)]),
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


def test_what_is_said_of_a_measurement_names_no_other_thing():
    names = ["temperature", "air_temperature", "relative_humidity", "temp_c", "temp2", "sht31_humidity"]
    pack = [record(f"hub/{name}", 20, "%" if name.endswith("humidity") else "Cel") for name in names]

    assert {found.source for found in read("senml", pack)} == {"hub"}
