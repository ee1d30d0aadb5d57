"""A receipt in words: what it says, once its signature is known to be good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from consent.parties.canonical import sha256_hex
from consent.parties.languages import language
from consent.records.notices import Section, sections_of
from consent.records.purposes import PURPOSES


@dataclass(frozen=True)
class Step:
    """One thing that was said, and when."""

    text: str
    at: datetime


@dataclass(frozen=True)
class ReadReceipt:
    """What one genuine receipt says.

    Attributes:
        steps: what was decided, the latest last.
        has_text_shown: whether the text in it is the one whose digest it names.
    """

    number: str
    recipient: str
    purpose: str
    items: str
    tokens: str
    price_tokens: str
    digest: str
    payment: str
    replaces: str
    steps: tuple[Step, ...]
    sections: tuple[Section, ...]
    locale: str
    has_text_shown: bool


def read_receipt(receipt: Mapping[str, Any]) -> ReadReceipt | None:
    """Return a genuine receipt in words, or None where it is of a form that this page does not know.

    Only for what `is_genuine` has said yes to: nothing else is repeated to anybody.
    """
    try:
        return _read(receipt)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, StopIteration):
        return None


def _read(receipt: Mapping[str, Any]) -> ReadReceipt:
    record = receipt["dpv:hasRecordOfActivity"]
    process, notice = record["dpv:hasProcess"][0], record["dpv:hasNotice"]
    recipient = next(one for one in record["dpv:hasEntity"] if "dpv:ThirdParty" in one["@type"])
    paid = receipt["maru:compensation"]
    return ReadReceipt(
        number=receipt["dct:identifier"],
        recipient=recipient["dpv:hasName"],
        purpose=_purpose(process["dpv:hasPurpose"]["@id"]),
        items=", ".join(_label(item) for item in process["dpv:hasPersonalData"]),
        tokens=paid["maru:tokens"],
        price_tokens=paid["maru:priceTokens"],
        digest="" if receipt["maru:payloadDigest"] == "none" else receipt["maru:payloadDigest"],
        payment="" if receipt["maru:opId"] == "none" else receipt["maru:opId"],
        replaces=receipt.get("dct:replaces", {}).get("@id", "").rpartition("/")[2],
        steps=tuple(_step(status) for status in record["dpv:hasConsentStatus"]),
        sections=sections_of(notice["maru:text"]),
        locale=notice["dct:language"],
        has_text_shown=sha256_hex(notice["maru:text"].encode()) == notice["maru:noticeSha256"],
    )


def _purpose(term: str) -> str:
    return next((purpose.label for purpose in PURPOSES.values() if purpose.dpv == term), term)


def _label(item: Mapping[str, Any]) -> str:
    """Return an item's name as it was shown; in the other language there is only its name in the record."""
    title = item["dct:title"]
    return str(title["@value"] if title["@language"] == language() else item["maru:field"])


def _step(status: Mapping[str, Any]) -> Step:
    words = {
        "dpv:ConsentGiven": gettext("허락했어요."),
        "dpv:ConsentRefused": gettext("거절했어요. 나간 값은 없어요."),
        "dpv:ConsentWithdrawn": gettext("철회했어요."),
        "dpv:ConsentRevoked": gettext("마루가 거두었어요."),
    }
    return Step(words[status["@type"][0]], datetime.fromisoformat(status["dpv:isIndicatedAtTime"]))
