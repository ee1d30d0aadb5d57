"""One record as a person at the buyer's reads it: the same values, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import Area
from marketplace.delivery.door import Record
from marketplace.insights import kinds

#: Said in a column of their own; every other field that left stands under "그 밖에", so that nothing is hidden.
IN_COLUMNS = {"value", "unit", "observed_at", "interval", "area"}


@dataclass(frozen=True)
class Row:
    """One line of the table of records."""

    release_id: str
    short_id: str
    household: str
    kind: str
    value: str
    observed: str
    observed_at: datetime | None
    area: str
    others: str
    erase_at: datetime
    state: str
    state_word: str


def row_of(record: Record, *, reads: int, erase_at: datetime, areas: Mapping[str, Area]) -> Row:
    """Return the line of one record.

    Args:
        reads: how often it was read before and now.
        erase_at: when the buyer must have erased it.
        areas: by code; a record of an area that is gone shows the code.
    """
    document = record.document
    said = document["data"]
    exact = parse_datetime(str(said.get("observed_at", ""))) if "T" in str(said.get("observed_at", "")) else None
    return Row(
        release_id=record.release.pk,
        short_id=record.release.pk[:8],
        household=str(document.get("household", ""))[:8],
        kind=_kind(record),
        value=_value(record, said),
        observed="" if exact else _when(said),
        observed_at=exact,
        area=_area(said, areas),
        others=", ".join(f"{name} {value}" for name, value in said.items() if name not in IN_COLUMNS),
        erase_at=erase_at,
        state="open",
        state_word=gettext("새로 열림") if reads <= 1 else gettext("%(count)s번 읽음") % {"count": reads},
    )


def _kind(record: Record) -> str:
    kind = kinds.find(record.release.kind)
    return kind.label.say(language()) if kind else record.release.kind


def _value(record: Record, said: Mapping[str, Any]) -> str:
    value, kind = said.get("value"), kinds.find(record.release.kind)
    if value is None:
        return ""
    if isinstance(value, dict):
        text = f"{_number(value.get('from'))}–{_number(value.get('to'))}"
        return kind.with_unit(text, language()) if kind else text
    return kind.show(value, language()) if kind else str(value)


def _area(said: Mapping[str, Any], areas: Mapping[str, Area]) -> str:
    code = str(said.get("area", ""))
    return areas[code].name if code in areas else code


def _number(value: Any) -> str:
    return kinds.show_number(value) if isinstance(value, int | float) else str(value)


def _when(said: dict[str, Any]) -> str:
    interval = said.get("interval")
    if isinstance(interval, dict):
        return f"{interval.get('start', '')} – {interval.get('end', '')}"
    return str(said.get("observed_at", ""))
