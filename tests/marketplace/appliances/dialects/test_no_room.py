"""What is warm or cold without being a room: ovens, hobs, boilers, the inside of a fridge."""

import json

import pytest

from tests.marketplace.appliances.dialects.outcomes import AT, COOLER, FREEZER, NOTHING, outcomes, read


def told(value, unit=None):
    return {"value": value, "timestamp": AT, **({"unit": unit} if unit else {})}


WARM = {"temperatureMeasurement": {"temperature": told(30, "C")}}


def status(*capabilities, **components):
    return {"components": {"main": {**WARM, **{name: {} for name in capabilities}}, **components}}


@pytest.mark.parametrize(
    "capability",
    [
        "ovenMode",
        "samsungce.ovenMode",
        "samsungce.kitchenModeSpecification",
        "samsungce.microwavePower",
        "custom.cooktopOperatingState",
        "dryerOperatingState",
        "samsungce.washerOperatingState",
        "dishwasherMode",
        "samsungce.meatProbe",
        "samsungce.ehsThermostat",
    ],
)
def test_a_smartthings_appliance_that_heats_says_nothing_of_its_room(capability):
    assert outcomes("smartthings", status(capability)) == NOTHING
    assert outcomes("smartthings", {**WARM, capability: {}}) == NOTHING


def test_a_smartthings_cavity_is_no_room():
    cavity = {**WARM, "ovenMode": {"ovenMode": told("Others")}}

    assert outcomes("smartthings", status(**{"cavity-01": cavity})) == NOTHING


def event(capability, value, *, device="d-1", **more):
    return {"deviceId": device, "capability": capability, "value": value, "timestamp": AT, **more}


def warm_event(value=180, *, attribute="temperature", **more):
    return event("temperatureMeasurement", value, attribute=attribute, unit="C", **more)


def test_an_event_beside_those_of_an_oven_is_the_oven_s():
    oven = event("ovenOperatingState", "running", attribute="machineState")

    assert outcomes("smartthings", [warm_event(60), oven]) == NOTHING * 2
    assert outcomes("smartthings", [warm_event(24, device="d-2"), oven])[0] == ("climate.temperature", 24)
    assert outcomes("smartthings", warm_event(60, component="cavity-01")) == NOTHING


@pytest.mark.parametrize("name", ["component", "componentId"])
def test_an_event_of_a_compartment_is_the_fridge_s(name):
    found = outcomes("smartthings", warm_event(-19, **{name: "freezer"}))

    assert found == [("fridge.temperature", -19, FREEZER)]


def test_an_oven_with_a_microwave_that_bakes_does_not_cook_by_microwave():
    running = {"operatingState": told("running"), "operationTime": told("00:20:00")}

    def cooking(mode):
        oven = {"samsungce.ovenOperatingState": running, "samsungce.ovenMode": {"ovenMode": told(mode)}}
        return outcomes("smartthings", status(main={**oven, "samsungce.microwavePower": {"powerLevel": told("0W")}}))

    assert cooking("Convection") == NOTHING
    assert cooking("MicroWaveGrill") == [("microwave.cook", 1200)]


COOKTOP, SURFACE, OVEN, CABINET, FRIDGE, WATER_HEATER, WASHER, SENSOR = 120, 119, 123, 113, 112, 1295, 115, 770


def node(*endpoints):
    """Make a node of endpoints, each its declared type and the temperature it measures."""
    attributes = {}
    for number, (declared, hundredths) in enumerate(endpoints, 1):
        attributes[f"{number}/29/0"] = [{"0": declared, "1": 1}]
        attributes |= {f"{number}/1026/0": hundredths} if hundredths is not None else {}
        # What a cabinet, or a hob, is set to.
        attributes |= {f"{number}/86/0": 400} if declared in (SURFACE, CABINET) else {}
    return {"node_id": 7, "attributes": attributes}


MATTER = {
    "a hob that has cooled down": (node((COOKTOP, None), (SURFACE, 2100)), NOTHING),
    "the cabinet of an oven": (node((OVEN, None), (CABINET, 2500)), NOTHING),
    "the tank of a water heater": (node((WATER_HEATER, 5200)), NOTHING),
    "the drum of a washer": (node((WASHER, 4000)), NOTHING),
    "the cabinet of a fridge": (node((FRIDGE, None), (CABINET, 410)), [("fridge.temperature", 4.1)]),
    "a sensor": (node((SENSOR, 2185)), [("climate.temperature", 21.85)]),
    "what a cabinet is set to": (node((FRIDGE, None), (CABINET, None)), NOTHING),
    "what a thermostat is set to": ({"attributes": {"1/513/17": 2600, "1/513/18": 2100, "1/514/0": 1}}, NOTHING),
}


