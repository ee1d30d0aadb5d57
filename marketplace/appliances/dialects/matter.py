"""Matter, as a controller's JSON: nodes whose attributes stand under `endpoint/cluster/attribute`.

Each thing behind a bridge speaks for itself. What is out of reach has nothing to say, though its last words stay.
Dust and CO2 come in the units they are always measured in; a VOC or formaldehyde reading needs its MeasurementUnit.
Rooms (ServiceArea), labels and networks are never read.
Source: Matter 1.4 application clusters; python-matter-server's node and event bodies.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from marketplace.appliances import wire
from marketplace.appliances.dialects.readings import Dialect, Interval, Parsed
from marketplace.appliances.dialects.scalars import read_number
from marketplace.appliances.dialects.speaker import Result, Speaker, answers, device_of, mapping, sequence
from marketplace.appliances.dialects.unit_words import voc_kind

_PATH = re.compile(r"([0-9]{1,5})/([0-9]{1,10})/([0-9]{1,10})")
_VALUE, _MEASUREMENT_UNIT = 0, 8
_UNITS = {0: "[ppm]", 1: "[ppb]", 3: "mg/m3", 4: "ug/m3"}
_CONCENTRATIONS: dict[int, tuple[str, str | None]] = {
    1066: ("air.pm25", "ug/m3"),
    1068: ("air.pm1", "ug/m3"),
    1069: ("air.pm10", "ug/m3"),
    1037: ("air.co2", "[ppm]"),
    1067: ("air.hcho", None),
    1070: ("air.tvoc_ratio", None),
}
_AIR_QUALITY, _TEMPERATURE, _HUMIDITY, _THERMOSTAT = 91, 1026, 1029, 513
_FRIDGE_CLUSTERS = frozenset({82, 87})
_COLD_OR_HOT = 86
# Ovens, hobs, washers, dishwashers and microwaves: their temperature is that of the inside.
_NO_ROOM = frozenset({72, 73, 74, 81, 83, 89, 93, 95, 148})
# What an endpoint says it is, in its descriptor. Those named here without a type are not of a room, whatever they hold.
_DESCRIPTOR, _PARTS, _TAGS = 29, 3, 4
_AGGREGATOR = 14
_TYPES: dict[int, str | None] = {
    112: "refrigerator",
    113: "refrigerator",
    121: "microwave",
    116: "robot_vacuum",
    45: "air_purifier",
    44: "air_sensor",
    114: "air_conditioner",
    **dict.fromkeys((23, 24, 69, 115, 117, 119, 120, 123, 124, 771, 777, 1292, 1295)),
}
# Whose thermostat feels the room. A boiler has one too.
_OF_A_ROOM = frozenset({114, 769})
# The tags of compartments, as namespace and number.
_COMPARTMENTS = {"65/0": "cooler", "65/1": "freezer"}
_REFRIGERATOR_ALARM, _MICROWAVE, _POWER_METER, _ENERGY_METER = 87, 95, 144, 145
# What was drawn in all, and in a while; what was given back is not read.
_DRAWN = (1, 3)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# Whether a bridge still hears of a thing.
_BRIDGED, _REACHABLE = 57, 17
_FILTERS = {113: "hepa", 114: "carbon"}
_OPERATIONAL = (96, 97)
_RUNNING = 1
_HUNDREDTH, _THOUSANDTH = Decimal("0.01"), Decimal("0.001")
KINDS = frozenset(kind for kind, _unit in _CONCENTRATIONS.values()) | {
    "air.tvoc_mass",
    "climate.temperature",
    "climate.humidity",
    "appliance.power",
    "appliance.energy",
    "fridge.temperature",
    "fridge.door_openings",
    "microwave.cook",
    "filter.remaining",
    "device.fault",
}

Endpoint = dict[int, dict[int, Any]]


def parse(body: bytes, headers: Mapping[str, str], *, received_at: datetime) -> Parsed:
    """Read nodes, single, listed, as the answer to a command or inside an event.

    Raises:
        UnreadableBody: the body is not readable JSON, or holds too many nodes.
    """
    items = _nodes(wire.loads(body))
    wire.check_item_count(items)
    return answers(items, partial(_read, headers))


def _nodes(document: Any) -> list[Any]:
    """Return the nodes or events of a body, which diagnostics keep deeper."""
    found = mapping(document).get("result", document)
    data = mapping(mapping(found).get("data"))
    held = mapping(data.get("server")) or data or mapping(found)
    if isinstance(held.get("nodes"), list):
        return held["nodes"]
    if "node" in held:
        return [held["node"]]
    return found if isinstance(found, list) else [found]


def _read(headers: Mapping[str, str], index: int, item: object) -> Iterator[Result]:
    node = _node(mapping(item))
    speaker = Speaker(dialect="matter", index=index, source=device_of(headers, node.get("node_id")))
    if not isinstance(node.get("attributes"), dict):
        yield speaker.refused("wrong_shape")
        return
    for number, thing in _things(node).items():
        # Two sensors of one bridge are two streams.
        source = f"{speaker.source}-{number}" if number and speaker.source else speaker.source
        said = _thing(replace(speaker, source=source), thing)
        if node.get("available") is not False and _is_reachable(thing):
            yield from said
        elif next(said, None):
            yield speaker.refused("no_data", "available")


def _is_reachable(endpoints: Mapping[int, Endpoint]) -> bool:
    return all(found.get(_BRIDGED, {}).get(_REACHABLE) is not False for found in endpoints.values())


def _thing(speaker: Speaker, endpoints: Mapping[int, Endpoint]) -> Iterator[Result]:
    clusters = {cluster for found in endpoints.values() for cluster in found}
    declared = [number for found in endpoints.values() for number in _declared(found)]
    types = [_TYPES[number] for number in declared if number in _TYPES]
    speaker = replace(speaker, appliance_type=_appliance_type(clusters, types))
    has_room = not clusters & _NO_ROOM and None not in types and "microwave" not in types
    # Where a sensor says how warm it is, the thermostat only repeats it.
    has_sensor = any(found.get(_TEMPERATURE, {}).get(_VALUE) is not None for found in endpoints.values())
    warmth = _THERMOSTAT if _OF_A_ROOM & set(declared) and not has_sensor else _TEMPERATURE
    for number in sorted(endpoints):
        yield from _endpoint(speaker, endpoints[number], warmth=warmth if has_room else None)


def _node(item: dict[str, Any]) -> dict[str, Any]:
    """Return the node of an event, if it is one; attributes that came alone become a node with nothing else."""
    content = item.get("data")
    if item and all(map(_PATH.fullmatch, item)):
        return {"attributes": item}
    if isinstance(content, list) and len(content) == 3 and isinstance(content[1], str):
        return {"node_id": content[0], "attributes": {content[1]: content[2]}}
    if isinstance(content, dict) and "attribute_id" in content:
        path = f"{content.get('endpoint')}/{content.get('cluster_id')}/{content['attribute_id']}"
        return {"node_id": content.get("node_id"), "attributes": {path: content}}
    return mapping(content) if isinstance(content, dict) else item


def _things(node: Mapping[str, Any]) -> dict[int, dict[int, Endpoint]]:
    """Return the endpoints of each thing: a node is one, but a bridge tells of several, each with its parts."""
    endpoints = _endpoints(node["attributes"])
    is_bridge = node.get("is_bridge") is True or any(_AGGREGATOR in _declared(found) for found in endpoints.values())
    if not is_bridge:
        return {0: endpoints}
    parts = {
        number: {part for part in sequence(_described(found, _PARTS)) if isinstance(part, int)} & endpoints.keys()
        for number, found in endpoints.items()
        if number and _AGGREGATOR not in _declared(found)
    }
    inner = set().union(*parts.values())
    # Each endpoint is of one thing, whoever else claims it: else what all of them claim would be read for each anew.
    whole_of = {part: number for number in parts if number not in inner for part in (number, *parts[number])}
    things: dict[int, dict[int, Endpoint]] = defaultdict(dict)
    for part, number in whole_of.items():
        things[number][part] = endpoints[part]
    return things


def _described(endpoint: Endpoint, attribute: int) -> Any:
    return endpoint.get(_DESCRIPTOR, {}).get(attribute)


def _endpoints(attributes: Mapping[str, Any]) -> dict[int, Endpoint]:
    found: dict[int, Endpoint] = {}
    for key, value in attributes.items():
        path = _PATH.fullmatch(key)
        if path:
            endpoint, cluster, attribute = map(int, path.groups())
            if isinstance(value, dict) and "attribute_id" in value:
                # As the first controllers wrote it, its whole description around it.
                value = value.get("value")
            found.setdefault(endpoint, {}).setdefault(cluster, {})[attribute] = value
    return found


def _declared(endpoint: Endpoint) -> Iterator[int]:
    """Return the numbers of an endpoint's device types; a controller may write the field's name for its number."""
    for entry in map(mapping, sequence(_described(endpoint, 0))):
        number = entry.get("0", entry.get("deviceType", entry.get("type")))
        if isinstance(number, int):
            yield number


def _appliance_type(clusters: set[int], types: list[str | None]) -> str:
    if _MICROWAVE in clusters:
        return "microwave"
    if clusters & _NO_ROOM or None in types:
        return "other"
    if types:
        return next(filter(None, types))
    if clusters & _FRIDGE_CLUSTERS or _COLD_OR_HOT in clusters:
        return "refrigerator"
    if 97 in clusters:
        return "robot_vacuum"
    if clusters & _FILTERS.keys():
        return "air_purifier"
    return "air_sensor" if clusters & {*_CONCENTRATIONS, _TEMPERATURE, _HUMIDITY} else "other"


def _endpoint(speaker: Speaker, found: Endpoint, *, warmth: int | None) -> Iterator[Result]:
    for cluster, (kind, fixed) in _CONCENTRATIONS.items():
        yield from _concentration(speaker, cluster, found.get(cluster, {}), kind, fixed)
    if found.get(_AIR_QUALITY, {}).get(_VALUE) is not None:
        yield speaker.refused("unknown_scheme", "91/0")
    if warmth is not None:
        yield from _climate(speaker, found, warmth)
    yield from _appliance(speaker, found)
    for cluster, name in _FILTERS.items():
        yield from _filter(speaker, found.get(cluster, {}), name)
    for cluster in _OPERATIONAL:
        state = mapping(found.get(cluster, {}).get(5))
        error = state.get("0", state.get("errorStateID"))
        if isinstance(error, int) and not isinstance(error, bool) and 0 < error < 256:
            yield speaker.fault(f"{cluster}/5", str(error))


def _concentration(
    speaker: Speaker, cluster: int, attributes: Mapping[int, Any], kind: str, fixed: str | None
) -> Iterator[Result]:
    # Null is how a node says that it measures nothing just now, or never.
    if attributes.get(_VALUE) is None:
        return
    stated = attributes.get(_MEASUREMENT_UNIT)
    unit = fixed if stated is None else _UNITS.get(stated, "unknown") if isinstance(stated, int) else "unknown"
    kind = voc_kind(unit) if kind == "air.tvoc_ratio" else kind
    yield speaker.measured(f"{cluster}/0", attributes[_VALUE], kind, unit)


def _climate(speaker: Speaker, found: Endpoint, source: int) -> Iterator[Result]:
    """Temperatures and humidities come in hundredths."""
    warmth, humidity = found.get(source, {}).get(_VALUE), found.get(_HUMIDITY, {}).get(_VALUE)
    is_fridge = speaker.appliance_type == "refrigerator"
    if warmth is not None:
        kind = "fridge.temperature" if is_fridge else "climate.temperature"
        zone = _compartment(found) if is_fridge else None
        yield speaker.measured(f"{source}/0", _known(warmth), kind, "Cel", scale=_HUNDREDTH, zone=zone)
    if humidity is not None and not is_fridge:
        yield speaker.measured("1029/0", _known(humidity), "climate.humidity", "%", scale=_HUNDREDTH)


def _compartment(endpoint: Endpoint) -> str | None:
    tags = map(mapping, sequence(_described(endpoint, _TAGS)))
    return next(filter(None, (_COMPARTMENTS.get(f"{tag.get('1')}/{tag.get('2')}") for tag in tags)), None)


def _known(value: Any) -> Any:
    # What a null is on the wire, where a controller hands it on as a number.
    return None if value in (-0x8000, 0xFFFF) else value


def _appliance(speaker: Speaker, found: Endpoint) -> Iterator[Result]:
    alarm = found.get(_REFRIGERATOR_ALARM, {}).get(2)
    if isinstance(alarm, int) and alarm & 1:
        yield speaker.opened("87/2")
    yield from _cooking(speaker, found)
    power = found.get(_POWER_METER, {}).get(8)
    if power is not None:
        yield speaker.measured("144/8", power, "appliance.power", "W", scale=_THOUSANDTH)
    for attribute in _DRAWN:
        if energy := mapping(found.get(_ENERGY_METER, {}).get(attribute)):
            yield _energy(speaker, energy)


def _energy(speaker: Speaker, energy: Mapping[str, Any]) -> Result:
    drawn = energy.get("0", energy.get("energy"))
    start = _moment(energy.get("1", energy.get("startTimestamp")))
    end = _moment(energy.get("2", energy.get("endTimestamp")))
    if start is None or end is None:
        # A counter without a beginning, or a span since the thing was switched on.
        return speaker.refused("missing_interval", "145")
    span = Interval(start, end)
    return speaker.measured("145", drawn, "appliance.energy", "Wh", scale=_THOUSANDTH, interval=span, observed_at=end)


def _moment(seconds: object) -> datetime | None:
    """Return a moment that is counted in seconds from the beginning of 2000, in 32 bits."""
    is_one = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 0xFFFFFFFF
    return _EPOCH + timedelta(seconds=seconds) if is_one else None  # type: ignore[arg-type]


def _cooking(speaker: Speaker, found: Endpoint) -> Iterator[Result]:
    oven = found.get(_MICROWAVE, {})
    # Unless it runs, the cook time is only what the next cooking would be set to.
    if oven.get(0) is None or found.get(96, {}).get(4) != _RUNNING:
        return
    watts, chosen = sequence(oven.get(6)), oven.get(7)
    is_known = isinstance(chosen, int) and not isinstance(chosen, bool) and 0 <= chosen < len(watts)
    power_w = read_number(watts[chosen]) if is_known else None  # type: ignore[index]
    yield speaker.measured("95/0", oven[0], "microwave.cook", "s", power_w=power_w)


def _filter(speaker: Speaker, attributes: Mapping[int, Any], name: str) -> Iterator[Result]:
    condition, direction = attributes.get(0), attributes.get(1)
    if condition is None:
        return
    # 0 counts up towards the end of the filter's life, 1 counts down.
    if direction == 1:
        # Under one name, so that two filters with the same left are one event told twice and not a conflict.
        yield speaker.measured("filter", condition, "filter.remaining", "%")
    elif direction == 0:
        yield speaker.filter_left(f"filter.{name}", condition)
    else:
        yield speaker.refused("missing_field", f"filter.{name}.direction")


DIALECT = Dialect(name="matter", kinds=KINDS, content_types=frozenset({"application/json"}), parse=parse)
