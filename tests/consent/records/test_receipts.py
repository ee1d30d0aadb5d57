"""A receipt says all that the standard asks for, in terms that every reader of linked data understands."""

import json
import re

import pytest
from django.conf import settings
from django.utils import timezone
from pyld import jsonld

from consent.parties.canonical import canonical_bytes, sha256_hex
from consent.records import receipts, vocabulary
from consent.records.models import Answer, Receipt
from marketplace.brokerage import operations as brokerage
from tests import factories

pytestmark = pytest.mark.django_db

#: Each mandatory field of ISO/IEC TS 27560, and where DPV's guide puts it, as a path into the receipt.
MANDATORY = {
    "schema_version": "maru:schemaVersion",
    "record_id": "dpv:hasRecordOfActivity/dct:identifier",
    "receipt_id": "dct:identifier",
    "pii_principal_id": "dpv:hasRecordOfActivity/dpv:hasDataSubject/@id",
    "privacy_notice": "dpv:hasRecordOfActivity/dpv:hasNotice/@id",
    "language": "dpv:hasRecordOfActivity/dpv:hasNotice/dct:language",
    "purposes": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasPurpose/@id",
    "lawful_basis": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasLegalBasis/@id",
    "pii_information": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasPersonalData/0/maru:field",
    "pii_type": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasPersonalData/0/@type",
    "pii_optional": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasPersonalData/0/dpv:hasNecessity/@id",
    "pii_controllers": "dpv:hasRecordOfActivity/dpv:hasDataController/@id",
    "storage_locations": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasStorageCondition/0/dpv:hasLocation/@id",
    "retention_period": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasStorageCondition/1/dpv:hasDuration",
    "jurisdiction": "dpv:hasRecordOfActivity/dpv:hasJurisdiction/@id",
    "recipient_third_parties": "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasRecipient/0/@id",
    "withdrawal_method": "dpv:hasRecordOfActivity/dpv:hasConsentControl/dpv:isExercisedAt",
    "privacy_rights": "dpv:hasRecordOfActivity/dpv:hasRight/0/dpv:isExercisedAt",
    "party_id": "dpv:hasRecordOfActivity/dpv:hasEntity/0/@id",
    "party_name": "dpv:hasRecordOfActivity/dpv:hasEntity/0/dpv:hasName",
    "party_address": "dpv:hasRecordOfActivity/dpv:hasEntity/0/dpv:hasAddress",
    "party_contact": "dpv:hasRecordOfActivity/dpv:hasEntity/0/dpv:hasContact/1",
    "party_type": "dpv:hasRecordOfActivity/dpv:hasEntity/0/@type/1",
    "recipient's name": "dpv:hasRecordOfActivity/dpv:hasEntity/1/dpv:hasName",
    "recipient's address": "dpv:hasRecordOfActivity/dpv:hasEntity/1/dpv:hasAddress",
    "recipient's contact": "dpv:hasRecordOfActivity/dpv:hasEntity/1/dpv:hasContact",
    "event_time": "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/dpv:isIndicatedAtTime",
    "validity_duration": "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/dpv:hasDuration/rdf:value",
    "entity_id": "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/dpv:isIndicatedBy/@id",
    "event_type": "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/@type/1",
    "event_state": "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/@type/0",
}  # fmt: skip
#: Every term of DPV that receipts may use; all of them are in version 2.3.
TERMS_OF_DPV = """
    Analyse ConsentGiven ConsentNotice ConsentReceipt ConsentRecord ConsentRefused ConsentRevoked ConsentWithdrawn
    DataController DataProtectionAuthority DataSubjectRight ExplicitlyExpressedConsent Optional Organisation Process
    Required Share StorageDuration StorageLocation ThirdParty UntilTimeDuration WithdrawConsent hasAddress
    hasApplicableLaw hasConsentControl hasConsentStatus hasContact hasDataController hasDataSubject hasDuration
    hasEntity hasIdentifier hasIndicationMethod hasJurisdiction hasLegalBasis hasLocation hasName hasNecessity
    hasNotice hasPersonalData hasProcess hasProcessing hasPurpose hasRecipient hasRecordOfActivity hasRight
    hasStorageCondition isExercisedAt isIndicatedAtTime isIndicatedBy ImprovePublicServices
"""


@pytest.fixture
def mother():
    return factories.member(name="윤하늘")


def receipt_of(consent, act=None):
    kept = Receipt.objects.filter(consent=consent, **({"act": act} if act else {})).latest("at")
    return receipts.as_document(bytes(kept.body))


def refused(mother, **fields):
    ask = factories.ask(of=mother.membership.household, **fields)
    return brokerage.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())


