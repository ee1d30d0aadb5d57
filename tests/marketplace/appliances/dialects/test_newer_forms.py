"""Newer appliances, other clients and bridges of one format: our own bodies after theirs, and what they mean."""

import pytest

from tests.marketplace.appliances.dialects.outcomes import AT, COOLER, FREEZER, NOTHING, SECONDS, outcomes, read
from tests.marketplace.appliances.dialects.test_older_forms import prefixed, samsung


def told(value, unit=None):
    return {"value": value, "timestamp": AT, **({"unit": unit} if unit else {})}


def attribute(name, value, unit=None):
    return {name: told(value, unit)}


def warmth(value):
    return {"temperatureMeasurement": attribute("temperature", value, "C")}


def said(capability, name, value, unit=None):
    return {"component": "main", "capability": capability, "attribute": name, "value": value, "unit": unit}


def emitted(capability, name, value, component="main"):
    named = {"capability_id": capability, "attribute_id": name, "component_id": component}
    return {"device_uuid": "edge-1", **named, "state": {"value": value, "unit": "C"}}


def capability(name, **status):
    return {"id": name, "version": 1, "status": status}


def matter_fridge(contact):
    return {
        "components": {
            "main": {"contactSensor": attribute("contact", contact)},
            "refrigerator": {**warmth(4), "temperatureSetpoint": attribute("temperatureSetpoint", 3, "C")},
            "freezer": warmth(-18),
        }
    }


def matter_microwave(state):
    cooking = {"cookTime": attribute("cookTime", 90, "s")}
    return {"components": {"main": {**cooking, "operationalState": attribute("operationalState", state)}}}


COLD = [("fridge.temperature", 4, COOLER), ("fridge.temperature", -18, FREEZER)]
SMARTTHINGS = {
    "filters that are components": (
        {
            "components": {
                "hepaFilter": {"filterState": attribute("filterLifeRemaining", 80, "%")},
                "activatedCarbonFilter": {"filterState": attribute("filterLifeRemaining", 55)},
            }
        },
        [("filter.remaining", 80), ("filter.remaining", 55)],
    ),
    "a filter of cycles": (
        {"components": {"main": {"samsungce.bladeFilter": attribute("bladeFilterUsage", 40)}}},
        [("filter.remaining", 60)],
    ),
    "a filter of a robot's kit": (
        {"components": {"refill-drainage-kit": {"samsungce.drainFilter": attribute("drainFilterUsage", 30)}}},
        [("filter.remaining", 70)],
    ),
    "a fridge with one door": (matter_fridge("open"), [("fridge.door_openings", 1), *COLD]),
    "the same with its door closed": (matter_fridge("closed"), COLD),
    "a microwave that runs": (matter_microwave("running"), [("microwave.cook", 90)]),
    "a microwave that could": (matter_microwave("stopped"), NOTHING),
    "cabinets and surfaces": (
        {"components": {"main": {}, "tccOne": warmth(60), "cookSurfaceTwo": warmth(40)}},
        NOTHING,
    ),
    "what a driver emits": (
        [emitted("temperatureMeasurement", "temperature", 21.5), emitted("switch", "switch", "on")],
        [("climate.temperature", 21.5), *NOTHING],
    ),
    "what a driver emits of a compartment": (
        emitted("temperatureMeasurement", "temperature", -17, "freezer"),
        [("fridge.temperature", -17, FREEZER)],
    ),
    "what a driver emits of an oven": (emitted("temperatureMeasurement", "temperature", 60, "tccOne"), NOTHING),
    "a driver's event without its state": (
        {"capability_id": "dustSensor", "attribute_id": "dustLevel", "component_id": "main"},
        ["no_data"],
    ),
    "what a cloud tells of its devices": (
        {
            "headers": {"schema": "st-schema", "interactionType": "stateCallback"},
            "authentication": {"token": "a secret"},
            "deviceState": [
                {"externalDeviceId": "c-1", "states": [said("st.dustSensor", "fineDustLevel", 9)]},
                {"externalDeviceId": "c-2", "states": [said("st.healthCheck", "healthStatus", "online")]},
                {"externalDeviceId": "c-3", "deviceError": [{"errorEnum": "DEVICE-DELETED"}]},
            ],
        },
        [("air.pm25", 9), *NOTHING],
    ),
    "what a device reports": (
        {"deviceEvents": [said("carbonDioxideMeasurement", "carbonDioxide", 640, "ppm")]},
        [("air.co2", 640)],
    ),
    "what an oven reports": (
        {
            "deviceEvents": [
                said("ovenMode", "ovenMode", "Bake"),
                said("temperatureMeasurement", "temperature", 38, "C"),
            ]
        },
        NOTHING * 2,
    ),
    "a list of devices with their status": (
        {
            "items": [
                {
                    "deviceId": "d-7",
                    "label": "Minji's fridge",
                    "components": [
                        {
                            "id": "cooler",
                            "capabilities": [
                                capability("temperatureMeasurement", temperature=told(3, "C")),
                                capability("contactSensor", contact=told("open")),
                            ],
                        },
                        {
                            "id": "main",
                            "capabilities": [
                                capability("custom.disabledCapabilities", disabledCapabilities=told(["dustSensor"])),
                                capability("dustSensor", dustLevel=told(0)),
                            ],
                        },
                    ],
                }
            ]
        },
        [("fridge.temperature", 3, COOLER), ("fridge.door_openings", 1, COOLER)],
    ),
    "a list of devices alone": (
        {"items": [{"deviceId": "d-8", "components": [{"id": "main", "capabilities": [{"id": "dustSensor"}]}]}]},
        NOTHING,
    ),
    "a zone without its colon": (
        {"relativeHumidityMeasurement": {"humidity": {"value": 44, "timestamp": "2026-11-20T11:40:00.783+0000"}}},
        [("climate.humidity", 44)],
    ),
    "words of a client in Python": (
        {"event_type": "DEVICE_EVENT", "device_event": {**said("dustSensor", "dustLevel", 14), "device_id": "d-9"}},
        [("air.pm10", 14)],
    ),
    "diagnostics": (
        {"data": {"events": [], "status": {"main": {"relativeHumidityMeasurement": attribute("humidity", 51, "%")}}}},
        [("climate.humidity", 51)],
    ),
}


