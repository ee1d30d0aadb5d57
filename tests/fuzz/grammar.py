"""Bodies that look like what devices send: shapes of our own fixtures, bent in any place and planted with canaries."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from marketplace.appliances.dialects import DIALECTS
from tests.marketplace.appliances.dialects import test_generations, test_newer_forms, test_older_forms, test_variants

#: Returns a number from 0 up to, not including, its argument: hypothesis, atheris and `random` choose alike.
Choose = Callable[[int], int]
FIXTURES = Path(__file__).parents[1] / "fixtures/appliances"
#: Fixtures that have another name than their dialect; a dialect may have several.
NAMED = {
    "canonical": ["cloudevents_batch"],
    "homeassistant": ["homeassistant_states", "homeassistant_state_changed", "homeassistant_history"],
    "airrohr": ["airrohr_push"],
}
#: What no output may hold. Nothing that a dialect lets through looks like it.
CANARY = "Minji's room 37.5665 AA:BB:CC"
CANARY_WORDS = ("Minji", "37.5665", "AA:BB")
HOSTILE: list[Any] = [
    None, True, False, 0, -1, -0.0, 5e-324, 1.7e308, 2**53, -(2**63), 10**400, 65535, -40, "", " ", "-", "nan", "NaN",
    "Infinity", "-Infinity", "1e999", "1e5", "1,5", "1_000", " 5 ", "+5", "0x10", "٣٤", "１２", "5" * 300,
    "unavailable", "OFF", "INV", "None", "\x00", "\ud800", "\u202e", "Âµg/mÂ³", "μg/m^3", "µg/m³", "ppm",
    "2026-02-30T00:00:00Z", "1970-01-01T00:00:27Z", "9999-12-31T23:59:59.999999+14:00", "0001-01-01T00:00:00Z",
    "22016-01-01T00:00:00+00:00",
    "2026-11-20T09:40:00+00:00", "202410", 16212.084, 1763629200, 1763629200000, [], {}, [[]], "{}", "[", "null",
    "data:image/png;base64," + "A" * 400, "https://cam.example/snap.jpg", "/data/record/1.jpg", CANARY, [CANARY],
    {CANARY: CANARY}, {"value": CANARY, "unit": CANARY},
]  # fmt: skip


def shapes_of(dialect: str) -> list[Any]:
    """Return our own bodies of a dialect, with every JSON that hides in a text laid open."""
    names = NAMED.get(dialect, [dialect.replace("-", "_")])
    return [opened(json.loads((FIXTURES / f"{name}.json").read_bytes())) for name in names]


def opened(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: opened(value) for key, value in node.items()}
    if isinstance(node, list):
        return [opened(value) for value in node]
    if isinstance(node, str) and node.startswith(("{", "[")):
        return opened(json.loads(node))
    return node


SHAPES: dict[str, list[Any]] = {dialect: shapes_of(dialect) for dialect in DIALECTS}


#: What the tests of the dialects know of other versions, firmwares and clients: bodies, and what each comes to.
TOLD: list[Mapping[str, Mapping[str, tuple[Any, Any]]]] = [
    test_older_forms.FORMS,
    test_newer_forms.FORMS,
    test_generations.GENERATIONS,
    test_variants.VARIANTS,
]


def forms_of(dialect: str) -> list[Any]:
    """Return a dialect's shapes, and every other form of its bodies that tests know."""
    told = [body for table in TOLD for body, _expected in table.get(dialect, {}).values()]
    return SHAPES[dialect] + [opened(body) for body in told if not isinstance(body, bytes)]


FORMS: dict[str, list[Any]] = {dialect: forms_of(dialect) for dialect in DIALECTS}


def places_of(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk every place of a body, from the outside in."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in children:
        yield from places_of(value, (*path, key))


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


def planted(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a body in which one place holds something else."""
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = planted(copy[path[0]], path[1:], value)
    return copy


def bodies(dialect: str, choose: Choose) -> bytes:
    """Make one body in the grammar of a dialect: one of its forms, bent up to four times, as one document or many."""
    forms = FORMS[dialect]
    document = forms[choose(len(forms))]
    for _ in range(1 + choose(4)):
        document = bent(document, choose, others=forms)
    return WRITTEN[choose(len(WRITTEN))](document).encode()


def _in_lines(document: Any) -> str:
    return "\n".join(map(json.dumps, document if isinstance(document, list) else [document, document]))


def _streamed(document: Any) -> str:
    """As the data of server-sent events."""
    return "".join(f"event: state\ndata: {line}\n\n" for line in _in_lines(document).splitlines())


WRITTEN: list[Callable[[Any], str]] = [json.dumps, json.dumps, json.dumps, _in_lines, _streamed]


def bent(document: Any, choose: Choose, *, others: list[Any]) -> Any:
    """Return a body with one place changed as broken devices, lying names and strangers change it."""
    paths = list(places_of(document))
    path = paths[choose(len(paths))]
    node = at(document, path)
    return planted(document, path, BENDS[choose(len(BENDS))](node, choose, others))


def _hostile(_node: Any, choose: Choose, _others: list[Any]) -> Any:
    return HOSTILE[choose(len(HOSTILE))]


def _as_text(node: Any, _choose: Choose, _others: list[Any]) -> Any:
    return json.dumps(node) if not isinstance(node, str) else [node]


def _elsewhere(_node: Any, choose: Choose, others: list[Any]) -> Any:
    """Another part of the grammar, where it does not belong."""
    other = others[choose(len(others))]
    paths = list(places_of(other))
    return at(other, paths[choose(len(paths))])


def _named_otherwise(node: Any, choose: Choose, _others: list[Any]) -> Any:
    """A key says something else, or comes with a stranger beside it."""
    if not isinstance(node, dict) or not node:
        return [node, node]
    names = list(node)
    name, value = names[choose(len(names))], HOSTILE[choose(len(HOSTILE))]
    return [
        {**node, CANARY: node[name]},
        {**node, name: value},
        {**node, "friendly_name": CANARY, "ssid": CANARY, "room": CANARY, "image": CANARY},
        {key: part for key, part in node.items() if key != name},
        {str(key).upper(): part for key, part in node.items()},
    ][choose(5)]


def _more_of_it(node: Any, choose: Choose, _others: list[Any]) -> Any:
    many = 1 + choose(6)
    return node * many if isinstance(node, list | str) else [node] * many


BENDS: list[Callable[[Any, Choose, list[Any]], Any]] = [
    _hostile, _hostile, _named_otherwise, _named_otherwise, _as_text, _elsewhere, _more_of_it
]  # fmt: skip
