"""Receipts: ISO/IEC TS 27560 content as JSON-LD with DPV terms, signed as a detached JWS (Ed25519) over JCS bytes.

A receipt outlives the data it speaks of, so it names people only by a name made for one recipient.
Source: standards ISO/IEC TS 27560, W3C DPV 2.3, RFC 8785, RFC 7515 appendix F, RFC 9864.
"""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from consent.parties.canonical import canonical_bytes, utc_text
from consent.parties.models import Organisation
from consent.parties.secrets import keyed_name, read_or_make
from consent.records.models import Consent
from consent.records.notices import Notice
from consent.records.purposes import PURPOSES

CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "legal-kr": "https://w3id.org/dpv/legal/kr#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
STATUS = {
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "revoked": "dpv:ConsentRevoked",
}
SIGNING_KEY = "receipts-1.pem"


def compose(
    *,
    receipt_id: UUID,
    consent: Consent,
    act: str,
    at: datetime,
    notice: Notice,
    price_tokens: int,
    tokens: int,
    replaces: UUID | None = None,
) -> dict[str, Any]:
    """Return the receipt of one act on one consent, ready to be signed.

    Args:
        act: `given`, `refused`, `withdrawn` or `revoked`.
        at: when the act happened; UTC in the receipt.
        replaces: the receipt this one supersedes.
    """
    base = settings.BASE_URL
    subject = f"urn:maru:{keyed_name('subject', f'{consent.decided_by_id}|{consent.recipient_id}')[:32]}"
    receipt = {
        "@context": {**CONTEXT, "maru": f"{base}/ns#"},
        "@id": f"{base}/receipts/{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": str(receipt_id),
        "dpv:hasIdentifier": str(receipt_id),
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
        "dct:created": utc_text(at, to="milliseconds"),
        "dpv:hasRecordOfActivity": _record(consent, subject=subject, act=act, at=at, notice=notice),
        "maru:payloadDigest": f"sha-256:{consent.payload_digest}" if consent.payload_digest else "none",
        "maru:opId": str(consent.op_id) if consent.op_id else "none",
        "maru:compensation": {"maru:tokens": str(tokens), "maru:priceTokens": str(price_tokens)},
        "maru:refusalConsequence": "none",
    }
    if replaces:
        receipt["dct:replaces"] = {"@id": f"{base}/receipts/{replaces}"}
    return receipt


def sign(receipt: dict[str, Any]) -> tuple[bytes, str]:
    """Return the canonical bytes of a receipt and the detached JWS over them."""
    body = canonical_bytes(receipt)
    key = _private_key(str(settings.KEYS_DIR))
    header = {"alg": "Ed25519", "kid": key.thumbprint(), "typ": "consent-receipt+jws", "cty": "application/ld+json"}
    token = jws.serialize_compact(header, body, key, algorithms=["Ed25519"])
    return body, jws.detach_content(token)


def as_document(body: bytes) -> dict[str, Any]:
    """Return a stored receipt as JSON; its canonical form is again the stored bytes."""
    return json.loads(body)


def is_genuine(receipt: dict[str, Any], signature: str) -> tuple[bool, str]:
    """Tell whether this exact receipt carries a signature of ours.

    Returns:
        Whether it does, and one word for why not: `signature` (changed or foreign), `header` (not a receipt's),
        `key` (no key of ours has that id), or `ok`.
    """
    try:
        header = jws.extract_compact(_attached(signature)).headers()
        if (header.get("alg"), header.get("typ")) != ("Ed25519", "consent-receipt+jws"):
            return False, "header"
        key = next((key for key in _public_keys(str(settings.KEYS_DIR)) if key.thumbprint() == header.get("kid")), None)
        if key is None:
            return False, "key"
        jws.deserialize_compact(signature, key, algorithms=["Ed25519"], payload=canonical_bytes(receipt))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return False, "signature"
    return True, "ok"


