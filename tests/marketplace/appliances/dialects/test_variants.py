"""What models, firmwares and controllers make of one format: our own bodies after theirs, and what they mean."""

import pytest

from consent.parties.errors import NotUtf8, UnreadableBody
from tests.marketplace.appliances.dialects.outcomes import AT, COOLER, FREEZER, SECONDS, outcomes, read


def check(dialect, document, expected, headers=None):
    assert outcomes(dialect, document, headers) == expected


def pushed(code):
    return {"push": {"pushType": "DEVICE_PUSH", "deviceId": "lg-1", "pushCode": code}}


COOLING = {"airConJobMode": {"currentJobMode": "COOL"}}
WARM_IN_UNITS = [{"currentTemperature": 25, "unit": "C"}, {"currentTemperature": 77, "unit": "F"}]
THINQ = {
    "a ventilator counts CO2": (
        {
            "ventJobMode": {"currentJobMode": "VENT_AUTO"},
            "temperature": {"currentTemperature": 24, "unit": "C"},
            "airQualitySensor": {"PM2": 9, "CO2": 780},
        },
        [("air.pm25", 9), ("air.co2", 780), ("climate.temperature", 24)],
    ),
    "a thermohygrometer says no unit": (
        {
            "battery": {"percent": 10},
            "temperature": {"currentTemperature": "19"},
            "humidity": {"currentHumidity": "60"},
        },
        ["missing_unit", ("climate.humidity", 60)],
    ),
    "one temperature in two units": ({**COOLING, "temperatureInUnits": WARM_IN_UNITS}, [("climate.temperature", 25)]),
    "the water of a boiler": (
        {"boilerJobMode": {}, "temperature": {"currentTemperature": 51, "unit": "C"}},
        ["not_an_insight"],
    ),
    "two filters": (
        {**COOLING, "filterInfo": {"filterRemainPercent": 61, "topFilterRemainPercent": 44}},
        [("filter.remaining", 61), ("filter.remaining", 44)],
    ),
    "an oven in trouble": (pushed("ERROR_HAS_OCCURRED"), [("device.fault", "thinq:ERROR_HAS_OCCURRED")]),
    "a leak": (pushed("WATER_LEAK_HAS_OCCURRED"), [("device.fault", "thinq:WATER_LEAK_HAS_OCCURRED")]),
    "a meal that is done": (pushed("COOKING_IS_COMPLETE"), ["not_an_insight"]),
    "a dishwasher without water": (
        {"runState": {"currentState": "ERROR"}, "error": "WATER_SUPPLY_ERROR"},
        [("device.fault", "thinq:WATER_SUPPLY_ERROR")],
    ),
}


def told(value, unit=None):
    return {"value": value, "timestamp": AT, **({"unit": unit} if unit else {})}


def status(**components):
    return {"components": components}


RUNNING = {"operatingState": told("running"), "operationTime": told("00:02:30")}
SMARTTHINGS = {
    "a hood's filter": (
        status(main={"samsungce.hoodFilter": {"hoodFilterUsage": told(100)}}),
        [("filter.remaining", 0)],
    ),
    "compartments that are not there": (
        status(
            main={"custom.disabledComponents": {"disabledComponents": told(["cvroom"])}},
            cooler={"temperatureMeasurement": {"temperature": told(37, "F")}},
            cvroom={"contactSensor": {"contact": told("open")}},
        ),
        [("fridge.temperature", 2.78, COOLER)],
    ),
    "VOC as a mass": (status(main={"tvocMeasurement": {"tvocLevel": told(120, "μg/m^3")}}), [("air.tvoc_mass", 120)]),
    "VOC as a share": (status(main={"tvocMeasurement": {"tvocLevel": told(120, "ppb")}}), [("air.tvoc_ratio", 120)]),
    "one component alone": (
        {"carbonDioxideMeasurement": {"carbonDioxide": told(700, "ppm")}},
        [("air.co2", 700)],
    ),
    "a microwave that runs": (
        status(main={"samsungce.ovenOperatingState": RUNNING, "samsungce.microwavePower": {"powerLevel": told("70%")}}),
        [("microwave.cook", 150)],
    ),
    "an oven that runs": (status(main={"samsungce.ovenOperatingState": RUNNING}), ["not_an_insight"]),
    "the water of a heat pump": (
        status(main={"samsungce.ehsThermostat": {}, "temperatureMeasurement": {"temperature": told(54, "C")}}),
        ["not_an_insight"],
    ),
}