@pytest.mark.parametrize(("document", "expected"), MATTER.values(), ids=MATTER)
def test_a_matter_endpoint_is_what_it_declares_itself_to_be(document, expected):
    assert outcomes("matter", document) == expected


def test_a_controller_may_write_the_declared_type_by_name():
    document = {"attributes": {"1/29/0": [{"deviceType": SURFACE, "revision": 1}], "1/1026/0": 2100}}

    assert outcomes("matter", document) == NOTHING


def climate(entity, **attributes):
    return {"entity_id": entity, "state": "auto", "attributes": {"temperature_unit": "°C", **attributes}}


@pytest.mark.parametrize(
    ("entity", "attributes", "expected"),
    [
        ("climate.refrigerator_freezer", {"current_temperature": -18}, [("fridge.temperature", -18, FREEZER)]),
        (
            "climate.naengjanggo",
            {"current_temperature": 3, "current_humidity": 60},
            [("fridge.temperature", 3, COOLER)],
        ),
        ("climate.water_boiler", {"current_temperature": 52}, NOTHING),
        ("climate.oven", {"current_temperature": 25}, NOTHING),
        ("climate.living", {"current_temperature": 25}, [("climate.temperature", 25)]),
    ],
)
def test_a_climate_entity_of_a_fridge_or_a_boiler_is_no_room(entity, attributes, expected):
    assert outcomes("homeassistant", climate(entity, **attributes)) == expected


FREEZING, COLD = "-18.5", "4.5"


@pytest.mark.parametrize(
    ("name", "value", "zone"),
    [
        ("Gefrierschrank Keller", FREEZING, FREEZER),
        ("Kühlschrank/Küche", COLD, COOLER),
        ("주방 냉장고", COLD, COOLER),
        ("bing xiang", COLD, COOLER),
        ("주방냉장고", COLD, COOLER),
        ("冷凍庫", FREEZING, FREEZER),
    ],
)
def test_the_name_of_a_topic_tells_a_fridge_from_a_room(name, value, zone):
    said = {"temperature": float(value), "humidity": 60, "contact": False, "power": 41.5}
    cold = {"topic": f"zigbee2mqtt/{name}", "payload": said}

    assert {found.appliance_type for found in read("zigbee2mqtt", cold)} == {"refrigerator"}
    assert outcomes("zigbee2mqtt", cold) == [
        ("fridge.temperature", float(value), zone),
        ("fridge.door_openings", 1, zone),
        ("appliance.power", 41.5),
    ]


def test_a_probe_under_a_topic_named_after_a_fridge_hangs_in_it():
    probe = {"DS18B20-1": {"Id": "1", "Temperature": 4.5}, "TempUnit": "C"}

    assert outcomes("tasmota", {"topic": "tele/kitchen-fridge/SENSOR", "payload": probe}) == [
        ("fridge.temperature", 4.5, COOLER)
    ]
    assert outcomes("tasmota", {"topic": "tele/kitchen/SENSOR", "payload": probe}) == NOTHING


@pytest.mark.parametrize("name", ["Outdoor", "Garten Luft", "외부", "pool", "puffertemperatur"])
def test_what_a_topic_names_outdoors_or_in_a_tank_is_no_room(name):
    said = {"temperature": 3.5, "humidity": 60, "power": 41.5}
    board = {"SHT4X": {"Temperature": 3.5, "Humidity": 60}, "ENERGY": {"Power": 41.5}, "TempUnit": "C"}

    assert outcomes("zigbee2mqtt", {"topic": f"zigbee2mqtt/{name}", "payload": said}) == [("appliance.power", 41.5)]
    assert outcomes("tasmota", {"topic": f"tele/{name}/SENSOR", "payload": board}) == [("appliance.power", 41.5)]
    assert outcomes("esphome", {"topic": f"{name}/sensor/humidity/state", "payload": "60"}) == NOTHING


