"""What a data request asks for, in words: the same for the buyer who wrote it and the admin who reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext

from consent.parties.languages import language
from consent.records.purposes import PURPOSES
from marketplace.demand.models import LeastAssurance, RequestVersion
from marketplace.demand.pricing import price_of_version
from marketplace.demand.terms import RUNG_LABELS, field_label
from marketplace.insights.kinds import KINDS
from marketplace.insights.precision import Rung


@dataclass(frozen=True)
class Fact:
    """One pair of `demand/parts/terms.html`.

    Attributes:
        note: what helps to weigh the value.
        before: what stood there in the version before, where that was something else.
    """

    label: str
    value: str = ""
    note: str = ""
    strong: bool = False
    at: datetime | None = None
    before: str = ""


def facts_of(version: RequestVersion) -> list[Fact]:
    """Return every term of a version but its one line, what decides first. Needs `area` loaded."""
    price, purpose = price_of_version(version), PURPOSES[version.purpose]
    bound = gettext("이 목적으로는 %(days)s일까지") % {"days": purpose.max_retention_days}
    homes = gettext("%(homes)s가구") % {"homes": f"{version.area.households:,}"}
    shares = {"home": price.tokens, "maker": price.manufacturer, "maru": price.platform}
    parts = gettext("가구 %(home)s, 제조사 %(maker)s, 마루 %(maru)s") % {k: f"{v:,}" for k, v in shares.items()}
    return [
        Fact(gettext("목적"), purpose.label),
        Fact(gettext("보관"), gettext("%(days)s일") % {"days": version.retention_days}, note=bound, strong=True),
        Fact(gettext("알아챈 일"), kinds_of(version)),
        Fact(gettext("여쭤보는 때"), condition_of(version)),
        Fact(gettext("정밀도와 토큰"), " · ".join(_rung(offered) for offered in version.rungs)),
        Fact(gettext("한 건 값"), _tokens(price.total), note=parts),
        Fact(gettext("가구가 고르면 함께 받을 것"), _fields(version)),
        Fact(gettext("동네"), version.area.name, note=homes),
        Fact(gettext("얼마나 확실한 것을"), str(LeastAssurance(version.least_assurance).label)),
        Fact(gettext("같은 가전에 다시 여쭙기까지"), _gap(version.min_gap_hours)),
        Fact(gettext("예산"), _tokens(version.budget_tokens)),
        Fact(gettext("닫는 때"), at=version.ends_at),
    ]


def kinds_of(version: RequestVersion) -> str:
    """Say what must have been noticed; a kind that is not registered any more by its code."""
    return _listed(KINDS[code].label.say(language()) if code in KINDS else code for code in version.kinds)


def condition_of(version: RequestVersion) -> str:
    """Say for which values a household is asked, with their unit."""
    if version.words:
        return gettext("이것일 때만: %(words)s") % {"words": _listed(_word(version, word) for word in version.words)}
    bounds = {"above": version.above, "below": version.below}
    said = {name: _bound(version, bound) for name, bound in bounds.items() if bound is not None}
    if len(said) == 2:
        return gettext("%(above)s보다 크고 %(below)s보다 작을 때") % said
    if "above" in said:
        return gettext("%(above)s보다 클 때") % said
    return gettext("%(below)s보다 작을 때") % said if said else gettext("값과 상관없이")


def facts_since(version: RequestVersion, before: RequestVersion | None) -> list[Fact]:
    """Return the terms of a version, each with what stood there in the one before where that was something else.

    Needs `area` loaded, of both.
    """
    facts = facts_of(version)
    if before is None:
        return facts
    stood = {fact.label: fact for fact in facts_of(before)}
    return [_compared(fact, stood[fact.label]) for fact in facts]


def _compared(fact: Fact, stood: Fact) -> Fact:
    return fact if _text(fact) == _text(stood) else replace(fact, before=_text(stood))


def _text(fact: Fact) -> str:
    if fact.at:
        return formats.date_format(timezone.localtime(fact.at), "SHORT_DATETIME_FORMAT")
    return f"{fact.value} ({fact.note})" if fact.note else fact.value


def _word(version: RequestVersion, word: str) -> str:
    known = {word: text for code in version.kinds if code in KINDS for word, text in KINDS[code].words.items()}
    return known[word].say(language()) if word in known else word


def _bound(version: RequestVersion, bound: float) -> str:
    """Say a threshold; kinds that share one are measured in the same unit."""
    number = f"{int(bound) if bound.is_integer() else bound:,}"
    kind = KINDS.get(version.kinds[0])
    return kind.with_unit(number, language()) if kind else number


def _rung(offered: Mapping[str, Any]) -> str:
    return f"{RUNG_LABELS[Rung(offered['rung'])]}: {_tokens(offered['tokens'])}"


def _fields(version: RequestVersion) -> str:
    return _listed(field_label(name) for name in version.optional_fields) or gettext("없음")


def _gap(hours: int) -> str:
    return gettext("%(hours)s시간") % {"hours": hours} if hours else gettext("두지 않아요")


def _tokens(amount: int) -> str:
    return gettext("%(tokens)s 토큰") % {"tokens": f"{amount:,}"}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
