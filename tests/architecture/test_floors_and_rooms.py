"""The floor plan holds: imports point down, and every room has the same shape."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("consent", "rewards", "marketplace")
ROOMS = sorted(app.parent for floor in FLOORS for app in (ROOT / floor).glob("*/apps.py"))
#: Names that say nothing about what is inside, and signal handlers, which hide who writes.
SHAPELESS = {"utils", "helpers", "services", "signals", "managers", "misc", "common"}


def test_imports_only_point_down():
    # In a process of its own: the linter's way of logging switches off every logger that is there already.
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_is_under_the_contract_for_rooms():
    contracts = (ROOT / "pyproject.toml").read_text()

    missing = [room for room in ROOMS if f'"{room.parent.name}.{room.name}"' not in contracts]

    assert not missing


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_has_no_module_without_a_subject(room):
    shapeless = [file for file in room.rglob("*.py") if file.stem in SHAPELESS]

    assert not shapeless


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_model_writes_nothing_on_the_side(room):
    files = [room / "models.py", *(room / "models").glob("*.py")]
    names = [
        f"{file.name}: {node.name}"
        for file in files
        if file.exists()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]

    assert not names
