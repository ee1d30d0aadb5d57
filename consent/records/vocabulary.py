"""The words of receipts: the JSON-LD context that each carries, and what our own terms mean.

A receipt carries its context whole, so that it says the same thing when Maru is gone; the same context stands at
`/ns/receipt-1.jsonld` and the terms at `/ns`. A published context is never edited: a new form gets a new number.
Source: W3C JSON-LD 1.1, W3C DPV 2.3 and its guide to ISO/IEC TS 27560.
"""

from typing import Any

from django.conf import settings

_TIME = {"@type": "xsd:dateTime"}
_LINK = {"@type": "@id"}

#: Our own terms. Each is used in receipts as `maru:<term>`.
TERMS: dict[str, tuple[str, str]] = {
    "ApplianceInsight": ("가전이 집 안에서 알아낸 한 가지", "One thing an appliance worked out inside a home"),
    "answers": ("그 밖에 허락한 어른들의 답", "The answers of the other adults who had to agree"),
    "compensation": ("동의에 대해 지급된 것", "What was paid for the consent"),
    "field": ("항목의 이름", "The name of one item of data"),
    "kind": ("알아낸 것의 종류", "What kind of thing was noticed"),
    "noticeSha256": ("보여 드린 알림의 SHA-256", "SHA-256 of the notice that was shown, in UTF-8"),
    "noticeVersion": ("알림의 판", "The version of the notice"),
    "opId": ("장부에서 이 지급의 번호", "The operation under which the ledger holds the payment"),
    "payloadDigest": (
        "보여 드린 값의 정준 JSON(RFC 8785)의 SHA-256. 값마다 다른 난수가 들어 있어요.",
        "SHA-256 of the RFC 8785 form of exactly what was shown and left; it holds a nonce of its own",
    ),
    "precision": ("얼마나 자세히", "How precisely: exact, hour or day"),
    "priceTokens": ("기관이 내는 값 모두", "The whole price that the organisation pays, in tokens"),
    "refusalConsequence": ("거절하면 생기는 불이익", "What follows from a refusal"),
    "schemaVersion": ("이 영수증이 따르는 꼴", "The form this receipt follows"),
    "text": ("보여 드린 글 그대로", "The exact text that was shown"),
    "tokens": ("우리 집이 받는 토큰", "What the household receives, in tokens"),
}


def context() -> dict[str, Any]:
    """Return the context of every receipt of this form."""
    return {
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "legal-kr": "https://w3id.org/dpv/legal/kr#",
        "loc": "https://w3id.org/dpv/loc#",
        "maru": f"{settings.BASE_URL}/ns#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dct:conformsTo": _LINK,
        "dct:created": _TIME,
        "dct:replaces": _LINK,
        "dpv:hasApplicableLaw": _LINK,
        "dpv:hasDataController": _LINK,
        "dpv:hasDataSubject": _LINK,
        "dpv:hasJurisdiction": _LINK,
        "dpv:hasLegalBasis": _LINK,
        "dpv:hasLocation": _LINK,
        "dpv:hasNecessity": _LINK,
        "dpv:hasProcessing": _LINK,
        "dpv:hasPurpose": _LINK,
        "dpv:hasRecipient": _LINK,
        "dpv:isExercisedAt": _LINK,
        "dpv:isIndicatedAtTime": _TIME,
        "dpv:isIndicatedBy": _LINK,
    }


def vocabulary() -> dict[str, Any]:
    """Return our own terms as JSON-LD, each with its meaning in both languages."""
    return {
        "@context": {
            "dct": "http://purl.org/dc/terms/",
            "maru": f"{settings.BASE_URL}/ns#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        },
        "@graph": [
            {
                "@id": f"maru:{term}",
                "rdfs:isDefinedBy": {"@id": f"{settings.BASE_URL}/ns"},
                "dct:description": [{"@language": "ko", "@value": ko}, {"@language": "en", "@value": en}],
            }
            for term, (ko, en) in TERMS.items()
        ],
    }
