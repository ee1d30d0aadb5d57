"""Roborock: `dps` messages, in which JSON hides as text, and the device records of its cloud.

Of consumables the filter alone is read: time used of the 150 hours after which the app asks for a new one. Clean
records tell when somebody was out and are not read. Source: github.com/Python-roborock/python-roborock (protocols).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.appliances.dialects.messages import decoded
from marketplace.appliances.dialects.readings import Dialect, Parsed
from marketplace.appliances.dialects.rejections import ItemRefused
from marketplace.appliances.dialects.scalars import read_epoch, read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, documents, mapping, sequence

# How much use a filter bears, in the unit in which each generation counts it: seconds, minutes.
_FILTERS = {"filter_work_time": 150 * 3600, "hypa": 150 * 60}
_DOCK, _DOCK_PARTS = "dock_error_status", "dss"
# Where in the number for the dock's parts each has its two bits; 1 means that it is missing, empty or full.
_PARTS = {2: "clear_water_box", 4: "dirty_water_box", 6: "dust_bag", 8: "water_box_filter", 10: "clean_fluid"}
_ERRORS = ("error_code", "fault")
# How the same is spelled in a library's own records and in diagnostics, which hold several of them.
_SPELLED = {"filterWorkTime": "filter_work_time", "errorCode": "error_code", "dockErrorStatus": _DOCK}
_PLACES = ("result", "response", "data", "status", "consumable", "consumables")
# A record is known by these, whatever stands around it.
_OF_A_RECORD = frozenset({*_FILTERS, _DOCK, *_ERRORS, *_SPELLED})
_ERROR_POINT = "120"
_ANSWER_POINTS = ("101", "102", "10001")
KINDS = frozenset({"filter.remaining", "device.fault"})


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read messages and device records, single or listed.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    return answers(documents(body), partial(_read, headers))


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    found = mapping(item)
    points = mapping(found.get("dps")) or mapping(found.get("deviceStatus"))
    try:
        stamp = read_epoch(found.get("t"))
    except ValueError as exc:
        raise ItemRefused("wrong_time", "t") from exc
    speaker = Speaker(
        dialect="roborock",
        index=index,
        source=device_of(headers, found.get("duid")),
        appliance_type="robot_vacuum",
        observed_at=stamp,
    )
    is_known = "result" in found or any(record.keys() & _OF_A_RECORD for record in _records(found))
    if not points and not is_known:
        yield speaker.refused("wrong_shape")
        return
    yield from _error(speaker, points.get(_ERROR_POINT))
    for answer in (found, *(mapping(decoded(points.get(name))) for name in _ANSWER_POINTS)):
        for record in _records(answer):
            yield from _answer(speaker, record)


def _records(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield answer
    for place in _PLACES:
        found = answer.get(place)
        yield from map(mapping, sequence(found) or [found])


def _answer(speaker: Speaker, record: Mapping[str, Any]) -> Iterator[Result]:
    record = {_SPELLED.get(name, name): value for name, value in record.items()}
    for name, life in _FILTERS.items():
        if name in record:
            yield speaker.filter_left(name, record[name], life=life)
    yield from _error(speaker, next((record[name] for name in _ERRORS if name in record), None))
    # The dock counts its faults apart from the robot's.
    yield from _error(speaker, record.get(_DOCK), of="dock_")
    parts = record.get(_DOCK_PARTS)
    if isinstance(parts, int):
        for place, name in _PARTS.items():
            if parts >> place & 3 == 1:
                yield speaker.fault(_DOCK_PARTS, f"dock_{name}")


def _error(speaker: Speaker, code: object, *, of: str = "") -> Iterator[Result]:
    number = read_number(code)
    if number is None or number == 0:
        return
    if number != int(number) or not 0 < number < 10_000:
        yield speaker.refused("wrong_value", f"{of}error_code")
    else:
        yield speaker.fault(f"{of}error_code", f"{of}{int(number)}")


DIALECT = Dialect(name="roborock", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