def jwks() -> dict[str, Any]:
    """Return the public keys, old ones too: an old receipt verifies for as long as it is kept."""
    _private_key(str(settings.KEYS_DIR))
    shared = {"use": "sig", "alg": "Ed25519"}
    keys = _public_keys(str(settings.KEYS_DIR))
    return {"keys": [{**key.as_dict(private=False), **shared, "kid": key.thumbprint()} for key in keys]}


def _record(consent: Consent, *, subject: str, act: str, at: datetime, notice: Notice) -> dict[str, Any]:
    base = settings.BASE_URL
    return {
        "@id": f"{base}/consents/{consent.pk}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": str(consent.pk),
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
        "dpv:hasDataSubject": {"@id": subject},
        "dpv:hasDataController": {"@id": f"{base}/organisations/maru"},
        "dpv:hasJurisdiction": {"@id": "loc:KR"},
        "dpv:hasApplicableLaw": {"@id": "legal-kr:law-PIPA"},
        "dpv:hasEntity": [_third_party(consent.recipient)],
        "dpv:hasNotice": {
            "@id": f"{base}/notices/v{notice.version}/{notice.locale}",
            "@type": "dpv:ConsentNotice",
            "dct:language": notice.locale,
            "maru:sha256": notice.sha256,
            "maru:text": notice.text,
        },
        "dpv:hasProcess": [_process(consent)],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": f"{base}/history#consent-{consent.pk}",
        },
        "dpv:hasRight": [{"@type": "dpv:DataSubjectRight", "dpv:isExercisedAt": f"{base}/privacy"}],
        "dpv:hasConsentStatus": [_status(consent, subject=subject, act=act, at=at)],
    }


def _third_party(recipient: Organisation) -> dict[str, Any]:
    return {
        "@id": _id_of(recipient),
        "@type": ["dpv:Organisation", "dpv:ThirdParty"],
        "dpv:hasName": recipient.name_ko,
        "dpv:hasAddress": recipient.address,
        "dpv:hasContact": recipient.contact,
    }


def _process(consent: Consent) -> dict[str, Any]:
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@id": PURPOSES[consent.ask.purpose].dpv},
        "dpv:hasProcessing": [{"@id": "dpv:Share"}, {"@id": "dpv:Analyse"}],
        "dpv:hasLegalBasis": {"@id": "dpv:ExplicitlyExpressedConsent"},
        "dpv:hasPersonalData": [{"@id": "maru:ApplianceInsight", "dpv:hasNecessity": {"@id": "dpv:Required"}}],
        "dpv:hasRecipient": [{"@id": _id_of(consent.recipient)}],
        "dpv:hasStorageCondition": [{"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "loc:KR"}}],
    }


def _status(consent: Consent, *, subject: str, act: str, at: datetime) -> dict[str, Any]:
    status: dict[str, Any] = {
        "@type": [STATUS[act], "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedBy": {"@id": subject},
        "dpv:hasIndicationMethod": "browser",
        "dpv:isIndicatedAtTime": utc_text(at, to="milliseconds"),
    }
    if consent.ends_at and act == "given":
        ends_at = utc_text(consent.ends_at, to="milliseconds")
        status["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "rdf:value": ends_at}
    return status


def _id_of(organisation: Organisation) -> str:
    return f"{settings.BASE_URL}/organisations/{organisation.pk}"


def _attached(signature: str) -> bytes:
    header, _, rest = signature.partition(".")
    return f"{header}.e30.{rest.rpartition('.')[2]}".encode()


@lru_cache(maxsize=4)
def _private_key(folder: str) -> OKPKey:
    return OKPKey.import_key(read_or_make(SIGNING_KEY, _new_key))


def _public_keys(folder: str) -> list[OKPKey]:
    return [OKPKey.import_key(path.read_bytes()) for path in sorted(Path(folder).glob("receipts-*.pem"))]


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
