"""LG ThinQ Connect: the state of an appliance, its profile beside it, and the pushes of its MQTT channel.

The body names no unit for dust; LG's sensors count µg/m³. `PM2` is PM2.5. Set points are wishes, not measurements.
Source: LG ThinQ Connect device profile and push documentation (smartsolution.developer.lge.com).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_time
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping, sequence

_AIR = {
    "PM1": ("air.pm1", "ug/m3"),
    "PM2": ("air.pm25", "ug/m3"),
    "PM10": ("air.pm10", "ug/m3"),
    "CO2": ("air.co2", "[ppm]"),
    "humidity": ("climate.humidity", "%"),
}
_TYPE_OF_RESOURCE = {
    "airPurifierJobMode": "air_purifier",
    "airConJobMode": "air_conditioner",
    "refrigeration": "refrigerator",
    "robotCleanerJobMode": "robot_vacuum",
    "ventJobMode": "air_sensor",
}
_TYPE_OF_OPERATION = {"airPurifierOperationMode": "air_purifier", "airConOperationMode": "air_conditioner"}
_TYPE_OF_DEVICE = {
    "DEVICE_AIR_PURIFIER": "air_purifier",
    "DEVICE_AIR_PURIFIER_FAN": "air_purifier",
    "DEVICE_AIR_CONDITIONER": "air_conditioner",
    "DEVICE_REFRIGERATOR": "refrigerator",
    "DEVICE_KIMCHI_REFRIGERATOR": "refrigerator",
    "DEVICE_ROBOT_CLEANER": "robot_vacuum",
    "DEVICE_MICROWAVE_OVEN": "microwave",
    "DEVICE_VENTILATOR": "air_sensor",
    "DEVICE_HEJ_TEMPERATURE_HUMIDITY_SENSOR": "air_sensor",
    "DEVICE_HEJ_THERMO_HYGROMETER": "air_sensor",
}
# Whose `temperature` is the room's; a boiler's is that of its water.
_OF_A_ROOM = frozenset({"air_conditioner", "air_sensor"})
_THERMO_HYGROMETER = frozenset({"temperature", "humidity"})
_ZONES = {"FRIDGE": "cooler", "FREEZER": "freezer"}
_DOOR_PUSHES = frozenset({"DOOR_IS_OPEN"})
_CARE_PUSHES = frozenset(
    {"TIME_TO_CHANGE_FILTER", "TIME_TO_CLEAN_FILTER", "TIME_TO_CHANGE_WATER_FILTER", "WATER_IS_FULL", "LACK_OF_WATER"}
    | {"CLEANING_IS_FAILED", "NEED_TO_CHECK_LOCATION", "POWER_IS_OVERLOADED", "DRYING_FAILED", "TIME_TO_CLEAN"}
    | {"ERROR_HAS_OCCURRED", "ERROR_DURING_CLEANING", "ERROR_DURING_WASHING", "WATER_LEAK_HAS_OCCURRED"}
    | {"RINSE_IS_NOT_ENOUGH", "SALT_REFILL_IS_NEEDED"}
)
_NO_ERROR = frozenset({"", "NO_ERROR", "NONE", "NORMAL"})
_ERRORS = frozenset(
    {"RIGHT_WHEEL_ERROR", "LEFT_WHEEL_ERROR", "MOVE_ERROR", "UNKNOWN_ERROR", "NO_DUST_BIN_ERROR", "BLOCK_ERROR"}
    | {"BRUSH_ERROR", "MOP_ERROR", "CLIFF_ERROR", "SUCTION_BLOCKED_ERROR", "HEATER_CIRCUIT_ERROR", "BUBBLE_ERROR"}
    | {"WATER_LEAKAGE_ERROR", "MOTOR_ERROR", "WATER_SUPPLY_ERROR", "WATER_DRAIN_ERROR", "TEMPERATURE_SENSOR_ERROR"}
    | {"OVERFILL_ERROR", "LOCKED_MOTOR_ERROR", "POWER_FAIL_ERROR", "UNABLE_TO_LOCK_ERROR", "DOOR_OPEN_ERROR"}
    | {"WATER_LEVEL_SENSOR_ERROR", "OUT_OF_BALANCE_ERROR", "CHILD_LOCK_ACTIVE_ERROR", "CLUTCH_ERROR"}
    | {"COMPRESSOR_ERROR", "DISPENSING_ERROR", "DOOR_CLOSE_ERROR", "DOOR_LOCK_ERROR", "DOOR_SENSOR_ERROR"}
    | {"DRAINMOTOR_ERROR", "DUST_FULL_ERROR", "EMPTY_WATER_ALERT_ERROR", "FAN_MOTOR_ERROR", "FROZEN_ERROR"}
    | {"FILTER_CLOGGING_ERROR", "HIGH_POWER_SUPPLY_ERROR", "HIGH_TEMPERATURE_DETECTION_ERROR", "IR_SENSOR_ERROR"}
    | {"INNER_LID_OPEN_ERROR", "LE_ERROR", "LE2_ERROR", "MOTOR_LOCK_ERROR", "NEED_WATER_DRAIN", "NO_BATTERY_ERROR"}
    | {"NEED_WATER_REPLENISHMENT", "NO_FILTER_ERROR", "PART_MALFUNCTION_ERROR", "POWER_CODE_CONNECTION_ERROR"}
    | {"STACK_ERROR", "STEAM_HEAT_ERROR", "TE_ERROR", "THERMISTOR_ERROR", "TIMEOUT_ERROR", "TURBIDITY_SENSOR_ERROR"}
    | {"FAN_MOTOR_LOCK_ERROR", "VIBRATION_SENSOR_ERROR", "WATER_HEAT_ERROR", "WATER_LEAKS_ERROR"}
)
_FILTERS_LEFT = (
    ("filterInfo", "filterRemainPercent"),
    ("filterInfo", "topFilterRemainPercent"),
    ("refrigeration", "freshAirFilterRemainPercent"),
    *(("waterFilterInfo", f"waterFilter{number}RemainPercent") for number in (1, 2, 3)),
)
# What a tower of two machines tells apart.
_MACHINES = ("washer", "dryer")
KINDS = frozenset(kind for kind, _unit in _AIR.values()) | {
    "climate.temperature",
    "appliance.power",
    "fridge.door_openings",
    "filter.remaining",
    "device.fault",
}


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read states, status reports and pushes, single or listed.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    return answers(documents(body), partial(_read, headers))


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    if not isinstance(item, dict):
        yield Speaker(dialect="thinq", index=index).refused("wrong_shape")
        return
    event = mapping(item.get("event")) or mapping(item.get("push")) or mapping(item.get("response")) or item
    state = next((event[key] for key in ("report", "state") if isinstance(event.get(key), dict | list)), event)
    device_type = event.get("deviceType") or item.get("deviceType")
    speaker = Speaker(
        dialect="thinq",
        index=index,
        source=device_of(headers, event.get("deviceId"), item.get("deviceId")),
        appliance_type=_appliance_type(mapping(state), device_type),
        observed_at=_said_at(item.get("timestamp")),
    )
    pushed = event.get("pushCode", item.get("pushCode"))
    if isinstance(pushed, str):
        yield from _push(speaker, pushed, may_be_fridge=device_type is None or speaker.appliance_type == "refrigerator")
    elif "dataList" in mapping(event.get("result")) or "dataList" in event:
        # A month or a day without a zone: whose midnight it was is not said.
        yield speaker.refused("missing_interval", "usedDate")
    else:
        declared = mapping(mapping(item.get("profile") or event.get("profile")).get("property"))
        for part in state if isinstance(state, list) else [state, *map(mapping(state).get, _MACHINES)]:
            yield from _state(speaker, mapping(part), declared)


def _said_at(stamp: object) -> datetime | None:
    # LG writes no zone, so this is nearly always None and the server's clock stands in.
    try:
        return read_time(stamp)
    except ValueError:
        return None


def _appliance_type(state: Mapping[str, Any], device_type: object) -> str:
    # What is reported weighs more than the declared type: LG's own example calls an air conditioner a washer.
    found = next((kind for key, kind in _TYPE_OF_RESOURCE.items() if key in state), None)
    operation = mapping(state.get("operation"))
    found = found or next((kind for key, kind in _TYPE_OF_OPERATION.items() if key in operation), None)
    if found is None and isinstance(state.get("doorStatus"), list):
        return "refrigerator"
    if found is None and state.keys() - {"battery"} == _THERMO_HYGROMETER:
        return "air_sensor"
    return found or (_TYPE_OF_DEVICE.get(device_type, "other") if isinstance(device_type, str) else "other")


def _push(speaker: Speaker, code: str, *, may_be_fridge: bool) -> Iterator[Result]:
    if code in _DOOR_PUSHES:
        if may_be_fridge:
            yield speaker.opened("push")
    elif code in _CARE_PUSHES | _ERRORS:
        yield speaker.fault("push", code)


def _state(speaker: Speaker, state: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[Result]:
    yield from _air(speaker, mapping(state.get("airQualitySensor")), declared)
    temperature, humidity = _in_a_unit(state, "temperature"), mapping(state.get("humidity"))
    if "currentTemperature" in temperature and speaker.appliance_type in _OF_A_ROOM:
        value, unit = temperature["currentTemperature"], temperature.get("unit")
        yield speaker.measured("temperature.currentTemperature", value, "climate.temperature", unit)
    # A boiler's room is that of its air; its other temperatures are those of water.
    room = _in_a_unit(state, "roomTemperature")
    if "airCurrentTemperature" in room:
        value, unit = room["airCurrentTemperature"], room.get("unit")
        yield speaker.measured("roomTemperature.airCurrentTemperature", value, "climate.temperature", unit)
    if "currentHumidity" in humidity:
        yield speaker.measured("humidity.currentHumidity", humidity["currentHumidity"], "climate.humidity", "%")
    yield from _filters(speaker, state)
    electricity = mapping(state.get("electricity"))
    if "power" in electricity:
        yield speaker.measured(
            "electricity.power", electricity["power"], "appliance.power", electricity.get("powerUnit")
        )
    for door in sequence(state.get("doorStatus")):
        if mapping(door).get("doorState") == "OPEN":
            yield speaker.opened("doorStatus.doorState", zone=_zone(door.get("locationName")))
    error = state.get("error", state.get("errorCode"))
    if isinstance(error, str) and error in _ERRORS:
        yield speaker.fault("error", error)
    elif mapping(state.get("runState")).get("currentState") == "ERROR":
        yield speaker.fault("runState.currentState", "ERROR")
    elif isinstance(error, str) and error not in _NO_ERROR:
        yield speaker.refused("unknown_word", "error")


def _in_a_unit(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return one temperature of a state, which may come in two units at once."""
    in_units = map(mapping, sequence(state.get(f"{name}InUnits")))
    return mapping(state.get(name)) or next(in_units, {})


