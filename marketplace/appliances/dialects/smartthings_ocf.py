"""Samsung's local OCF form: the resources of an appliance as `{href, rep}`, nearly every number a text.

`Dust` is PM10, `FineDust` PM2.5, `SuperFineDust` PM1, each with its level behind it. Level 0 says the sensor rests.
Source: Open Connectivity Foundation resource model; resources under `x.com.samsung.da`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.scalars import read_clock, read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping, sequence

_SAMSUNG = "x.com.samsung.da."
_SENSORS = {
    "Dust": ("air.pm10", "ug/m3"),
    "FineDust": ("air.pm25", "ug/m3"),
    "SuperFineDust": ("air.pm1", "ug/m3"),
    "CO2": ("air.co2", "[ppm]"),
}
_FILTERS = ("hepafilter", "waterfilter", "airdustfilter", "deodorfilter", "hoodfilter")
_ZONES = {"cooler": "cooler", "freezer": "freezer"}
_DOOR = re.compile(r"/(?:door|kimchidoors)/([a-z0-9]{1,20})/(?:vs/)?0")
_OF_A_FRIDGE = (
    "/door/",
    "/kimchidoors/",
    "/refrigeration/",
    "/temperature/current/cooler/",
    "/temperature/current/freezer/",
)
_OF_AN_AIR_CONDITIONER = frozenset({"/temperature/desired/0", "/wind/direction/vs/0"})
_OF_A_ROOM = frozenset({"air_conditioner", "air_purifier", "air_sensor"})
# What an older fridge calls its compartments; any other name of one is left alone.
_COMPARTMENTS = {"Fridge": "cooler", "Freezer": "freezer"}
# The newest microwaves tell all of their cavity in one resource.
_CAVITY = "/oven/status/vs/0"
_HREF = re.compile(r"/[a-z]")
_DEVICE = re.compile(r"device/?[0-9]{1,2}")
_ALARM = re.compile(r"FilterAlarm|WaterTankFull|(?:ErrorCode|OV_E|CT_E|AC_V)_[0-9A-F]{1,4}")
_HUMIDITIES = ("humidity", "fivepercentHumidity")
# Without its letter it is a share of the strongest.
_POWER = re.compile(r"([0-9]{1,4})W")
KINDS = frozenset(kind for kind, _unit in _SENSORS.values()) | {
    "climate.temperature",
    "climate.humidity",
    "appliance.power",
    "fridge.temperature",
    "fridge.door_openings",
    "microwave.cook",
    "filter.remaining",
    "device.fault",
}

Resources = dict[str, dict[str, Any]]


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read the resources of one device, or of several under `device0`, `device1`… or as diagnostics have them.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many devices.
    """
    devices = _devices(wire.loads(body))
    wire.check_item_count(devices)
    return answers(devices, partial(_read, headers))


def _devices(document: Any) -> list[Any]:
    found = mapping(document)
    diagnosed = mapping(found.get("data"))
    if "resources" in diagnosed:
        return [part.get("resources") for part in map(mapping, [diagnosed, *sequence(diagnosed.get("subdevices"))])]
    return [found[name] for name in sorted(found) if _DEVICE.fullmatch(name)] or [document]


def _read(headers: Mapping[str, str], index: int, device: object) -> Iterator[Result]:
    listed = device if isinstance(device, list) else _by_href(device)
    resources: Resources = {
        entry["href"]: mapping(entry.get("rep"))
        for entry in listed
        if isinstance(entry, dict) and isinstance(entry.get("href"), str)
    }
    speaker = Speaker(
        dialect="smartthings-ocf",
        index=index,
        source=device_of(headers),
        appliance_type=_appliance_type(resources),
    )
    if not resources:
        yield speaker.refused("wrong_shape")
        return
    for reader in (_sensors, _climate, _doors, _energy, _filters, _cooking, _alarms):
        yield from reader(speaker, resources)


def _by_href(device: object) -> list[Any]:
    """Bring resources that are kept under their paths to the list in which they were answered."""
    found = mapping(device)
    is_kept_so = found and all(map(_HREF.match, found))
    return [{"href": href, "rep": rep} for href, rep in found.items()] if is_kept_so else [device]


def _appliance_type(resources: Resources) -> str:
    if any(href.startswith(_OF_A_FRIDGE) for href in resources):
        return "refrigerator"
    modes = sequence(_samsung(resources, "/mode/vs/0").get("supportedModes"))
    if "MicroWave" in modes or "microwavePowerLevel" in resources.get(_CAVITY, {}):
        return "microwave"
    if "/oven/vs/0" in resources:
        return "other"
    if resources.keys() & _OF_AN_AIR_CONDITIONER:
        return "air_conditioner"
    if "/filter/hepafilter/vs/0" in resources:
        return "air_purifier"
    if "/wind/strength/vs/0" in resources:
        return "air_conditioner"
    return "air_sensor" if "/sensors/vs/0" in resources else "other"


def _samsung(resources: Resources, href: str) -> dict[str, Any]:
    """Return what one resource says under Samsung's own prefix, without it."""
    found = resources.get(href, {})
    return {name.removeprefix(_SAMSUNG): value for name, value in found.items() if name.startswith(_SAMSUNG)}


def _items(resources: Resources, href: str) -> Iterator[dict[str, Any]]:
    for item in sequence(_samsung(resources, href).get("items")):
        yield {name.removeprefix(_SAMSUNG): value for name, value in mapping(item).items()}