def resource(href, **told_there):
    return {"href": href, "rep": told_there}


def samsung(href, **told_there):
    return resource(href, **{f"x.com.samsung.da.{name}": value for name, value in told_there.items()})


def item(**named):
    return {f"x.com.samsung.da.{name}": value for name, value in named.items()}


DOORS = samsung("/doors/vs/0", items=[item(openState="Close"), item(openState="Open")])
OCF = {
    "zeros with decimals": (
        [
            samsung("/humidity/vs/0", humidity="0.000000"),
            samsung("/sensors/vs/0", items=[item(type="Dust", value=["0.0", "0"])]),
        ],
        ["no_data", "no_data"],
    ),
    "power below zero in sixteen bits": (
        [samsung("/energy/consumption/vs/0", instantaneousPower="65278.000000", instantaneousPowerUnit="W")],
        ["out_of_range"],
    ),
    "the doors of a fridge": ([resource("/refrigeration/vs/0"), DOORS], [("fridge.door_openings", 1)]),
    "the door of a fridge that has one": (
        [samsung("/door/onedoorfreezer/vs/0", openState="Open")],
        [("fridge.door_openings", 1)],
    ),
    "the door of a microwave": ([samsung("/mode/vs/0", supportedModes=["MicroWave"]), DOORS], ["not_an_insight"]),
    "an air conditioner in trouble": (
        [samsung("/alarms/vs/0", items=[item(code="AC_V_0002", state="Created")])],
        [("device.fault", "smartthings_ocf:AC_V_0002")],
    ),
}


def node(**attributes):
    return {"node_id": 7, "attributes": {path.replace("_", "/")[1:]: value for path, value in attributes.items()}}