def withdrawn(mother, **fields):
    consent = factories.deal(by=mother, **fields).consent
    brokerage.withdraw_consent(consent_id=consent.pk, actor=mother, at=timezone.now())
    return consent


def each_kind(mother):
    request = factories.open_request()
    given = factories.deal(by=mother, request=request, source="urn:1").consent
    others = refused(mother, request=request, source="urn:2"), withdrawn(mother, request=request, source="urn:3")
    return [receipt_of(consent) for consent in (given, *others)]


def at_path(document, path):
    for step in path.split("/"):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def names_in(node):
    """Every name and every value of `@id` and `@type` in a compact document, beside its context."""
    if isinstance(node, list):
        return [name for one in node for name in names_in(one)]
    if not isinstance(node, dict):
        return []
    found = []
    for name, inner in node.items():
        if name != "@context":
            found += [name, *names_in(inner)]
            found += [inner] if name in ("@id", "@type") and isinstance(inner, str) else []
            found += inner if name == "@type" and isinstance(inner, list) else []
    return found


def nowhere(url, options):
    raise AssertionError(f"a receipt needs nothing from elsewhere, and asked for {url}")


def test_says_every_mandatory_field_of_the_standard(mother):
    receipt = receipt_of(factories.deal(by=mother).consent)

    said = {field: at_path(receipt, path) for field, path in MANDATORY.items()}

    assert {field for field, value in said.items() if not value} == set()


def test_expands_with_nothing_from_elsewhere_and_loses_no_term(mother):
    for receipt in each_kind(mother):
        (expanded,) = jsonld.expand(receipt, {"documentLoader": nowhere})

        prefixes = {name: url for name, url in receipt["@context"].items() if isinstance(url, str)}
        wanted = {name for name in names_in(receipt) if ":" in name and name.split(":")[0] in prefixes}
        whole = {prefixes[name.split(":")[0]] + name.split(":", 1)[1] for name in wanted}
        assert whole <= set(names_in(expanded))
        assert not [name for name in names_in(receipt) if ":" not in name and not name.startswith("@")]
        assert not [line for line in jsonld.normalize(receipt, _NQUADS).splitlines() if "<null>" in line]


_NQUADS = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": nowhere}


def test_uses_only_terms_that_exist(mother):
    for receipt in each_kind(mother):
        names = set(names_in(receipt))

        assert {name.removeprefix("dpv:") for name in names if name.startswith("dpv:")} <= set(TERMS_OF_DPV.split())
        assert {name.removeprefix("maru:") for name in names if name.startswith("maru:")} <= set(vocabulary.TERMS)


def test_every_term_of_ours_has_a_meaning_in_both_languages():
    told = vocabulary.vocabulary()["@graph"]

    assert {one["@id"] for one in told} == {f"maru:{term}" for term in vocabulary.TERMS}
    assert all(text["@value"] for one in told for text in one["dct:description"])


def test_names_each_item_that_left_and_no_other(mother):
    ask = factories.ask(of=mother.membership.household)
    whole = factories.shown(ask, by=mother, drop_fields=[]).preview.document
    consent = factories.approve(ask, by=mother, drop_fields=[]).consent

    items = at_path(receipt_of(consent), "dpv:hasRecordOfActivity/dpv:hasProcess/0/dpv:hasPersonalData")

    assert {item["maru:field"] for item in items} == {*whole["data"], "household"}
    optional = {item["maru:field"] for item in items if item["dpv:hasNecessity"]["@id"] == "dpv:Optional"}
    assert optional <= set(ask.offer.version.optional_fields)


def test_carries_the_text_that_was_shown_whole(mother):
    ask = factories.ask(of=mother.membership.household)
    notice = factories.shown(ask, by=mother).notice

    kept = receipt_of(factories.approve(ask, by=mother).consent)["dpv:hasRecordOfActivity"]["dpv:hasNotice"]

    assert kept["maru:text"] == notice.text
    assert kept["maru:noticeSha256"] == notice.sha256 == sha256_hex(notice.text.encode())


def test_holds_the_digest_the_payment_and_never_a_value_or_a_person(mother):
    deal = factories.deal(by=mother)

    text = canonical_bytes(receipt_of(deal.consent)).decode()

    assert f"sha-256:{deal.release.payload_digest}" in text
    assert str(deal.payment.op_id) in text
    for secret in (mother.email, mother.name, str(mother.pk), str(mother.membership.household_id), "62"):
        assert secret not in re.sub(r"[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+Z", "", text)


