"""Home Assistant: state objects as REST, WebSocket, webhooks and automations send them.

Only the device class, the unit, the state and the times are read. Other attributes and places never are; of the
entity id and the name nothing but registered words counts ("fridge", "filter"); the id itself only names the source.
Source: developers.home-assistant.io, REST and WebSocket API; device classes of the sensor platform.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects import entity_words
from marketplace.appliances.dialects.entity_words import Named, named
from marketplace.appliances.dialects.messages import read_lines
from marketplace.appliances.dialects.readings import Dialect, Interval, Method, Parsed, Raw, Reading, Value
from marketplace.appliances.dialects.rejections import ItemRefused, Rejection
from marketplace.appliances.dialects.scalars import clip, is_no_data, read_number, read_time
from marketplace.appliances.dialects.state_histories import ENTITY, Told, filled_in, spread
from marketplace.appliances.dialects.statestream import assembled, is_statestream
from marketplace.appliances.dialects.unit_words import ucum

SENSOR_KINDS = {
    "pm1": "air.pm1",
    "pm25": "air.pm25",
    "pm10": "air.pm10",
    "carbon_dioxide": "air.co2",
    "volatile_organic_compounds": "air.tvoc_mass",
    "volatile_organic_compounds_parts": "air.tvoc_ratio",
    "humidity": "climate.humidity",
    "temperature": "climate.temperature",
    "power": "appliance.power",
    "energy": "appliance.energy",
}
KINDS = frozenset(SENSOR_KINDS.values()) | {
    "air.voc_index",
    "fridge.temperature",
    "fridge.door_openings",
    "fridge.door_open_time",
    "filter.remaining",
    "device.fault",
}

# Where a state object hides in the envelopes of webhooks, events and automations.
_ENVELOPES = ("event", "event_data", "data", "new_state", "to_state", "result", "states", "variables", "trigger")
_MAX_ENVELOPES = 6
# What people call these decides whose warmth, damp or door it is.
_NAMED_BY_PEOPLE = frozenset({"temperature", "humidity", "door", "opening"})
_LONGEST_NAME = 255


# Not frozen, though nobody changes one, as `Reading` is not.
@dataclass(slots=True)
class _State:
    """One state object, with the one before it when the sender was a `state_changed` event."""

    index: int
    entity: str
    domain: str
    named: Named
    device_class: str | None
    state: object
    attributes: Mapping[str, Any]
    times: Mapping[str, Any]
    before: Mapping[str, Any] | None
    received_at: datetime


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read state objects into readings: single, listed, in events or histories, or as statestream topics.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many items.
    """
    found = _states(read_lines(body))
    items = assembled(found) if is_statestream(found) else found
    return [result for index, item in enumerate(items) for result in _read(index, item, received_at)]


def _states(items: list[Any]) -> list[Any]:
    """Return the states of all items; counted as they come, for a history says each but for what did not change."""
    wire.check_item_count(items)
    found: list[Any] = []
    told: Told = {}
    for item in items:
        found += filled_in(item) if isinstance(item, list) else spread(_unwrap(item), told)
        wire.check_item_count(found)
    return found


def _unwrap(node: Any) -> Any:
    """Take off the envelopes around one state object or a list of them, keeping an event's old state."""
    for _ in range(_MAX_ENVELOPES):
        if not isinstance(node, dict) or ("entity_id" in node and "state" in node):
            return node
        if isinstance(node.get("new_state"), dict):
            return {**node["new_state"], "old_state": node.get("old_state")}
        if isinstance(node.get("to_state"), dict):
            return {**node["to_state"], "old_state": node.get("from_state")}
        inner = next((node[key] for key in _ENVELOPES if isinstance(node.get(key), dict | list)), None)
        if inner is None:
            return node
        node = inner
    return node


def _read(index: int, item: object, received_at: datetime) -> Iterator[Reading | Rejection]:
    node = _unwrap(item)
    if isinstance(node, dict) and "new_state" in node and node["new_state"] is None:
        yield Rejection(index, "no_data")
        return
    state = _state(index, node, received_at)
    if state is None:
        yield Rejection(index, "wrong_shape")
        return
    reader = _READERS.get(state.domain)
    if reader is None:
        yield Rejection(index, "not_an_insight")
        return
    try:
        yield from reader(state)
    except ItemRefused as refused:
        yield refused.at(index)