def temperatures(*items, **more):
    listed = [prefixed(description=name, current=value, unit="Celsius", **more) for name, value in items]
    return samsung("/temperatures/vs/0", items=listed)


def cavity(operation, mode):
    power = {"unit": "percentage", "setting": 50}
    told = {"operation": operation, "mode": {"name": mode}, "microwavePowerLevel": power, "time": {"setting": 30}}
    return [{"href": "/oven/status/vs/0", "rep": told}]


INSIDE = {"temperature": 6.0, "units": "C"}
BY_PATH = {
    "/temperature/current/cooler/0": INSIDE,
    "/temperatures/vs/0": temperatures(("Fridge", "6"), ("Freezer", "-17"))["rep"],
}
IN_BOTH = [("fridge.temperature", 6, COOLER), ("fridge.temperature", -17, FREEZER)]
ROOM = {"/temperature/current/0": {"temperature": 27, "units": "C"}, "/temperature/desired/0": {}}
OCF = {
    "a filter that is not used": (
        [samsung("/filter/waterfilter/vs/0", filterUsage="0", filterStatus="notused")],
        ["no_data"],
    ),
    "a filter of a hood": (
        [samsung("/filter/hoodfilter/vs/0", filterUsage="80", filterCapacity="60")],
        [("filter.remaining", 20)],
    ),
    "a microwave in one resource": (cavity("running", "MicroWave"), [("microwave.cook", 30)]),
    "the same at rest": (cavity("ready", "NoOperation"), NOTHING),
    "the same keeps warm": (cavity("running", "KeepWarm"), NOTHING),
    "an air conditioner with a fan alone": (
        [samsung("/wind/strength/vs/0", modes="0"), temperatures(("Temperature", "25.0"))],
        [("climate.temperature", 25)],
    ),
    "a ventilator with sensors": (
        [samsung("/filter/hepafilter/vs/0", filterUsage="51"), temperatures(("Temperature", "28.5"))],
        [("climate.temperature", 28.5), ("filter.remaining", 49)],
    ),
    "an older fridge": (
        [samsung("/refrigeration/vs/0"), temperatures(("Freezer", "-18"), ("Fridge", "4"), ("Minji's box", "1"))],
        COLD[::-1],
    ),
    "a fridge that says one of two twice": (BY_PATH, IN_BOTH),
    "diagnostics of a fridge": ({"data": {"device_type": "refrigerator", "resources": BY_PATH}}, IN_BOTH),
    "diagnostics of two rooms": (
        {"data": {"resources": ROOM, "subdevices": [{"kind": "numeric", "resources": ROOM}]}},
        [("climate.temperature", 27)] * 2,
    ),
    "as a driver keeps it": ({"device/0": [{"href": "/temperature/current/cooler/0", "rep": INSIDE}]}, IN_BOTH[:1]),
    "a humidity of the plain resource": (
        [{"href": "/humidity/0", "rep": {"humidity": 45}}],
        [("climate.humidity", 45)],
    ),
}
BOILER = {"boilerJobMode": {"currentJobMode": "HEAT"}}
THINQ = {
    "a fridge with filters in percent": (
        {
            "refrigeration": {"freshAirFilterRemainPercent": 65},
            "waterFilterInfo": {"waterFilter1RemainPercent": 80, "waterFilter2RemainPercent": 0},
        },
        [("filter.remaining", 65), ("filter.remaining", 80), ("filter.remaining", 0)],
    ),
    "a tower with a washer in trouble": (
        {"washer": {"runState": {"currentState": "ERROR"}, "error": "WATER_DRAIN_ERROR"}, "dryer": {"runState": {}}},
        [("device.fault", "thinq:WATER_DRAIN_ERROR")],
    ),
    "the air of a boiler's room": (
        {
            **BOILER,
            "hotWaterTemperatureInUnits": [{"currentTemperature": 48, "unit": "C"}],
            "roomTemperatureInUnits": [{"airCurrentTemperature": 23, "inWaterCurrentTemperature": 33, "unit": "C"}],
        },
        [("climate.temperature", 23)],
    ),
    "a boiler that knows its water": (
        {**BOILER, "roomTemperature": {"currentTemperature": 36, "outWaterCurrentTemperature": 36, "unit": "C"}},
        NOTHING,
    ),
}
DURATION = {"key": "BSH.Common.Option.Duration", "value": 90, "unit": "seconds", "timestamp": SECONDS}


