"""What a receipt says: ISO/IEC TS 27560 content as JSON-LD with DPV terms. `signing` says how it is signed.

A receipt outlives the data it speaks of, so it names people only by a name made for one recipient, and holds the digest
of what left, never the values. It carries the exact text that was shown, not just its number.
Source: ISO/IEC TS 27560 with the guide of W3C DPV 2.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.parties.canonical import utc_text
from consent.parties.models import Organisation, User
from consent.parties.secrets import keyed_name
from consent.records.controller import controller
from consent.records.models import Answer, Consent, ConsentEnd
from consent.records.notices import Notice
from consent.records.purposes import PURPOSES
from consent.records.signing import as_document, is_genuine, jwks, sign
from consent.records.vocabulary import context

__all__ = ["Coverage", "Item", "as_document", "compose", "compose_end", "is_genuine", "jwks", "sign"]

SCHEMA_VERSION = "maru-receipt/1"
STATUS = {
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "revoked": "dpv:ConsentRevoked",
}


@dataclass(frozen=True)
class Item:
    """One item of data: its name in the record, what people call it, and whether the home could leave it out."""

    field: str
    label: str
    is_optional: bool


@dataclass(frozen=True)
class Coverage:
    """What one answer is about: which items of which kind, how precisely, for how long, and for what price."""

    kind: str
    precision: str
    items: tuple[Item, ...]
    retention_days: int
    tokens: int
    price_tokens: int


def compose(
    *,
    receipt_id: UUID,
    consent: Consent,
    act: str,
    notice: Notice,
    coverage: Coverage,
    others: list[Answer] | None = None,
) -> dict[str, Any]:
    """Return the receipt of one decision, ready to be signed.

    Args:
        act: `given` or `refused`.
        notice: the text that `consent.decided_by` was shown.
        coverage: what would leave, or would have left.
        others: what the other adults said before, where all had to agree.

    Raises:
        ValueError: it would cover no item at all.
    """
    if not coverage.items:
        raise ValueError("a consent is to something: no item is named")
    record = _record(consent, notice=notice, coverage=coverage)
    record["dpv:hasConsentStatus"] = [_decision(consent, act=act)]
    if others:
        record["maru:answers"] = [_answer_of(answer, consent) for answer in others]
    given = act == "given"
    return _receipt(receipt_id, record=record, at=consent.at) | {
        "maru:payloadDigest": f"sha-256:{consent.payload_digest}" if consent.payload_digest else "none",
        "maru:opId": str(consent.op_id) if consent.op_id else "none",
        "maru:compensation": {
            "maru:tokens": str(coverage.tokens if given else 0),
            "maru:priceTokens": str(coverage.price_tokens if given else 0),
        },
        "maru:refusalConsequence": "none",
    }


def compose_end(*, receipt_id: UUID, given: Mapping[str, Any], end: ConsentEnd) -> dict[str, Any]:
    """Return the receipt of a consent's end: the first receipt's record with one more status, replacing it.

    Everything else is taken over as it was signed then, so that nothing that changed since gets into it.

    Args:
        given: the receipt of the consent, as it was signed.
    """
    before = dict(given["dpv:hasRecordOfActivity"])
    record = before | {"dpv:hasConsentStatus": [*before["dpv:hasConsentStatus"], _ending(end)]}
    kept = {name: value for name, value in given.items() if name.startswith("maru:")}
    told = _receipt(receipt_id, record=record, at=end.at) | kept
    return told | {"@context": given["@context"], "dct:replaces": {"@id": given["@id"]}}


def _receipt(receipt_id: UUID, *, record: dict[str, Any], at: datetime) -> dict[str, Any]:
    base = settings.BASE_URL
    return {
        "@context": context(),
        "@id": f"{base}/receipts/{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": str(receipt_id),
        "dpv:hasIdentifier": str(receipt_id),
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
        "dct:created": utc_text(at, to="milliseconds"),
        "dct:publisher": {"@id": f"{base}/organisations/maru"},
        "dpv:hasRecordOfActivity": record,
        "maru:schemaVersion": SCHEMA_VERSION,
    }


def _record(consent: Consent, *, notice: Notice, coverage: Coverage) -> dict[str, Any]:
    base = settings.BASE_URL
    return {
        "@id": f"{base}/consents/{consent.pk}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": str(consent.pk),
        "dpv:hasIdentifier": str(consent.pk),
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
        "dpv:hasDataSubject": {"@id": _subject(consent.decided_by, consent)},
        "dpv:hasDataController": {"@id": f"{base}/organisations/maru"},
        "dpv:hasJurisdiction": {"@id": "loc:KR"},
        "dpv:hasApplicableLaw": {"@id": "legal-kr:law-PIPA"},
        "dpv:hasEntity": [_controller(notice.locale), _third_party(consent.recipient, notice.locale), _authority()],
        "dpv:hasNotice": {
            "@id": f"{base}/notices/v{notice.version}/{notice.locale}",
            "@type": "dpv:ConsentNotice",
            "dct:language": notice.locale,
            "maru:noticeVersion": str(notice.version),
            "maru:noticeSha256": notice.sha256,
            "maru:text": notice.text,
        },
        "dpv:hasProcess": [_process(consent, coverage, notice.locale)],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": f"{base}/history/{consent.pk}",
        },
        "dpv:hasRight": [{"@type": "dpv:DataSubjectRight", "dpv:isExercisedAt": f"{base}/privacy"}],
    }


def _controller(locale: str) -> dict[str, Any]:
    maru = controller(locale)
    return {
        "@id": f"{settings.BASE_URL}/organisations/maru",
        "@type": ["dpv:Organisation", "dpv:DataController"],
        "dpv:hasIdentifier": "maru",
        "dpv:hasName": maru.name,
        "dpv:hasAddress": maru.address,
        "dpv:hasContact": [maru.contact, maru.officer],
    }


def _third_party(recipient: Organisation, locale: str) -> dict[str, Any]:
    return {
        "@id": _id_of(recipient),
        "@type": ["dpv:Organisation", "dpv:ThirdParty"],
        "dpv:hasIdentifier": str(recipient.pk),
        "dpv:hasName": recipient.name_en if locale == "en" else recipient.name_ko,
        "dpv:hasAddress": recipient.address,
        "dpv:hasContact": recipient.contact,
    }


def _authority() -> dict[str, Any]:
    return {"@id": "legal-kr:DPA-KR", "@type": "dpv:DataProtectionAuthority"}


def _process(consent: Consent, coverage: Coverage, locale: str) -> dict[str, Any]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@id": PURPOSES[consent.ask.purpose].dpv},
        "dpv:hasProcessing": [{"@id": "dpv:Share"}, {"@id": "dpv:Analyse"}],
        "dpv:hasLegalBasis": {"@id": "dpv:ExplicitlyExpressedConsent"},
        "dpv:hasPersonalData": [_item(item, coverage, locale) for item in coverage.items],
        "dpv:hasRecipient": [{"@id": _id_of(consent.recipient)}],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "loc:KR"}},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": f"P{coverage.retention_days}D"},
        ],
        "maru:precision": coverage.precision,
    }


def _item(item: Item, coverage: Coverage, locale: str) -> dict[str, Any]:
    return {
        "@type": "maru:ApplianceInsight",
        "dct:title": {"@value": item.label, "@language": locale},
        "dpv:hasNecessity": {"@id": "dpv:Optional" if item.is_optional else "dpv:Required"},
        "maru:field": item.field,
        "maru:kind": coverage.kind,
    }


def _decision(consent: Consent, *, act: str) -> dict[str, Any]:
    status = _status(act, by=_subject(consent.decided_by, consent), at=consent.at)
    if consent.ends_at and act == "given":
        until = utc_text(consent.ends_at, to="milliseconds")
        status["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "rdf:value": until}
    return status


def _ending(end: ConsentEnd) -> dict[str, Any]:
    """Say who ended it: the person, or Maru, where somebody else than the people of the home did."""
    is_theirs = end.reason == ConsentEnd.Reason.WITHDRAWN
    by = _subject(end.actor, end.consent) if is_theirs else f"{settings.BASE_URL}/organisations/maru"
    return _status(end.reason, by=by, at=end.at)


def _status(act: str, *, by: str, at: datetime) -> dict[str, Any]:
    return {
        "@type": [STATUS[act], "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedBy": {"@id": by},
        "dpv:hasIndicationMethod": "browser",
        "dpv:isIndicatedAtTime": utc_text(at, to="milliseconds"),
    }


def _answer_of(answer: Answer, consent: Consent) -> dict[str, Any]:
    status = _status("given", by=_subject(answer.member, consent), at=answer.at)
    shown = {"dct:language": answer.notice_locale, "maru:noticeSha256": answer.notice_sha256}
    return status | {name: value for name, value in shown.items() if value}


def _subject(person: User, consent: Consent) -> str:
    """Name a person for this one recipient: two recipients cannot find out that they speak of the same one."""
    return f"urn:maru:{keyed_name('subject', f'{person.pk}|{consent.recipient_id}')[:32]}"


def _id_of(organisation: Organisation) -> str:
    return f"{settings.BASE_URL}/organisations/{organisation.pk}"
