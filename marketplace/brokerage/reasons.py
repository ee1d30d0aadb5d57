"""Why something was concluded, in the words sealed with it. They stay at home, and are no part of what leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from consent.parties.languages import language
from consent.parties.models import Membership
from consent.parties.strict_json import loads
from marketplace.brokerage.models import Offer
from marketplace.brokerage.parts import Fact
from marketplace.brokerage.policies import may_see_value
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Insight, WrongWord


@dataclass(frozen=True)
class Why:
    """Who concluded it, how sure, and the reason.

    Attributes:
        rule: its name and version; empty where a model on the appliance concluded it, which tells no reason.
        confidence: from 0 to 1; None where nothing was said of it.
        said: the explanation in Korean and English, as it stood when it was concluded.
    """

    rule: str
    confidence: float | None
    said: Mapping[str, str]

    def say(self, locale: str) -> str:
        """Return the explanation for a reader."""
        own = self.said.get("en" if locale.startswith("en") else "ko")
        return own or gettext("가전 안의 모델이 스스로 알아챘어요.")

    @property
    def surety(self) -> str:
        """How sure it is, for people; empty where nothing was said of it."""
        if self.confidence is None:
            return ""
        return gettext("확신 %(percent)s%%") % {"percent": round(self.confidence * 100)}


def why_of(payload: Mapping[str, Any]) -> Why | None:
    """Return why the content of an insight was concluded; None for what a sensor measured."""
    kind, method = KINDS.get(payload["kind"]), payload.get("method", {})
    if kind is None or not kind.is_judged:
        return None
    rule = f"{method['name']}@{method['version']}" if method.get("type") == "rule" else ""
    confidence = payload.get("confidence")
    return Why(rule, None if confidence is None else float(confidence), payload.get("explained", {}))


def why_still(offer: Offer, *, membership: Membership) -> Why | None:
    """Return why an insight was concluded, as long as it is kept, to a member who may see its value.

    Needs `insight__sealed__data_key` and `insight__appliance` loaded.
    """
    insight = offer.insight
    kind = KINDS.get(insight.kind)
    if kind is None or not kind.is_judged or insight.sealed is None or not may_see_value(offer, membership=membership):
        return None
    try:
        return why_of(loads(vault.open_sealed(insight.sealed)))
    except VaultClosed:
        return None


def wrong_word_of(insight: Insight) -> WrongWord | None:
    """Return a member's word that it is wrong. Needs `wrong_word__member` loaded by select_related."""
    return getattr(insight, "wrong_word", None)


def reason_facts(why: Why | None) -> list[Fact]:
    """Return why it was concluded as a fact of a card or a paper; nothing for what a sensor measured."""
    return [Fact(gettext("알아챈 까닭"), why.say(language()), note=why.surety)] if why else []