MATTER = {
    "the inside of a dishwasher": (node(_1_86_0=6000, _1_89_1=0, _1_1026_0=5500), ["not_an_insight"]),
    "the inside of an oven": (node(_2_73_1=0, _2_86_0=18000, _2_1026_0=17600), ["not_an_insight"]),
    "a fridge and what it is set to": (
        node(_1_82_1=0, _2_86_0=-1800, _2_1026_0=-1750),
        [("fridge.temperature", -17.5)],
    ),
    "nulls as numbers": (node(_1_1026_0=-32768, _1_1029_0=65535), ["no_data", "no_data"]),
}
ZIGBEE2MQTT = {
    "an index of whatever kind": ({"aqi": 23, "pm25": 5}, [("air.pm25", 5), "unknown_scheme"]),
    "the bridge's own lists": ({"topic": "zigbee2mqtt/bridge/devices", "payload": [{"x": 1}]}, ["not_an_insight"]),
    "two gases that changed places": ({"co2": 1, "formaldehyd": 358}, ["out_of_range", "unit_disputed"]),
}
TASMOTA = {
    "a board whose sensors have a name": (
        {"SonoffSC": {"Temperature": 25, "Humidity": 83, "AirQuality": 100}, "TempUnit": "C"},
        [("climate.humidity", 83), ("climate.temperature", 25), "unknown_scheme"],
    ),
    "a VOC that is an index": (
        {"SEN5X": {"PM1": 1.2, "PM4": 2.5, "VOC": 110, "NOx": 1}},
        [("air.pm1", 1.2), ("air.voc_index", 110)],
    ),
    "dust sensors of other makers": (
        {"VINDRIKTNING": {"PM2.5": 8}, "HM330X": {"PM10": 9}},
        [("air.pm25", 8), ("air.pm10", 9)],
    ),
    "a date with dots": (
        {"StatusSNS": {"Time": "2018.02.01 22:52:09", "AM2301": {"Humidity": 50.6}, "TempUnit": "C"}},
        [("climate.humidity", 50.6)],
    ),
    "a hygrometer of any name": (
        {"HDC302X": {"Temperature": 22, "Humidity": 44, "DewPoint": 9.2}, "TempUnit": "C"},
        [("climate.humidity", 44), ("climate.temperature", 22)],
    ),
    "a plug with two channels": (
        {"ENERGY": {"Total": [1.1, 2.2], "Power": [60, 5]}},
        [("appliance.power", 60), ("appliance.power", 5), "missing_interval"],
    ),
    "a date that is none": ({"Time": "soon", "AM2301": {"Humidity": 50.6}}, ["wrong_time"]),
    "a probe in the fridge": ({"DS18B20-1": {"Temperature": 4.1}, "TempUnit": "C"}, ["not_an_insight"]),
}
ANNOUNCED = {"dev_cla": "temperature", "unit_of_meas": "°F", "stat_t": "n/sensor/t/state", "name": "Minji's room"}
ESPHOME = {
    "an announcement in short": (
        [
            {"topic": "homeassistant/sensor/n/t/config", "payload": ANNOUNCED},
            {"topic": "n/sensor/t/state", "payload": "71.6"},
        ],
        ["not_an_insight", ("climate.temperature", 22)],
    ),
    "ids that are names": ({"id": "sensor/PM 2.5", "state": "12.1 µg/m³", "value": 12.1}, [("air.pm25", 12.1)]),
    "ids in fine letters": ({"id": "sensor/Study CO₂", "state": "812 ppm", "value": 812}, [("air.co2", 812)]),
    "nothing yet": ({"id": "sensor-pm2_5", "state": "NA"}, ["no_data"]),
}
AIRGRADIENT = {
    "nothing after the start": ({"serialno": "84fce612f5b8", "boot": 0, "wifi": -59}, ["warming_up"]),
    "what is not measured": ({"pm02": -1, "rco2": -1, "rhum": -1, "boot": 5}, ["no_data"] * 3),
}


def seen(*labels):
    return {"entities": [{"type": "obstacle", "metaData": {"label": label}} for label in labels], "layers": []}


VALETUDO = {
    "what Dreame knows": (
        seen("Bathroom Scale (71%)", "Human leg (80%)", "Furniture Leg (50%)", "Hand gesture stop (50%)"),
        [("vacuum.obstacle", "other_obstacle"), "person_refused", ("vacuum.obstacle", "furniture"), "person_refused"],
    ),
    "what Midea knows": (
        seen("Textiles (71%)", "Mixed Solid and Liquid Stain (50%)", "Stuck Hazard / Base (66%)"),
        [("vacuum.obstacle", word) for word in ("fabric", "stain", "other_obstacle")],
    ),
    "rooms": (seen("Bedroom (71%)", "Balcony (60%)"), ["unknown_word"] * 2),
    "numbers nobody knows": (seen("Unknown ID 99 (84%)"), ["unknown_word"]),
}


def happened(key, value):
    return {"haId": "BOSCH-1", "items": [{"key": key, "value": value, "timestamp": SECONDS, "name": "Tür"}]}


