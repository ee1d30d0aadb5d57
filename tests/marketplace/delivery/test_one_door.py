"""One module opens sealed data for a buyer. Read from the sources: an import is enough to fail."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("config", "consent", "rewards", "marketplace")
#: The door; the vault's own room; and what checks a condition or shows the household its own values.
MAY_OPEN = {
    "marketplace/delivery/door.py",
    "marketplace/brokerage/previews.py",
    "marketplace/brokerage/papers.py",
    "marketplace/brokerage/proposals.py",
    "marketplace/brokerage/reasons.py",
    "marketplace/care/takeout.py",
    "marketplace/insights",
}
#: Who may import the door. A new read path has to come by here, and into the table of states.
MAY_READ = {"marketplace/delivery"}


def sources(*, with_word=""):
    """Every source by its path, parsed; only those in which a word stands, for most have nothing to do with it."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if with_word in (text := path.read_text()):
                yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def names_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def imports_of(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_the_door_the_preview_and_the_vaults_own_room_open_what_is_sealed():
    openers = {path for path, tree in sources(with_word="open_sealed") if "open_sealed" in set(names_in(tree))}

    strangers = {path for path in openers if not any(path.startswith(place) for place in MAY_OPEN)}
    assert strangers == set()
    assert "marketplace/delivery/door.py" in openers


def test_nobody_outside_this_room_reads_through_the_door():
    readers = {
        path
        for path, tree in sources(with_word="door")
        if any(name.startswith("marketplace.delivery.door") for name in imports_of(tree))
    }

    assert {path for path in readers if not any(path.startswith(place) for place in MAY_READ)} == set()
