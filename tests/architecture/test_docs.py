"""What the papers say is so: variables, commands, addresses, links, the folder tree and the states."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import resolve

from config import env
from config.management.commands.draw_states import PAGE, page
from consent.records.models import Ask, Consent
from marketplace.demand.models import DataRequest
from rewards.redemption.models import Order
from rewards.treasury.models import Issuance

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
#: Their default depends on where Maru stands, or on who asks.
WITH_A_DEFAULT_OF_THEIR_OWN = {"MARU_VAR", "MARU_KEYS", "MARU_DEMO", "MARU_SECRET_KEY"}


def section(text: str, title: str) -> str:
    """Return what stands under one heading, up to the next of the same rank."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def variables_told() -> dict[str, str]:
    """Return each variable of the README's table with its default."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", README, flags=re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def default_of(name: str) -> str:
    default = str(env.DECLARED[name].default)
    return ",".join(ast.literal_eval(default)) if default.startswith("[") else default


def anchors_of(paper: Path) -> set[str]:
    """Return the names that a link may jump to, made as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", paper.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_tells_every_variable_and_no_other():
    assert sorted(variables_told()) == sorted(env.DECLARED)


@pytest.mark.parametrize("name", sorted(env.DECLARED.keys() - WITH_A_DEFAULT_OF_THEIR_OWN))
def test_the_readme_tells_the_default_of_a_variable(name):
    assert variables_told()[name].replace("empty", "") == default_of(name)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_a_link_leads_somewhere(paper):
    text = paper.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    lost = []
    for link in links:
        path, _, anchor = link.partition("#")
        file = (paper.parent / path).resolve() if path else paper
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            lost.append(link)

    assert not lost


def test_every_decision_is_in_the_list_of_decisions():
    told = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")))

    assert told == {file.name for file in (ROOT / "docs/decisions").glob("[0-9]*.md")}


@pytest.mark.parametrize("paper", sorted((ROOT / "docs/decisions").glob("[0-9]*.md")), ids=lambda paper: paper.stem)
def test_a_decision_says_status_context_decision_and_consequences(paper):
    lines = paper.read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith(f"# {paper.name[:4]} ")
    assert [line for line in lines if line.startswith("Status: ")]
    assert {"## Context", "## Decision", "## Consequences"} <= set(lines)


def test_the_readme_names_the_commands_of_make_and_no_other():
    told = set(re.findall(r"\bmake ([a-z]+)", README))
    offered = set(re.findall(r"^## make (\w+)", MAKEFILE, flags=re.MULTILINE))

    assert told == offered


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_a_paper_names_only_commands_that_exist(paper):
    told = set(re.findall(r"manage\.py ([a-z_]+)", paper.read_text(encoding="utf-8")))

    assert told <= {*get_commands()}


def test_every_address_in_the_readme_is_one_of_maru():
    example = "5f1d7a60-6d52-4f0b-9c53-0f3a3f7f2b11"
    told = set(re.findall(r"(?:`|\$MARU)(/[a-z][\w/.$-]*)", README))

    for address in told:
        resolve(address.replace("$id", example))

    assert {"/inbox", "/api/v1/ingest/homeassistant"} <= told


def test_the_folder_tree_has_every_room_and_only_what_exists():
    tree = section(README, "The house").split("```")[1]
    folders, floor = set(), ""
    for indent, name in re.findall(r"^( *)([\w.]+)/ ", tree, flags=re.MULTILINE):
        floor = floor if indent else name
        folders.add(f"{floor}/{name}" if indent else name)

    rooms = {f"{app.parent.parent.name}/{app.parent.name}" for app in ROOT.glob("[a-z]*/*/apps.py")}
    assert rooms <= folders
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_the_drawn_states_are_those_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python manage.py draw_states"


@pytest.mark.parametrize(
    ("title", "model"), [("Ask", Ask), ("Data request", DataRequest), ("Order", Order), ("Issuance", Issuance)]
)
def test_a_drawing_has_every_step_of_its_dictionary_and_no_other(title, model):
    drawn = re.findall(r"^    (\w+) --> (\w+)$", section(page(), title), flags=re.MULTILINE)

    allowed = {(before.value, after.value) for before, steps in model.TRANSITIONS.items() for after in steps}

    assert len(drawn) == len(set(drawn))
    assert set(drawn) == allowed


def test_the_drawing_of_a_consent_has_every_state_it_can_be_in():
    drawn = section(page(), "Consent")

    assert set(re.findall(r"^    (\w+): ", drawn, flags=re.MULTILINE)) == set(Consent.State.values)
    assert not [state for state in Consent.State.values if f"--> {state}\n" not in drawn]


def test_the_sections_of_the_states_stand_in_the_order_of_the_deal():
    titles = re.findall(r"^## (.+)$", page(), flags=re.MULTILINE)

    order = [titles.index(title) for title in ("Ask", "Consent", "Hold", "Release", "Order")]
    assert all(before < after for before, after in pairwise(order))
