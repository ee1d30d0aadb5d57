"""The household's side of the API: who may do what, and what every wrong try is answered."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from consent.records import operations as records
from consent.records.models import Ask, Consent
from marketplace.brokerage import operations
from marketplace.insights.models import SealedObject
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(home, mother):
    return factories.ask(of=home)


def signed_in(person):
    client = APIClient(enforce_csrf_checks=False)
    client.force_login(person)
    return client


def carrying(key):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def detail(client, ask, query=""):
    return client.get(f"/api/v1/asks/{ask.pk}{query}").json()


def approve(client, ask, **body):
    return client.post(f"/api/v1/asks/{ask.pk}/approve", body, format="json")


def test_a_member_reads_the_ask_and_approves_exactly_what_was_shown(mother, ask):
    client = signed_in(mother)
    shown = detail(client, ask)

    answer = approve(client, ask, preview_sha256=shown["preview_sha256"])

    assert answer.status_code == 200
    assert answer.json()["tokens"] == shown["tokens"] == 120
    consent = Consent.objects.get(pk=answer.json()["consent"])
    assert consent.payload_digest == shown["preview_sha256"]
    assert consent.notice_sha256 == shown["notice"]["sha256"]


def test_the_list_says_who_asks_for_what_until_when(mother, ask):
    (listed,) = signed_in(mother).get("/api/v1/asks?state=pending").json()["data"]

    assert listed["id"] == str(ask.pk)
    assert (listed["state"], listed["tokens"], listed["price_tokens"]) == ("pending", 120, 144)
    assert listed["buyer"]["verified"] is True
    assert listed["purpose"] == {"code": "public_air", "text": "아침 교실 환기 시각 정하기"}
    assert "preview" not in listed


def test_a_past_deadline_lists_as_expired_with_no_clock_running(mother, ask):
    late = timezone.now() - timedelta(seconds=1)
    with factories.as_owner():
        Ask.objects.update(asked_at=late - timedelta(days=3), expires_at=late)
    client = signed_in(mother)

    assert client.get("/api/v1/asks?state=pending").json()["data"] == []
    assert [row["state"] for row in client.get("/api/v1/asks?state=expired").json()["data"]] == ["expired"]


def test_a_question_whose_terms_changed_lists_as_cancelled_before_any_sweep(mother, home):
    request = factories.open_request()
    factories.ask(of=home, request=request)
    factories.edited(request, retention_days=20)
    client = signed_in(mother)

    assert client.get("/api/v1/asks?state=pending").json()["data"] == []
    assert [row["state"] for row in client.get("/api/v1/asks?state=cancelled").json()["data"]] == ["cancelled"]


@pytest.mark.parametrize(
    ("became", "code"),
    [
        ("late", "ask_expired"),
        ("taken back", "offer_changed"),
        ("void", "offer_changed"),
        ("private", "appliance_never_shares"),
    ],
)
def test_what_no_longer_stands_or_is_another_s_now_is_shown_to_nobody(home, mother, ask, became, code):
    client, appliance = signed_in(mother), ask.offer.insight.appliance
    if became == "late":
        with factories.as_owner():
            Ask.objects.update(asked_at=timezone.now() - timedelta(days=9), expires_at=timezone.now())
    elif became == "taken back":
        records.cancel_asks(ask_ids=[ask.pk], at=timezone.now())
    elif became == "void":
        factories.edited(ask.offer.request, retention_days=7)
    else:
        operations.deny_ask(ask_id=ask.pk, actor=mother, locale="ko", at=timezone.now())
        appliance.private_to = factories.member(of=home).membership
        appliance.save(update_fields=["private_to"])

    answer = client.get(f"/api/v1/asks/{ask.pk}")

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert "preview" not in answer.json()


def test_the_choice_that_was_previewed_is_the_choice_that_is_sent(mother, ask):
    client = signed_in(mother)
    coarse = detail(client, ask, "?precision=day")

    refused = approve(client, ask, preview_sha256=coarse["preview_sha256"])
    answer = approve(client, ask, preview_sha256=coarse["preview_sha256"], precision="day")

    assert (refused.status_code, refused.json()["code"]) == (409, "preview_changed")
    assert answer.json()["tokens"] == 60


def visitors(home):
    school = factories.organisation()
    return {
        "nobody": (APIClient(), 401),
        "stranger": (signed_in(factories.member()), 404),
        "teen": (signed_in(factories.member(of=home, role="teen")), 403),
        "child": (signed_in(factories.member(of=home, role="child")), 404),
        "buyer's person": (signed_in(factories.staff(of=school)), 403),
        "buyer's key": (carrying(factories.buyer_key(of=school)), 403),
        "the home's own hub key": (carrying(factories.hub_key(of=home)), 403),
        "admin": (signed_in(factories.admin()), 403),
        "auditor": (signed_in(factories.auditor()), 403),
    }


@pytest.mark.parametrize("act", ["approve", "deny", "defer"])
def test_nobody_but_an_adult_of_the_home_decides(home, mother, ask, act):
    digest = detail(signed_in(mother), ask)["preview_sha256"]

    answers = {
        who: (
            client.post(f"/api/v1/asks/{ask.pk}/{act}", {"preview_sha256": digest}, format="json").status_code,
            wanted,
        )
        for who, (client, wanted) in visitors(home).items()
    }

    assert {who: got for who, (got, wanted) in answers.items() if got != wanted} == {}
    ask.refresh_from_db()
    assert ask.state == Ask.State.PENDING
    assert not Consent.objects.exists()


def test_nobody_but_the_home_withdraws(home, mother, ask):
    consent = factories.approve(ask, by=mother).consent

    answers = {
        who: (client.post(f"/api/v1/consents/{consent.pk}/withdraw").status_code, wanted)
        for who, (client, wanted) in visitors(home).items()
    }

    assert {who: got for who, (got, wanted) in answers.items() if got != wanted} == {}
    assert SealedObject.objects.filter(purpose="release").exists()


def test_a_session_without_the_csrf_token_decides_nothing(mother, ask):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(mother)

    assert client.post(f"/api/v1/asks/{ask.pk}/deny").status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"preview_sha256": "x"}, 400, "invalid"),
        ({"preview_sha256": "0" * 64, "precision": "millimetre"}, 400, "invalid"),
        ({"preview_sha256": "0" * 64}, 409, "preview_changed"),
        ({"preview_sha256": "0" * 64, "precision": "hour"}, 422, "choice_not_offered"),
        ({"preview_sha256": "0" * 64, "drop_fields": ["value"]}, 422, "choice_not_offered"),
    ],
)
def test_a_wrong_answer_is_refused_by_name_and_writes_nothing(mother, ask, body, status, code):
    answer = approve(signed_in(mother), ask, **body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Consent.objects.exists()


def test_answering_twice_or_late_is_a_conflict(mother, ask):
    client = signed_in(mother)
    digest = detail(client, ask)["preview_sha256"]
    approve(client, ask, preview_sha256=digest)

    again = approve(client, ask, preview_sha256=digest)
    other = client.post(f"/api/v1/asks/{ask.pk}/deny")

    assert [(answer.status_code, answer.json()["code"]) for answer in (again, other)] == [
        (409, "ask_not_pending"),
        (409, "ask_not_pending"),
    ]


def test_an_ask_that_does_not_exist_looks_like_somebody_else_s(mother):
    client = signed_in(mother)

    assert client.post(f"/api/v1/asks/{uuid4()}/deny").status_code == 404
    assert client.get(f"/api/v1/asks/{uuid4()}").status_code == 404


def test_a_receipt_verifies_for_anybody_and_a_changed_one_does_not(mother, ask):
    consent = factories.approve(ask, by=mother).consent
    document = signed_in(mother).get(f"/api/v1/consents/{consent.pk}/receipt").json()
    anybody = APIClient()

    genuine = anybody.post("/api/v1/receipts/verify", document, format="json").json()
    document["receipt"]["maru:compensation"]["maru:tokens"] = "121"
    changed = anybody.post("/api/v1/receipts/verify", document, format="json").json()

    assert genuine == {"valid": True, "reason": "ok"}
    assert changed == {"valid": False, "reason": "signature"}
    assert [key["kty"] for key in anybody.get("/.well-known/jwks.json").json()["keys"]] == ["OKP"]


@pytest.mark.parametrize(
    "signature", ["", ".", "..", "x..y", "e30..", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJFZDI1NTE5In0..AAAA", "한글..글"]
)
def test_a_broken_signature_is_not_valid_and_no_error(signature):
    answer = APIClient().post("/api/v1/receipts/verify", {"receipt": {}, "signature": signature}, format="json")

    assert answer.status_code in (200, 400)
    assert answer.json().get("valid", False) is False


def test_after_withdrawing_the_receipt_is_the_one_of_the_withdrawal(mother, ask):
    consent = factories.approve(ask, by=mother).consent
    client = signed_in(mother)

    client.post(f"/api/v1/consents/{consent.pk}/withdraw")
    receipt = client.get(f"/api/v1/consents/{consent.pk}/receipt").json()["receipt"]

    given, withdrawn = receipt["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    assert given["@type"][0] == "dpv:ConsentGiven"
    assert withdrawn["@type"][0] == "dpv:ConsentWithdrawn"
    assert "dct:replaces" in receipt
    (listed,) = client.get("/api/v1/consents").json()["data"]
    assert listed["state"] == "withdrawn"


def test_two_consents_an_hour_apart_have_receipts_an_hour_apart(mother, home):
    now = timezone.now()
    request = factories.open_request()
    deals = []
    for hours in (1, 0):
        at = now - timedelta(hours=hours)
        asked = factories.ask(of=home, request=request, at=at, source=f"urn:device:{hours}")
        deals.append(factories.approve(asked, by=mother, at=at))

    stamps = [deal.consent.receipts.get().at for deal in deals]

    assert stamps[1] - stamps[0] == timedelta(hours=1)


def test_lists_walk_by_cursor_and_a_cursor_opens_only_its_own_list(mother, home):
    request = factories.open_request()
    for number in range(5):
        factories.insight(of=home, source=f"urn:device:{number}")
    operations.match_insights(at=timezone.now())
    client = signed_in(mother)

    first = client.get("/api/v1/asks?state=pending&limit=2").json()
    second = client.get(f"/api/v1/asks?state=pending&limit=2&cursor={first['next_cursor']}").json()
    third = client.get(f"/api/v1/asks?state=pending&limit=2&cursor={second['next_cursor']}").json()
    elsewhere = client.get(f"/api/v1/asks?limit=2&cursor={first['next_cursor']}")

    seen = [row["id"] for page in (first, second, third) for row in page["data"]]
    assert len(set(seen)) == len(seen) == 5
    assert third["next_cursor"] is None
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_cursor")
    assert request.pk


@pytest.mark.parametrize("query", ["state=yes", "limit=0", "limit=501", "limit=x", "cursor=abc", "cursor=%00"])
def test_a_wrong_query_is_a_problem(mother, query):
    answer = signed_in(mother).get(f"/api/v1/asks?{query}")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