def _state(index: int, node: object, received_at: datetime) -> _State | None:
    if not isinstance(node, dict):
        return None
    entity, attributes, before = node.get("entity_id"), node.get("attributes"), node.get("old_state")
    if not isinstance(entity, str) or not ENTITY.fullmatch(entity) or "state" not in node:
        return None
    # An automation may write beside the state what else stands among its attributes.
    attributes = attributes if isinstance(attributes, dict) else node
    device_class = attributes.get("device_class")
    device_class = device_class if isinstance(device_class, str) else None
    name = attributes.get("friendly_name") if device_class in _NAMED_BY_PEOPLE else None
    return _State(
        index=index,
        entity=entity,
        domain=entity.partition(".")[0],
        named=named(entity, name[:_LONGEST_NAME]) if isinstance(name, str) else named(entity),
        device_class=device_class,
        state=node["state"],
        attributes=attributes,
        times=node,
        before=before if isinstance(before, dict) else None,
        received_at=received_at,
    )


def _sensor(state: _State) -> Iterator[Reading]:
    kind, zone = _sensor_kind(state)
    if is_no_data(state.state):
        raise ItemRefused("no_data")
    value = read_number(state.state)
    if value is None:
        raise ItemRefused("not_a_number", "state")
    interval = _metered_span(state) if kind == "appliance.energy" else None
    unit = "{voc_index}" if kind == "air.voc_index" else _unit(state)
    yield _reading(state, kind=kind, value=value, unit=unit, zone=zone, interval=interval)


def _sensor_kind(state: _State) -> tuple[str, str | None]:
    about = state.named
    if about.is_setpoint:
        raise ItemRefused("not_an_insight")
    if state.device_class == "aqi":
        raise ItemRefused("unknown_scheme")
    if state.device_class == "temperature" and about.appliance_type == "refrigerator":
        return "fridge.temperature", about.zone
    if state.device_class in SENSOR_KINDS:
        kind = SENSOR_KINDS[state.device_class]
        if _is_elsewhere(kind, about):
            raise ItemRefused("not_an_insight")
        return kind, None
    if state.device_class is None and entity_words.VOC_INDEX in about.words:
        return "air.voc_index", None
    if _is_filter_left(state):
        return "filter.remaining", None
    raise ItemRefused("not_an_insight")


def _is_elsewhere(kind: str, about: entity_words.Named) -> bool:
    if kind.startswith("climate."):
        return about.is_no_room
    return about.is_maker if kind.startswith("appliance.") else about.is_outdoors


def _is_filter_left(state: _State) -> bool:
    # Home Assistant has no device class for filters: the entity's own words and a percentage are all there is.
    words = state.named.words
    return (
        state.device_class is None
        and bool(words & entity_words.FILTER and words & entity_words.FILTER_LEFT)
        and not words & entity_words.FILTER_USED
        and state.attributes.get("unit_of_measurement") == "%"
    )


def _metered_span(state: _State) -> Interval:
    """Return the span an energy meter covers; a counter that never resets says nothing about one event."""
    start = _time(state.attributes, "last_reset")
    if start is None:
        raise ItemRefused("missing_interval", "attributes.last_reset")
    return Interval(start, _observed_at(state) or state.received_at)


def _binary_sensor(state: _State) -> Iterator[Reading]:
    is_door = state.device_class in ("door", "opening") and state.named.appliance_type == "refrigerator"
    if not is_door:
        raise ItemRefused("not_an_insight")
    if is_no_data(state.state) and state.state != "off":
        raise ItemRefused("no_data")
    zone = state.named.zone
    if state.state == "on":
        changed_at = _time(state.times, "last_changed")
        yield _reading(state, kind="fridge.door_openings", value=Decimal(1), unit="{opening}", zone=zone, at=changed_at)
    elif state.state == "off" and state.before is not None and state.before.get("state") == "on":
        yield _door_closed(state, state.before, zone)
    else:
        # Closed, and nobody says since when it had been open.
        raise ItemRefused("not_an_insight")


