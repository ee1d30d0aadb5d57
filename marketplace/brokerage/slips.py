"""The slip: what would leave, or what left, in words. Read from the very document that is hashed, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import Area
from marketplace.appliances.models import Appliance
from marketplace.brokerage.models import Offer
from marketplace.brokerage.previews import Preview
from marketplace.demand.terms import field_label
from marketplace.insights.kinds import CLOSE_UNITS, KINDS, Kind, show_number
from marketplace.insights.precision import Band, Rung, View, show, show_confidence, show_time


@dataclass(frozen=True)
class Row:
    """One line of a slip, as `parts/slip.html` wants it. `field` names what a member may leave at home."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    main: bool = False
    word: bool = False
    mono: bool = False
    at: date | datetime | None = None
    field: str = ""
    is_kept: bool = False


def rows_of(document: Mapping[str, Any], *, rung: Rung, areas: Mapping[str, Area]) -> list[Row]:
    """Return every value of a released or previewed document as a line.

    Args:
        areas: the areas this home lies in, by code.
    """
    kind, said = KINDS[document["kind"]], document["data"]
    view = _view(kind, said, rung)
    rows = [_main(kind, view), *_times(view), *_area(said, areas)]
    rows += [Row(field_label(name), text) for name, text in _optional(kind, said, view).items()]
    if document.get("household"):
        rows.append(Row(gettext("우리 집 대신 쓰는 이름"), document["household"], mono=True))
    return rows


def rows_that_leave(offer: Offer, preview: Preview) -> list[Row]:
    """Return the slip of an open ask for somebody who does not choose: what would leave, and nothing more."""
    return rows_of(preview.document, rung=Rung(preview.choice.rung), areas=areas_of(offer))


def rows_to_choose(offer: Offer, preview: Preview) -> list[Row]:
    """Return the slip of an open ask: what would leave, and what a member may add to it or leave at home.

    Needs the offer loaded with `PREVIEWED`.
    """
    kind, appliance = KINDS[offer.insight.kind], offer.insight.appliance
    rows = rows_that_leave(offer, preview)
    known = {**preview.view.as_json(), "appliance": appliance.type, "model": appliance.model}
    may_leave = _optional(kind, {name: known.get(name) for name in offer.version.optional_fields}, preview.view)
    chosen = {field_label(name) for name in may_leave}
    kept = [
        Row(field_label(name), text, field=name, is_kept=name not in preview.choice.dropped)
        for name, text in may_leave.items()
    ]
    return [row for row in rows if row.label not in chosen] + kept


def areas_of(offer: Offer) -> dict[str, Area]:
    """Return the district and the city of the home that is asked, by code."""
    area = offer.ask.household.area
    return {found.pk: found for found in (area, area.parent) if found is not None}


def short_rows(rows: list[Row]) -> list[Row]:
    """Return the slip of something that is over in one line: what it was, and when."""
    main, *others = rows
    when = next((row for row in others if row.at), None)
    unit = f"\N{NO-BREAK SPACE}{main.unit}" if main.unit else ""
    return [replace(main, value=f"{main.value}{unit}", unit="", main=False, note=when.value if when else "")]


def _view(kind: Kind, said: Mapping[str, Any], rung: Rung) -> View:
    value, interval = said["value"], said.get("interval")
    return View(
        rung=rung,
        kind=kind.code,
        value=Band(value["from"], value["to"]) if isinstance(value, dict) else value,
        at=said["observed_at"],
        interval=(interval["start"], interval["end"]) if interval else None,
        zone=said.get("zone"),
        confidence=said.get("confidence"),
        power_w=said.get("power_w"),
    )


def _main(kind: Kind, view: View) -> Row:
    label, unit = kind.label.say(language()), kind.pretty_unit.say(language())
    if isinstance(view.value, bool | str):
        return Row(label, show(view, language()), main=True, word=True)
    # Close to its number, the unit belongs to the big figure.
    if unit in CLOSE_UNITS:
        return Row(label, show(view, language()), main=True)
    dash = "–" if language() == "en" else "~"
    bounds = (view.value.low, view.value.high) if isinstance(view.value, Band) else (view.value,)
    return Row(label, dash.join(show_number(bound) for bound in bounds), unit=unit, main=True)


def _times(view: View) -> Iterator[Row]:
    """Say when; of a span, its start and its end instead of the moment it was noticed at its end."""
    if view.interval:
        yield _time(gettext("시작한 때"), view, view.interval[0])
        yield _time(gettext("끝난 때"), view, view.interval[1])
    label = gettext("알아챈 날") if view.rung is Rung.DAY else gettext("알아챈 때")
    yield _time(label, view, view.at)


def _time(label: str, view: View, text: str) -> Row:
    at = date.fromisoformat(text) if view.rung is Rung.DAY else datetime.fromisoformat(text)
    note = gettext("시각은 빼고") if view.rung is Rung.DAY else ""
    return Row(label, show_time(replace(view, at=text), language()), at=at, note=note)


def _area(said: Mapping[str, Any], areas: Mapping[str, Area]) -> Iterator[Row]:
    area = areas.get(said.get("area", ""))
    if area is not None:
        homes = gettext("%(homes)s가구") % {"homes": f"{area.households:,}"}
        yield Row(gettext("동네"), area.name, note=homes)
    elif said.get("area"):
        yield Row(gettext("동네"), said["area"])


def _optional(kind: Kind, said: Mapping[str, Any], view: View) -> dict[str, str]:
    """Say the fields that are there, in the order in which people read them."""
    ways: dict[str, Callable[[Any], str]] = {
        "appliance": lambda value: str(Appliance.Type(value).label),
        "model": str,
        "zone": lambda value: kind.zone_label(value, language()),
        "confidence": lambda value: show_confidence(replace(view, confidence=value), language()),
        "power_w": lambda value: f"{show_number(value)}\N{NO-BREAK SPACE}W",
    }
    return {name: say(said[name]) for name, say in ways.items() if said.get(name) not in (None, "")}