def test_the_air_outdoors_is_not_the_air_of_the_home():
    assert outcomes("zigbee2mqtt", {"topic": "zigbee2mqtt/garden", "payload": {"co2": 420, "pm25": 9}}) == NOTHING
    assert outcomes("tasmota", {"topic": "tele/garden/SENSOR", "payload": {"S8": {"CarbonDioxide": 420}}}) == NOTHING
    assert outcomes("esphome", {"topic": "garden/sensor/co2/state", "payload": "420"}) == NOTHING


def test_a_board_may_be_called_what_it_is():
    board = {"SHT4X": {"Temperature": 21, "Humidity": 40}, "TempUnit": "C"}
    room = [("climate.humidity", 40), ("climate.temperature", 21)]

    assert sorted(outcomes("tasmota", {"topic": "tele/esp32-server/SENSOR", "payload": board})) == room
    assert outcomes("esphome", {"topic": "esp32-board/sensor/humidity/state", "payload": "40"}) == room[:1]


def test_a_board_named_after_a_fridge_hangs_in_it():
    topic = "kuehlschrank/sensor/temperature/state"
    announced = {"dev_cla": "temperature", "unit_of_meas": "°C", "stat_t": topic}
    messages = [{"topic": "discovery", "payload": announced}, {"topic": topic, "payload": "5.1"}]

    assert outcomes("esphome", messages) == [*NOTHING, ("fridge.temperature", 5.1, COOLER)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fridge_temperature", [("fridge.temperature", 4.5, COOLER)]),
        ("garage_freezer_temperature", [("fridge.temperature", 4.5, FREEZER)]),
        ("oven_temperature", NOTHING),
        ("fridge_humidity", NOTHING),
        ("radiator_temperature", NOTHING),
        ("study_temperature", [("climate.temperature", 4.5)]),
        ("study_temp", [("climate.temperature", 4.5)]),
    ],
)
def test_the_name_of_a_sensor_of_a_board_tells_a_fridge_from_a_room(name, expected):
    assert outcomes("esphome", {"id": f"sensor-{name}", "value": 4.5, "state": "4.5 °C"}) == expected


@pytest.mark.parametrize(
    ("entity", "zone"),
    [
        ("leng_cang_ku", COOLER),
        ("leng_dong_ku", FREEZER),
        ("lodowka", COOLER),
        ("kjoleskap", COOLER),
        ("pakastin", FREEZER),
    ],
)
def test_a_fridge_is_one_in_many_tongues(entity, zone):
    cold = {"device_class": "temperature", "unit_of_measurement": "°C"}
    told = {"entity_id": f"sensor.{entity}_temperature", "state": "-1", "attributes": cold}

    assert outcomes("homeassistant", told) == [("fridge.temperature", -1, zone)]


@pytest.mark.parametrize(
    ("dialect", "document", "power"),
    [
        ("zigbee2mqtt", {"topic": "zigbee2mqtt/{}", "payload": {"power": 640}}, 640),
        ("tasmota", {"topic": "tele/{}/SENSOR", "payload": {"ENERGY": {"Power": 640}}}, 640),
        ("esphome", {"id": "sensor-{}_power", "value": 640, "state": "640 W"}, 640),
        ("senml", [{"bn": "{}/", "n": "power", "u": "W", "v": 640}], 640),
        (
            "homeassistant",
            {
                "entity_id": "sensor.{}_power",
                "state": "0.64",
                "attributes": {"device_class": "power", "unit_of_measurement": "kW"},
            },
            640,
        ),
    ],
)
def test_what_makes_power_draws_none(dialect, document, power):
    def told(name):
        return outcomes(dialect, json.dumps(document).replace("{}", name).encode())

    assert [told(name) for name in ("solar", "balkonkraftwerk", "taeyanggwang")] == [NOTHING] * 3
    assert told("kettle") == [("appliance.power", power)]


def test_an_air_conditioner_with_an_inverter_draws_power():
    state = {"state": "900", "attributes": {"device_class": "power", "unit_of_measurement": "W"}}

    assert outcomes("homeassistant", {"entity_id": "sensor.inverter_aircon_power", **state}) == [
        ("appliance.power", 900)
    ]
    assert outcomes("homeassistant", {"entity_id": "sensor.inverter_power", **state}) == NOTHING