def _door_closed(state: _State, before: Mapping[str, Any], zone: str) -> Reading:
    opened_at, closed_at = _time(before, "last_changed"), _time(state.times, "last_changed")
    if opened_at is None or closed_at is None:
        raise ItemRefused("missing_interval", "old_state.last_changed")
    seconds = Decimal(str((closed_at - opened_at).total_seconds()))
    interval = Interval(opened_at, closed_at)
    return _reading(
        state, kind="fridge.door_open_time", value=seconds, unit="s", zone=zone, interval=interval, at=closed_at
    )


def _climate(state: _State) -> Iterator[Reading | Rejection]:
    humidity, temperature = (state.attributes.get(f"current_{name}") for name in ("humidity", "temperature"))
    is_fridge = state.named.appliance_type == "refrigerator"
    if not is_fridge and state.named.is_no_room:
        raise ItemRefused("not_an_insight")
    if is_no_data(humidity) and is_no_data(temperature):
        raise ItemRefused("no_data" if is_no_data(state.state) and state.state != "off" else "not_an_insight")
    if not is_no_data(humidity) and not is_fridge:
        # Home Assistant defines `current_humidity` as a percentage.
        yield _measured(state, kind="climate.humidity", raw=humidity, unit="%")
    if not is_no_data(temperature):
        unit = state.attributes.get("temperature_unit")
        if isinstance(unit, str) and ucum(unit) is not None:
            # A fridge's set point comes as a climate entity too, and what it measures is the inside.
            kind = "fridge.temperature" if is_fridge else "climate.temperature"
            zone = state.named.zone if is_fridge else None
            yield _measured(state, kind=kind, raw=temperature, unit=unit, zone=zone)
        else:
            # A climate entity reports in the unit of its installation and does not say which.
            yield Rejection(state.index, "missing_unit", "attributes.temperature_unit")


def _measured(state: _State, *, kind: str, raw: object, unit: str, zone: str | None = None) -> Reading | Rejection:
    value = read_number(raw)
    if value is None:
        return Rejection(state.index, "not_a_number", "attributes")
    return _reading(state, kind=kind, value=value, unit=unit, raw=raw, zone=zone)


def _vacuum(state: _State) -> Iterator[Reading]:
    if state.state != "error":
        raise ItemRefused("no_data" if is_no_data(state.state) else "not_an_insight")
    changed_at = _time(state.times, "last_changed")
    yield _reading(state, kind="device.fault", value="homeassistant:vacuum_error", unit="", at=changed_at)


_READERS = {
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
    "climate": _climate,
    # It measures under the same names what a climate entity does.
    "humidifier": _climate,
    "vacuum": _vacuum,
}


def _reading(
    state: _State,
    *,
    kind: str,
    value: Value,
    unit: str,
    zone: str | None = None,
    interval: Interval | None = None,
    raw: object = None,
    at: datetime | None = None,
) -> Reading:
    read_from = state.device_class if state.device_class in SENSOR_KINDS else state.domain
    raw = state.state if raw is None else raw
    return Reading(
        index=state.index,
        source=state.entity,
        appliance_type=state.named.appliance_type or _type_by(kind),
        kind=kind,
        value=value,
        unit=unit,
        observed_at=at or _observed_at(state),
        zone=zone,
        interval=interval,
        method=_method(read_from),
        raw=Raw(clip(raw), unit),
    )


def _type_by(kind: str) -> str:
    return "air_sensor" if kind.startswith(("air.", "climate.")) else "other"


@lru_cache(maxsize=64)
def _method(read_from: str) -> Method:
    return Method(type="sensor", name=f"homeassistant.{read_from}", version="homeassistant@1")


def _unit(state: _State) -> str:
    unit = state.attributes.get("unit_of_measurement")
    if unit is None or unit == "":
        raise ItemRefused("missing_unit", "attributes.unit_of_measurement")
    if not isinstance(unit, str) or ucum(unit) is None:
        raise ItemRefused("unknown_unit", "attributes.unit_of_measurement")
    return unit


def _observed_at(state: _State) -> datetime | None:
    return _time(state.times, "last_updated") or _time(state.times, "last_changed")


def _time(found: Mapping[str, Any], key: str) -> datetime | None:
    try:
        return read_time(found.get(key))
    except ValueError as exc:
        raise ItemRefused("wrong_time", key) from exc


DIALECT = Dialect(
    name="homeassistant",
    kinds=KINDS,
    content_types=frozenset({"application/json", "application/x-ndjson", "application/ndjson", "text/event-stream"}),
    parse=parse,
)