def test_one_person_has_another_name_for_every_recipient(mother):
    first = factories.deal(by=mother, request=factories.open_request(), source="urn:1").consent
    type(first.ask.offer.request).objects.update(state="closed")
    second = factories.deal(by=mother, request=factories.open_request(), source="urn:2").consent

    subjects = [
        at_path(receipt_of(consent), "dpv:hasRecordOfActivity/dpv:hasDataSubject/@id") for consent in (first, second)
    ]

    assert len(set(subjects)) == 2
    assert all(re.fullmatch(r"urn:maru:[0-9a-f]{32}", subject) for subject in subjects)


def test_a_refusal_is_a_signed_record_of_its_own(mother):
    consent = refused(mother)

    receipt = receipt_of(consent)

    assert at_path(receipt, "dpv:hasRecordOfActivity/dpv:hasConsentStatus/0/@type/0") == "dpv:ConsentRefused"
    assert (receipt["maru:payloadDigest"], receipt["maru:opId"]) == ("none", "none")
    assert receipt["maru:compensation"] == {"maru:tokens": "0", "maru:priceTokens": "0"}
    assert receipts.is_genuine(receipt, consent.receipts.get().signature) == (True, "ok")


def test_a_withdrawal_replaces_the_first_receipt_and_changes_nothing_in_it(mother):
    consent = withdrawn(mother)
    given, ended = receipt_of(consent, "given"), receipt_of(consent, "withdrawn")

    assert ended["dct:replaces"] == {"@id": given["@id"]}
    before, after = given["dpv:hasRecordOfActivity"], ended["dpv:hasRecordOfActivity"]
    assert after["dpv:hasConsentStatus"][:-1] == before["dpv:hasConsentStatus"]
    assert after["dpv:hasConsentStatus"][-1]["@type"][0] == "dpv:ConsentWithdrawn"
    assert {**after, "dpv:hasConsentStatus": 0} == {**before, "dpv:hasConsentStatus": 0}


def test_a_withdrawal_keeps_the_words_of_then_though_the_buyer_moved_since(mother):
    consent = factories.deal(by=mother).consent
    type(consent.recipient).objects.update(address="새집길 1", name_ko="새이름")
    brokerage.withdraw_consent(consent_id=consent.pk, actor=mother, at=timezone.now())

    text = canonical_bytes(receipt_of(consent, "withdrawn")).decode()

    assert "새집길" not in text
    assert "새이름" not in text


def test_where_all_adults_must_agree_each_of_them_is_in_the_receipt(mother):
    father = factories.member(of=mother.membership.household)
    ask = factories.ask(of=mother.membership.household)
    with factories.as_owner():
        type(ask).objects.update(answers_needed=2)
    factories.approve(ask, by=mother)
    consent = factories.approve(ask, by=father).consent

    receipt = receipt_of(consent)

    (answer,) = receipt["dpv:hasRecordOfActivity"]["maru:answers"]
    said = Answer.objects.get(member=mother)
    assert answer["maru:noticeSha256"] == said.notice_sha256 == consent.notice_sha256
    assert answer["dpv:isIndicatedBy"] != receipt["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"]


def test_covers_something_or_is_not_made(mother):
    consent = factories.deal(by=mother).consent
    nothing = receipts.Coverage("air.pm25", "exact", (), 30, 120, 144)
    notice = factories.shown(consent.ask, by=mother).notice

    with pytest.raises(ValueError, match="no item"):
        receipts.compose(receipt_id=consent.pk, consent=consent, act="given", notice=notice, coverage=nothing)


def test_the_context_in_a_receipt_is_the_one_that_stands_at_its_address(mother, client):
    served = client.get("/ns/receipt-1.jsonld")

    assert served.headers["Content-Type"] == "application/ld+json"
    assert json.loads(served.content)["@context"] == receipt_of(factories.deal(by=mother).consent)["@context"]
    assert json.loads(client.get("/ns").content)["@context"]["maru"] == f"{settings.BASE_URL}/ns#"


@pytest.mark.parametrize("locale", ["ko", "en"])
def test_the_text_that_a_receipt_names_stands_at_its_address(mother, client, locale):
    ask = factories.ask(of=mother.membership.household)
    consent = brokerage.deny_ask(ask_id=ask.pk, actor=mother, locale=locale, at=timezone.now())
    address = at_path(receipt_of(consent), "dpv:hasRecordOfActivity/dpv:hasNotice/@id")

    served = client.get(address.removeprefix(settings.BASE_URL))

    assert served.status_code == 200
    assert served.text.startswith("# 마루 알림 2판" if locale == "ko" else "# Maru notice, version 2")
    assert "{recipient}" in served.text
