"""Filters as links: one chip per value, each with the number of rows it would leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import Organisation
from consent.records.purposes import PURPOSES
from marketplace.appliances.models import Appliance
from marketplace.brokerage.shelves import Cell, Filters, counts_of
from marketplace.insights.kinds import KINDS


@dataclass(frozen=True)
class Chip:
    """One link of `parts/chips.html`."""

    href: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class Filter:
    """One property by which rows can be told apart, and its chips."""

    name: str
    label: str
    chips: list[Chip]


def state_chips(cells: list[Cell], chosen: Filters, labels: Mapping[str, str | Promise]) -> list[Chip]:
    """Return the chips of the states: all, and every state of `labels`, whether or not anything is in it."""
    counts = counts_of(cells, chosen, by="state")
    every = Chip(_href(chosen.switched("state", "")), gettext("모두"), sum(counts.values()), not chosen.state)
    return [every, *(_chip(chosen, "state", key, str(label), counts) for key, label in labels.items())]


def filters_of(cells: list[Cell], chosen: Filters) -> list[Filter]:
    """Return the other properties in which the rows differ, in one statement for the buyers' names."""
    buyers = Organisation.objects.in_bulk({cell.buyer for cell in cells})
    names: dict[str, Mapping[str, str]] = {
        "buyer": {str(pk): buyer.name for pk, buyer in buyers.items()},
        "appliance": {value: str(label) for value, label in Appliance.Type.choices},
        "kind": {code: kind.label.say(language()) for code, kind in KINDS.items()},
        "purpose": {code: purpose.label for code, purpose in PURPOSES.items()},
        "period": {cell.period: _month(cell.period) for cell in cells},
    }
    titles = {
        "buyer": gettext("기관"),
        "appliance": gettext("가전"),
        "kind": gettext("알아챈 것"),
        "purpose": gettext("쓰는 곳"),
        "period": gettext("달"),
    }
    found = (Filter(name, title, _chips(cells, chosen, name, names[name])) for name, title in titles.items())
    return [filter_ for filter_ in found if len(filter_.chips) > 2 or getattr(chosen, filter_.name)]


def _chips(cells: list[Cell], chosen: Filters, name: str, labels: Mapping[str, str]) -> list[Chip]:
    counts = counts_of(cells, chosen, by=name)
    values = sorted({getattr(cell, name) for cell in cells}, key=lambda value: labels.get(value, value))
    if name == "period":
        values = sorted(values, reverse=True)
    every = Chip(_href(chosen.switched(name, "")), gettext("모두"), sum(counts.values()), not getattr(chosen, name))
    return [every, *(_chip(chosen, name, value, labels.get(value, value), counts) for value in values)]


def _chip(chosen: Filters, name: str, value: str, label: str, counts: Mapping[str, int]) -> Chip:
    return Chip(_href(chosen.switched(name, value)), label, counts.get(value, 0), getattr(chosen, name) == value)


def _month(period: str) -> str:
    return formats.date_format(date.fromisoformat(f"{period}-01"), "YEAR_MONTH_FORMAT")


def _href(filters: Filters) -> str:
    return f"?{urlencode(filters.chosen)}"
