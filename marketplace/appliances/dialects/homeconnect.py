"""Home Connect (Bosch, Siemens): the status of an appliance, its events and the program that runs.

Set points are wishes and are not read. `DoorState` alone does not say whose door it is; the fridge's own keys do.
Source: api-docs.home-connect.com, status, events, programs and options.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances.dialects.messages import STREAMED, decoded, read_lines
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_epoch
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping, sequence

_DOOR = "Refrigeration.Common.Status.Door."
# What older appliances say, and the first part of an alarm.
_FRIDGE = "Refrigeration.FridgeFreezer."
_DOORS: dict[str, str | None] = {
    f"{_DOOR}Freezer": "freezer",
    f"{_FRIDGE}Status.DoorFreezer": "freezer",
    f"{_FRIDGE}Status.DoorRefrigerator": "cooler",
    **{f"{_DOOR}Refrigerator{number}": "cooler" for number in ("", "2", "3")},
    **{f"{_DOOR}Chiller{place}": None for place in ("", "Common", "Left", "Right")},
    **{f"{_DOOR}{place}": None for place in ("BottleCooler", "FlexCompartment", "WineCompartment")},
}
_OPEN = ("BSH.Common.EnumType.DoorState.Open", "Refrigeration.Common.EnumType.Door.States.Open")
_PRESENT = "BSH.Common.EnumType.EventPresentState.Present"
_OF_A_FRIDGE = ("DoorAlarmRefrigerator", "DoorAlarmFreezer", "DoorAlarmChillerCommon", "TemperatureAlarmFreezer")
_OF_A_ROBOT = ("EmptyDustBoxAndCleanFilter", "RobotIsStuck", "DockingStationNotFound")
_ALARMS = {f"{_FRIDGE}Event.{name}": name for name in _OF_A_FRIDGE} | {
    f"ConsumerProducts.CleaningRobot.Event.{name}": name for name in _OF_A_ROBOT
}
# How much of a filter is used, in percent.
_FILTERS = {
    "Refrigeration.Common.Status.Dispenser.WaterFilterSaturation",
    *(f"Cooking.Hood.Status.{name}FilterSaturation" for name in ("Grease", "Carbon", "RegenerativeCarbon")),
}
_STATE, _ERROR = "BSH.Common.Status.OperationState", "BSH.Common.EnumType.OperationState.Error"
_MICROWAVE = re.compile(r"Cooking\.Oven\.Program\.Microwave\.?(?:([0-9]{2,4})Watt|Max)")
_DURATION = "BSH.Common.Option.Duration"
_ACTIVE = "BSH.Common.Root.ActiveProgram"
_TYPES = (
    ("Refrigeration.", "refrigerator"),
    ("ConsumerProducts.CleaningRobot.", "robot_vacuum"),
    ("Cooking.Oven.Program.Microwave", "microwave"),
)
KINDS = frozenset({"fridge.door_openings", "microwave.cook", "filter.remaining", "device.fault"})


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read statuses, events and programs, single, listed or as the stream of events tells them.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    return answers(documents(body, read=read_lines), partial(_read, headers))


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    found = mapping(item)
    # Who reads a stream hands its data on as the text it is.
    envelope = mapping(decoded(found.get("data"))) or found
    entries = _entries(envelope)
    speaker = Speaker(
        dialect="homeconnect", index=index, source=device_of(headers, envelope.get("haId"), found.get("haId"))
    )
    if entries is None:
        yield speaker.refused("wrong_shape")
        return
    entries = [*entries, _started(entries)]
    keys = [entry["key"] for entry in map(mapping, entries) if isinstance(entry.get("key"), str)]
    speaker = replace(speaker, appliance_type=_appliance_type(keys))
    for entry in map(mapping, entries):
        try:
            yield from _entry(speaker, entry)
        except ItemRefused as refused:
            yield refused.at(index)


def _entries(envelope: dict[str, Any]) -> list[Any] | None:
    for told in map(envelope.get, ("status", "items", "events")):
        if isinstance(told, list):
            return told
        if isinstance(told, dict):
            # As diagnostics keep them: each under its key.
            return [{**(mapping(found) or {"value": found}), "key": key} for key, found in told.items()]
    return [envelope] if "key" in envelope else None


def _started(entries: list[Any]) -> dict[str, Any]:
    """Return the program an event says to run, with the options beside it: as its own answer has them."""
    active = next((entry for entry in map(mapping, entries) if entry.get("key") == _ACTIVE), {})
    return {**active, "key": active.get("value"), "options": entries}


def _appliance_type(keys: list[str]) -> str:
    return next((kind for prefix, kind in _TYPES if any(key.startswith(prefix) for key in keys)), "other")


def _entry(speaker: Speaker, entry: Mapping[str, Any]) -> Iterator[Result]:
    key, value = entry.get("key"), entry.get("value")
    if not isinstance(key, str):
        return
    try:
        speaker = replace(speaker, observed_at=read_epoch(entry.get("timestamp")))
    except ValueError as exc:
        raise ItemRefused("wrong_time", "timestamp") from exc
    if key in _DOORS and value in _OPEN:
        yield speaker.opened("Door", zone=_DOORS[key])
    elif key in _FILTERS:
        yield speaker.filter_left("FilterSaturation", value)
    elif key in _ALARMS and value == _PRESENT:
        yield speaker.fault("Event", _ALARMS[key])
    elif key == _STATE and value == _ERROR:
        yield speaker.fault("OperationState", "Error")
    elif program := _MICROWAVE.fullmatch(key):
        yield from _cooking(speaker, sequence(entry.get("options")), program[1])


def _cooking(speaker: Speaker, options: list[Any], watts: str | None) -> Iterator[Result]:
    power_w = Decimal(watts) if watts else None
    for option in map(mapping, options):
        if option.get("key") == _DURATION:
            unit = option.get("unit")
            yield speaker.measured("Duration", option.get("value"), "microwave.cook", unit, power_w=power_w)


DIALECT = Dialect(name="homeconnect", kinds=KINDS, content_types=STREAMED, parse=parse)
