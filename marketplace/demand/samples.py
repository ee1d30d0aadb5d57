"""What a household would be shown, made of the terms a buyer is still writing and of invented values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import Area, Organisation
from marketplace.demand.models import RequestVersion
from marketplace.demand.pricing import Price, price_of, price_of_version
from marketplace.demand.terms import field_label
from marketplace.insights.kinds import KINDS, Kind
from marketplace.insights.precision import Rung, coarsen, exact_view, show


@dataclass(frozen=True)
class Sample:
    """One ask as it might look. Empty where the buyer has not said enough yet."""

    organisation: Organisation
    purpose_text: str
    retention_days: int | None
    price: Price | None
    answer_by: datetime
    icon: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: int = 0


def sample_of_version(version: RequestVersion, *, organisation: Organisation, at: datetime) -> Sample:
    """Return the ask that a version makes. Needs `area` loaded."""
    stated = {name: getattr(version, name) for name in ("kinds", "above", "below", "words", "area", "rungs")}
    stated |= {name: getattr(version, name) for name in ("optional_fields", "retention_days", "budget_tokens")}
    stated |= {"purpose_text": version.purpose_text}
    return sample_of(stated, organisation=organisation, at=at, price=price_of_version(version))


def sample_of(
    stated: Mapping[str, Any], *, organisation: Organisation, at: datetime, price: Price | None = None
) -> Sample:
    """Return the ask that terms make which may be half written.

    Args:
        stated: fields of `Terms`, and `purpose_text`; what is missing or wrong is left out.
    """
    rungs = stated.get("rungs") or []
    if price is None and rungs:
        shares = {"manufacturer_bp": settings.MANUFACTURER_SHARE_BP, "platform_bp": settings.PLATFORM_SHARE_BP}
        price = price_of(rungs[0]["tokens"], **shares)
    kind = next((KINDS[code] for code in stated.get("kinds") or [] if code in KINDS), None)
    return Sample(
        organisation=organisation,
        purpose_text=stated.get("purpose_text") or "",
        retention_days=stated.get("retention_days"),
        price=price,
        answer_by=at + timedelta(hours=settings.ASK_HOURS),
        icon=kind.icon if kind else "",
        rows=_rows(kind, stated, Rung(rungs[0]["rung"]) if rungs else Rung.EXACT, at) if kind else [],
        events=(stated.get("budget_tokens") or 0) // price.total if price else 0,
    )


def _rows(kind: Kind, stated: Mapping[str, Any], rung: Rung, at: datetime) -> list[dict[str, Any]]:
    view = coarsen(rung, exact_view(kind=kind.code, value=_value(kind, stated), observed_at=at))
    rows: list[dict[str, Any]] = [
        {"main": True, "label": kind.label.say(language()), "value": show(view, language()), "word": bool(kind.words)},
        {"label": gettext("알아챈 때"), **_time(view.at, rung)},
    ]
    area: Area | None = stated.get("area")
    if area is not None:
        rows.append({"label": gettext("동네"), "value": area.name, "note": _homes(area)})
    left_to_choose = gettext("가구가 고르면 보내요")
    named = stated.get("optional_fields") or []
    return rows + [{"label": field_label(name), "value": left_to_choose} for name in named]


def _value(kind: Kind, stated: Mapping[str, Any]) -> int | float | bool | str:
    """Return an invented value that meets the condition."""
    if kind.value_type == "flag":
        return True
    if kind.value_type == "fault":
        return "E01"
    if kind.words:
        return next((word for word in stated.get("words") or [] if word in kind.words), next(iter(kind.words)))
    low, high = stated.get("above"), stated.get("below")
    low, high = kind.low if low is None else low, kind.high if high is None else high
    if not kind.low <= low < high <= kind.high:
        low, high = kind.low, kind.high
    if not low:
        return round(high / 4)
    value = low + min(high - low, kind.bands[1]) / 2
    return round(value) if low < round(value) < high else value


def _time(text: str, rung: Rung) -> dict[str, Any]:
    moment = datetime.fromisoformat(text)
    if rung is Rung.DAY:
        return {"at": moment, "value": f"{moment:%Y-%m-%d}"}
    return {"at": moment, "value": "" if rung is Rung.EXACT else f"{timezone.localtime(moment):%Y-%m-%d %H:00}"}


def _homes(area: Area) -> str:
    return gettext("%(homes)s가구") % {"homes": f"{area.households:,}"}