def _zone(location: object) -> str | None:
    return _ZONES.get(location) if isinstance(location, str) else None


def _air(speaker: Speaker, sensor: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[Result]:
    known = mapping(declared.get("airQualitySensor"))
    for name, (kind, unit) in _AIR.items():
        if name not in sensor:
            continue
        if declared and name not in known:
            # A model without that sensor still sends its zero.
            yield speaker.refused("no_data", f"airQualitySensor.{name}")
        else:
            yield speaker.measured(f"airQualitySensor.{name}", sensor[name], kind, unit)
    if "temperature" in sensor:
        # Unlike the thermostat's, this one comes without its unit.
        yield speaker.measured("airQualitySensor.temperature", sensor["temperature"], "climate.temperature", None)
    if "totalPollution" in sensor:
        yield speaker.refused("unknown_scheme", "airQualitySensor.totalPollution")


def _filters(speaker: Speaker, state: Mapping[str, Any]) -> Iterator[Result]:
    left = [mapping(state.get(part))[name] for part, name in _FILTERS_LEFT if name in mapping(state.get(part))]
    # Under one name, so that two filters with the same left are one event told twice and not a conflict.
    yield from (speaker.measured("filterInfo.filterRemainPercent", one, "filter.remaining", "%") for one in left)
    found = mapping(state.get("filterInfo"))
    if not left and "usedTime" in found and "filterLifetime" in found:
        yield speaker.filter_left("filterInfo.usedTime", found["usedTime"], life=found["filterLifetime"])


DIALECT = Dialect(name="thinq", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