def notified(root, program):
    root = {"key": f"BSH.Common.Root.{root}", "value": program, "timestamp": SECONDS}
    return {"haId": "bosch-1", "items": [root, DURATION]}


def statuses(**values):
    entries = [{"key": key.replace("_", "."), "value": value, "timestamp": SECONDS} for key, value in values.items()]
    return {"data": {"status": entries}}


def older_doors(state):
    state = f"Refrigeration.Common.EnumType.Door.States.{state}"
    named = "Refrigeration_FridgeFreezer_Status_Door"
    return statuses(**{f"{named}Refrigerator": state, f"{named}Freezer": state})


PRESENT = "BSH.Common.EnumType.EventPresentState.Present"
MICROWAVE = "Cooking.Oven.Program.Microwave.600Watt"
HOMECONNECT = {
    "a microwave starts": (notified("ActiveProgram", MICROWAVE), [("microwave.cook", 90)]),
    "a microwave is chosen": (notified("SelectedProgram", MICROWAVE), NOTHING),
    "an oven starts": (notified("ActiveProgram", "Cooking.Oven.Program.HeatingMode.HotAir"), NOTHING),
    "a program ends": (notified("ActiveProgram", None), NOTHING),
    "an older fridge, open": (
        older_doors("Open"),
        [("fridge.door_openings", 1, COOLER), ("fridge.door_openings", 1, FREEZER)],
    ),
    "an older fridge, closed": (older_doors("Closed"), NOTHING),
    "the door of a chiller": (
        statuses(Refrigeration_FridgeFreezer_Event_DoorAlarmChillerCommon=PRESENT),
        [("device.fault", "homeconnect:DoorAlarmChillerCommon")],
    ),
    "a filter of water": (
        statuses(Refrigeration_Common_Status_Dispenser_WaterFilterSaturation=37),
        [("filter.remaining", 63)],
    ),
    "filters of a hood": (
        statuses(
            Cooking_Hood_Status_GreaseFilterSaturation=100,
            Cooking_Hood_Status_CarbonFilterSaturation=None,
            Cooking_Hood_Status_RegenerativeCarbonFilterSaturation=140,
        ),
        [("filter.remaining", 0), "no_data", "out_of_range"],
    ),
}
HAIER = {
    "all a client knows": (
        {"data": {"appliance": {"nickName": "Minji's"}, "attributes": {"parameters": {"tempZ1": "5"}}}},
        [("fridge.temperature", 5, COOLER)],
    ),
    "a third compartment's door": (
        {"shadow": {"parameters": {"doorStatusZ1": "0", "doorStatusZ3": {"parNewVal": "1"}}}},
        [("fridge.door_openings", 1)],
    ),
}


