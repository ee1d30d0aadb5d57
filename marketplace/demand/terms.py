"""The terms of a data request as a buyer states them, before they are frozen into a version."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.parties.models import Area
from marketplace.demand.models import LeastAssurance, RequestVersion
from marketplace.insights.precision import Rung

#: What a household may add to a record or leave at home. One that a version does not name never leaves.
OPTIONAL_FIELDS = ("appliance", "model", "zone", "confidence", "power_w")

#: How a person calls each step of precision.
RUNG_LABELS = {
    Rung.EXACT: _("잰 그대로, 초까지"),
    Rung.HOUR: _("묶은 값, 한 시간 단위"),
    Rung.DAY: _("넓게 묶은 값, 날짜와 도시만"),
}


def field_label(name: str) -> str:
    """Return how a person calls one field that may leave a home or stay there."""
    return {
        "appliance": gettext("가전의 종류"),
        "model": gettext("가전 모델"),
        "zone": gettext("가전의 칸"),
        "confidence": gettext("얼마나 확실한지"),
        "power_w": gettext("그때의 전력"),
    }[name]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Every word and number a buyer decides.

    Attributes:
        above: ask only when the value is greater; None for no lower threshold.
        below: ask only when the value is smaller; None for no upper threshold.
        words: for kinds whose value is a word: ask only for these; empty for any.
        rungs: `{"rung": "exact" | "hour" | "day", "tokens": n}`, finest first, never paying more for less detail.
        budget_tokens: what the buyer means to spend in all; what it has put in escrow is another number.
        least_assurance: of `LeastAssurance`: ask only about what came at least as sure a way.
    """

    kinds: list[str]
    area: Area
    purpose: str
    purpose_ko: str
    purpose_en: str
    rungs: list[dict[str, Any]]
    retention_days: int
    budget_tokens: int
    ends_at: datetime
    above: float | None = None
    below: float | None = None
    words: list[str] = field(default_factory=list)
    optional_fields: list[str] = field(default_factory=list)
    min_gap_hours: int = 24
    least_assurance: str = LeastAssurance.ANY


def terms_of(version: RequestVersion) -> Terms:
    """Return the terms that a version has frozen, to be changed and stated anew. Needs `area` loaded."""
    return Terms(**{name: getattr(version, name) for name in Terms.__dataclass_fields__})
