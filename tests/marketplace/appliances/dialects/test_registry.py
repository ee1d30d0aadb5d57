"""The list of dialects, and what each says it yields."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from marketplace.appliances.dialects import DIALECTS, entity_words
from marketplace.appliances.dialects.readings import APPLIANCE_TYPES
from marketplace.appliances.models import Appliance
from marketplace.insights.kinds import KINDS


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_yields_registered_kinds_only(name):
    assert DIALECTS[name].name == name
    assert DIALECTS[name].kinds
    assert DIALECTS[name].kinds <= KINDS.keys()


def test_our_own_format_yields_every_kind_that_an_appliance_may_send():
    assert DIALECTS["canonical"].kinds == {name for name, kind in KINDS.items() if not kind.by_rule}


def test_guesses_are_types_an_appliance_may_have():
    assert set(Appliance.Type.values) == APPLIANCE_TYPES


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_can_be_called_like_its_parser(name):
    dialect, now = DIALECTS[name], datetime(2026, 11, 20, tzinfo=UTC)

    assert dialect(b"{}", {}, received_at=now) == dialect.parse(b"{}", {}, received_at=now)


def test_words_that_count_stand_once_in_a_section_and_as_names_are_read():
    table = tomllib.loads(Path(entity_words.__file__).with_suffix(".toml").read_text(encoding="utf-8"))

    for section, lines in table.items():
        words = [word for line in lines.values() for word in line.split()]
        assert len(words) == len(set(words)), section
        assert [word for word in words if not word.isalnum() or word != entity_words.unaccented(word)] == [], section
