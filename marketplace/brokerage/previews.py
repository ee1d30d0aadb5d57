"""The exact JSON that would leave, for one ask and one choice of precision and fields.

What is shown, what is hashed, what is released and what the buyer can check are these same bytes.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.parties.secrets import keyed_name
from consent.parties.strict_json import loads
from marketplace.brokerage.errors import ChoiceNotOffered
from marketplace.brokerage.models import Offer
from marketplace.brokerage.reasons import Why, why_of
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.models import SealedObject
from marketplace.insights.precision import Rung, View, view_of

#: What every record holds; the rest leaves only where the buyer offered it and the member kept it.
ALWAYS = ("value", "unit", "observed_at", "interval", "area")


@dataclass(frozen=True)
class Choice:
    """How exactly, and without which optional fields, one insight may leave."""

    rung: str
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """What would leave.

    Attributes:
        document: the JSON; `body` its canonical bytes; `sha256` the digest of those, 64 hex digits.
        view: the same values for people to read.
        tokens: what the household receives for this choice.
        why: what concluded it and for which reason, for the household too.
        assurance: how sure it is who said it (`appliances.Assurance`), for the household; it is no part of what leaves.
    """

    choice: Choice
    document: dict[str, Any]
    body: bytes
    sha256: str
    view: View
    tokens: int
    assurance: str = ""
    why: Why | None = None


def read_choice(offer: Offer, *, precision: str | None, drop_fields: Sequence[str] | None) -> Choice:
    """Return the choice a member made; nothing said means the finest rung and no optional field.

    Raises:
        ChoiceNotOffered: the rung was not offered, or the field cannot be left out.
    """
    offered = [rung["rung"] for rung in offer.version.rungs]
    rung = precision or offered[0]
    dropped = offer.version.optional_fields if drop_fields is None else drop_fields
    if rung not in offered:
        raise ChoiceNotOffered(gettext("이만큼 자세히 보내는 선택은 없어요."))
    if not set(dropped) <= set(offer.version.optional_fields):
        raise ChoiceNotOffered(gettext("그 항목은 뺄 수 없어요."))
    return Choice(rung, tuple(sorted(set(dropped))))


def preview_of(offer: Offer, choice: Choice) -> Preview:
    """Build what would leave. Needs `PREVIEWED` loaded by select_related.

    Raises:
        VaultClosed: the insight was shredded.
    """
    sealed = _sealed(offer)
    payload = loads(vault.open_sealed(sealed))
    view = view_of(payload, Rung(choice.rung))
    document = {
        "kind": offer.insight.kind,
        "data": _data(offer, choice, view),
        "household": keyed_name("household", f"{offer.ask.household_id}|{offer.ask.recipient_id}")[:16],
        "nonce": _nonce(offer, choice, vault.data_key_of(sealed)),
    }
    body = canonical_bytes(document)
    tokens, assurance = offer.version.tokens_at(choice.rung), payload.get("assurance", "")
    return Preview(choice, document, body, sha256_hex(body), view, tokens, assurance, why_of(payload))


#: What `preview_of` reads, for select_related on offers.
PREVIEWED = (
    "ask__household__area__parent",
    "ask__recipient",
    "insight__sealed__data_key",
    "insight__appliance",
    "insight__conclusion",
    "insight__wrong_word",
    "request",
    "version__area",
)


def _data(offer: Offer, choice: Choice, view: View) -> dict[str, Any]:
    area = offer.ask.household.area
    coarse = Rung(choice.rung).area_level == "city" and area.parent_id
    known = {
        **view.as_json(),
        "area": area.parent_id if coarse else area.pk,
        "appliance": offer.insight.appliance.type,
        "model": offer.insight.appliance.model,
    }
    kept = set(ALWAYS) | set(offer.version.optional_fields) - set(choice.dropped)
    return {name: value for name, value in known.items() if name in kept and value not in (None, "")}


def _sealed(offer: Offer) -> SealedObject:
    if offer.insight.sealed is None:
        raise VaultClosed(gettext("이 값은 이미 지웠어요."))
    return offer.insight.sealed


def _nonce(offer: Offer, choice: Choice, data_key: bytes) -> str:
    """Return 16 bytes that only the insight's data key can make: the digest hides the value once that key is gone."""
    said = f"preview|{offer.ask_id}|{choice.rung}|{','.join(choice.dropped)}"
    return hmac.new(data_key, said.encode(), hashlib.sha256).hexdigest()[:32]