def _sensors(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    # `lastSensingTime` is an epoch of local time, like `cumulativeDate` beside its UTC twin: no time to go by.
    for item in _items(resources, "/sensors/vs/0"):
        kind = item.get("type")
        if not isinstance(kind, str) or kind not in _SENSORS:
            continue
        value, level = (*sequence(item.get("value")), None, None)[:2]
        if read_number(value) == read_number(level) == 0:
            yield speaker.refused("no_data", f"sensors.{kind}")
        else:
            yield speaker.measured(f"sensors.{kind}", value, *_SENSORS[kind])


def _climate(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    humidity = {**resources.get("/humidity/0", {}), **_samsung(resources, "/humidity/vs/0")}
    if humidity.keys() & set(_HUMIDITIES):
        yield speaker.measured("humidity.humidity", _humidity(humidity), "climate.humidity", "%")
    if speaker.appliance_type == "refrigerator":
        yield from _cold(speaker, resources)
    if speaker.appliance_type not in _OF_A_ROOM:
        return
    room, older = resources.get("/temperature/current/0", {}), next(_items(resources, "/temperatures/vs/0"), {})
    if "temperature" in room:
        yield speaker.measured("temperature.current", room["temperature"], "climate.temperature", room.get("units"))
    elif "current" in older:
        yield speaker.measured("temperature.current", older["current"], "climate.temperature", older.get("unit"))


def _cold(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    told = set()
    for place in ("cooler", "freezer", "cvroom"):
        found = resources.get(f"/temperature/current/{place}/0", {})
        if "temperature" in found:
            told.add(place)
            zone = _ZONES.get(place, "unknown")
            path, value = f"temperature.current.{place}", found["temperature"]
            yield speaker.measured(path, value, "fridge.temperature", found.get("units"), zone=zone)
    for item in _items(resources, "/temperatures/vs/0"):
        zone = _COMPARTMENTS.get(str(item.get("description")), "")
        if zone and zone not in told and "current" in item:
            path = f"temperature.current.{zone}"
            yield speaker.measured(path, item["current"], "fridge.temperature", item.get("unit"), zone=zone)


def _humidity(found: Mapping[str, Any]) -> object:
    """Return the first humidity that is one: 0 says that no sensor is there, or that the plain one rests."""
    if found.get("validity", "Valid") != "Valid":
        return None
    return next((found[name] for name in _HUMIDITIES if name in found and read_number(found[name]) != 0), None)


def _doors(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    doors = {href: _DOOR.fullmatch(href) for href in resources}
    places = [door[1] for href, door in doors.items() if door and _is_open(resources[href])]
    for place in sorted(places):
        zone = _ZONES.get(place)
        yield speaker.opened(f"door.{zone or 'other'}", zone=zone)
    # Some say it without a compartment only, where a microwave tells of its door too.
    if speaker.appliance_type == "refrigerator" and not places:
        listed = sequence(_samsung(resources, "/doors/vs/0").get("items"))
        if any(_is_open(mapping(door)) for door in listed):
            yield speaker.opened("doors")


def _is_open(door: Mapping[str, Any]) -> bool:
    return door.get("openState", door.get(f"{_SAMSUNG}openState")) == "Open"


def _energy(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    found = _samsung(resources, "/energy/consumption/vs/0")
    if "instantaneousPower" in found:
        power, unit = found["instantaneousPower"], found.get("instantaneousPowerUnit")
        yield speaker.measured("energy.instantaneousPower", power, "appliance.power", unit)
    if "cumulativePower" in found:
        # A counter without a beginning says nothing about one event; -1 that nothing is counted.
        is_counted = read_number(found["cumulativePower"]) != -1
        yield speaker.refused("missing_interval" if is_counted else "no_data", "energy.cumulativePower")


def _filters(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    for name in _FILTERS:
        found = _samsung(resources, f"/filter/{name}/vs/0")
        if found.get("filterStatus") == "notused":
            yield speaker.refused("no_data", f"filter.{name}")
        elif "filterUsage" in found:
            yield speaker.filter_left(f"filter.{name}", found["filterUsage"])


def _cooking(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    cavity = resources.get(_CAVITY, {})
    if cavity.get("operation") == "running" and mapping(cavity.get("mode")).get("name") == "MicroWave":
        yield speaker.measured("oven.time", mapping(cavity.get("time")).get("setting"), "microwave.cook", "s")
    found = _samsung(resources, "/operational/state/vs/0")
    seconds = read_clock(found.get("operationTime"))
    # An oven with one may also just bake.
    modes = sequence(_samsung(resources, "/mode/vs/0").get("modes")) or ["MicroWave"]
    has_waves = speaker.appliance_type == "microwave" and any(str(mode).startswith("MicroWave") for mode in modes)
    if not has_waves or seconds is None or found.get("state") != "Run":
        return
    power = _POWER.fullmatch(str(_samsung(resources, "/oven/vs/0").get("powerLevel")))
    watts = read_number(power[1]) if power else None
    yield speaker.measured(
        "operational.operationTime",
        seconds,
        "microwave.cook",
        "s",
        power_w=watts if watts != Decimal(0) else None,
    )


def _alarms(speaker: Speaker, resources: Resources) -> Iterator[Result]:
    for item in _items(resources, "/alarms/vs/0"):
        code = item.get("code")
        if not isinstance(code, str) or code.endswith("_OFF") or item.get("state", "Created") != "Created":
            continue
        if _ALARM.fullmatch(code):
            yield speaker.fault("alarms", code)
        else:
            yield speaker.refused("unknown_word", "alarms.code")


DIALECT = Dialect(name="smartthings-ocf", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