DOOR = "Refrigeration.Common.Status.Door"
HOMECONNECT = {
    "a drawer": (
        happened(f"{DOOR}.FlexCompartment", "BSH.Common.EnumType.DoorState.Open"),
        [("fridge.door_openings", 1)],
    ),
    "a door in its own words": (
        happened(f"{DOOR}.Freezer", "Refrigeration.Common.EnumType.Door.States.Open"),
        [("fridge.door_openings", 1, FREEZER)],
    ),
    "a door of anything": (
        happened("BSH.Common.Status.DoorState", "BSH.Common.EnumType.DoorState.Open"),
        ["not_an_insight"],
    ),
}
HAIER = {
    "a compartment that is not read, with decimals": (
        {"parameters": {"tempZ1": "-38.00", "tempZ2": "-18.00"}},
        ["no_data", ("fridge.temperature", -18, FREEZER)],
    ),
    "the answer of the maker's service": (
        {"payload": {"resultCode": "0", "shadow": {"parameters": {"tempZ1": {"parNewVal": "5"}}}}},
        [("fridge.temperature", 5, COOLER)],
    ),
    "an answer without one": ({"payload": {"resultCode": "1", "shadow": None}}, ["wrong_shape"]),
}
VARIANTS = {
    "thinq": THINQ,
    "smartthings": SMARTTHINGS,
    "smartthings-ocf": OCF,
    "matter": MATTER,
    "zigbee2mqtt": ZIGBEE2MQTT,
    "tasmota": TASMOTA,
    "esphome": ESPHOME,
    "airgradient": AIRGRADIENT,
    "valetudo": VALETUDO,
    "homeconnect": HOMECONNECT,
    "haier": HAIER,
}


@pytest.mark.parametrize("dialect", VARIANTS)
def test_reads_what_they_make_of_one_format(dialect):
    for name, (document, expected) in VARIANTS[dialect].items():
        found = outcomes(dialect, document)

        assert found == expected, name


def test_takes_the_noise_of_a_float_for_the_number_it_is():
    check("esphome", b"0.10000000149011612", [("air.pm25", 0.1)], {"X-Mqtt-Topic": "n/sensor/pm_2_5/state"})


@pytest.mark.parametrize(
    ("capability", "appliance_type"),
    [("airConditionerFanMode", "air_purifier"), ("airConditionerMode", "air_conditioner")],
)
def test_tells_a_purifier_from_an_air_conditioner_whose_fan_it_has(capability, appliance_type):
    main = {"airConditionerFanMode": {}, capability: {}, "dustSensor": {"dustLevel": told(5, "μg/m^3")}}

    (found,) = read("smartthings", status(main=main))

    assert found.appliance_type == appliance_type


LINE = b'{"pm02": 12, "serialno": "84fce612aaaa"}'


@pytest.mark.parametrize("spoilt", [b'{"pm02": nan}', b'{"pm02": NaN}', b'{"pm02": 1, "pm02": 2}', b'{"pm02": '])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_unreadable_line_does_not_spoil_the_others(spoilt, place):
    lines = [LINE, LINE]
    lines.insert(place, spoilt)

    found = outcomes("airgradient", b"\n".join(lines))

    assert found.pop(place) == "wrong_shape"
    assert found == [("air.pm25", 12)] * 2


@pytest.mark.parametrize("body", [b'{\n "pm02": 12,\n}', b'{"pm02": 12,\n "serialno": "a",\n "pm10": NaN}', b"{bad"])
def test_one_unreadable_document_is_refused_as_a_whole(body):
    with pytest.raises(UnreadableBody):
        read("airgradient", body)


def test_says_that_a_scalar_is_not_utf_8():
    with pytest.raises(NotUtf8):
        read("esphome", "가".encode("euc-kr"), {"X-Mqtt-Topic": "n/sensor/pm_2_5/state"})


STREAM = (
    b"retry: 30000\nid: 7\nevent: state\n"
    b'data: {"id":"sensor-co2","value":655,"state":"655 ppm"}\n\n'
    b"event: log\ndata: [D][sensor:094]: 'CO2' is Minji's\n\n"
)


def test_reads_the_data_of_an_event_stream_and_not_its_log():
    check("esphome", STREAM, [("air.co2", 655)])

    with pytest.raises(UnreadableBody):
        read("esphome", STREAM.partition(b"event: log")[2] * 3)