def node(attributes, *, bridge=False):
    return {"node_id": 7, "is_bridge": bridge, "attributes": attributes}


def types(endpoint, *numbers):
    return {f"{endpoint}/29/0": [{"0": number, "1": 1} for number in numbers]}


def compartment(endpoint, tag, hundredths):
    tagged = {f"{endpoint}/29/4": [{"0": None, "1": 65, "2": tag}], f"{endpoint}/1026/0": hundredths}
    return {**types(endpoint, 113), **tagged}


WARM = {**types(1, 770), "1/1026/0": 2150}
TWO_ROOMS = [("climate.temperature", 21.5), ("climate.humidity", 40)]
DAMP = {**types(1, 775), "1/1029/0": 4000}
ON_A_BRIDGE = {**types(1, 14), **types(4, 770, 19), "4/1026/0": 2100}
MATTER = {
    "compartments by their tags": (
        node({**types(1, 112), **compartment(2, 1, -1800), **compartment(3, 0, 400)}),
        COLD[::-1],
    ),
    "a fridge and a room on one bridge": (
        node({**ON_A_BRIDGE, **types(2, 112, 19), "2/29/3": [3], **compartment(3, 0, 400)}, bridge=True),
        [("climate.temperature", 21), COLD[0]],
    ),
    "an oven and a room on one bridge": (
        node({**ON_A_BRIDGE, **types(2, 123, 19), "2/29/3": [3], **compartment(3, 9, 18000)}, bridge=True),
        [("climate.temperature", 21)],
    ),
    "a part that two things claim": (
        node({**types(2, 112, 19), "2/29/3": [3], "5/29/3": [3], **compartment(3, 0, 400)}, bridge=True),
        COLD[:1],
    ),
    "parts that hold each other": (
        node({**ON_A_BRIDGE, "2/29/3": [3], "3/29/3": [2], "3/1026/0": 1}, bridge=True),
        [("climate.temperature", 21)],
    ),
    "an error by its name": (
        node({"1/97/5": {"errorStateID": 65, "errorStateLabel": "Minji's room"}}),
        [("device.fault", "matter:65")],
    ),
    "a microwave on pause": (node({"1/95/0": 90, "1/96/4": 2}), NOTHING),
    "a cook time alone": ({"event": "attribute_updated", "data": [7, "1/95/0", 90]}, NOTHING),
    "diagnostics of a node": ({"data": {"server_info": {"fabric_id": 1}, "node": node(WARM)}}, TWO_ROOMS[:1]),
    "diagnostics of a server": ({"data": {"server": {"nodes": [node(WARM), node(DAMP)]}}}, TWO_ROOMS),
    "a server's own diagnostics": ({"message_id": "4", "result": {"nodes": [node(WARM)]}}, TWO_ROOMS[:1]),
}
FORMS = {
    "smartthings": SMARTTHINGS,
    "smartthings-ocf": OCF,
    "thinq": THINQ,
    "homeconnect": HOMECONNECT,
    "haier": HAIER,
    "matter": MATTER,
}


@pytest.mark.parametrize("dialect", FORMS)
def test_reads_what_came_since(dialect):
    for name, (document, expected) in FORMS[dialect].items():
        assert outcomes(dialect, document) == expected, name


def test_an_event_without_a_device_is_of_the_one_its_sender_names():
    event = said("temperatureMeasurement", "temperature", 21, "C")

    sources = [
        one.source for one in read("smartthings", [event, {**event, "deviceId": "d-1"}], {"X-Device": "bedside"})
    ]

    assert sources == ["bedside", "d-1"]
