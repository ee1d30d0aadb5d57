"""The page on retention covers every field that says something of a person, and nothing that is gone."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tests.architecture.not_personal import NOT_PERSONAL

PAGE = Path(__file__).parents[2] / "docs" / "retention.md"
CELLS = 5


def rows() -> list[list[str]]:
    """Return the rows of the page's tables about fields, cell by cell."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| `[a-z]+\.\w+` \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def on_the_page() -> list[str]:
    named = [(re.findall(r"`([\w.]+)`", model)[0], re.findall(r"`(\w+)`", fields)) for model, fields, *_ in rows()]
    return [f"{model}.{field}" for model, fields in named for field in fields]


def not_personal() -> list[str]:
    return [f"{model}.{field}" for model, fields in NOT_PERSONAL.items() for field in fields.split()]


def in_the_tables() -> set[str]:
    """Every column of every app that is installed, the ones Maru stands on included."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
    }


def test_every_field_is_classed():
    unclassed = in_the_tables() - set(on_the_page()) - set(not_personal())

    assert not unclassed, f"say in docs/retention.md how long it is kept, or class it as not personal: {unclassed}"


def test_nothing_is_classed_that_is_gone():
    assert set(on_the_page()) | set(not_personal()) <= in_the_tables()


def test_every_field_is_classed_once():
    assert not [name for name, count in Counter([*on_the_page(), *not_personal()]).items() if count > 1]


def test_every_row_says_what_why_how_long_and_who():
    assert len(rows()) > 40
    assert all(len(row) == CELLS and all(row) for row in rows())


def test_a_row_that_is_kept_for_ever_names_no_hand_and_any_other_does():
    for model, _, _, how_long, who in rows():
        assert (who == "-") <= ("for ever" in how_long), model


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("INSIGHT_KEEP_DAYS", 30),
        ("TWIN_KEEP_DAYS", 90),
        ("KEY_EPOCH_DAYS", 30),
        ("KEY_OVERLAP_DAYS", 5),
        ("ERASURE_GRACE_DAYS", 14),
    ],
)
def test_the_days_on_the_page_are_the_days_of_the_settings(setting, value):
    text = PAGE.read_text(encoding="utf-8")

    assert getattr(settings, setting) == value
    assert f"`MARU_{setting}`" in text
    assert "35 days, the horizon" in text
