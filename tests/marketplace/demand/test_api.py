"""The data request API as a buyer's key and a buyer's person use it."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.demand.models import DataRequest
from rewards.ledger.queries import balance_of
from tests import factories

LIST = "/api/v1/data-requests"


def body(**fields):
    factories.area()
    stated = {
        "kinds": ["air.pm25"],
        "above": 35,
        "area": "KR-HB-3",
        "purpose": "public_air",
        "purpose_ko": "아침 교실 환기 시각 정하기",
        "purpose_en": "Choosing when to air classrooms",
        "rungs": [{"rung": "exact", "tokens": 120}],
        "retention_days": 30,
        "budget_tokens": 30_000,
        "ends_at": (timezone.now() + timedelta(days=30)).isoformat(),
        "min_gap_hours": 0,
    }
    return {**stated, **fields}


def machine(organisation, *scopes):
    client = APIClient()
    key = factories.buyer_key(of=organisation, scopes=scopes or ("requests",))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def api(buyer):
    return machine(buyer)


def post(client, path, sent=None, **headers):
    return client.post(path, sent or {}, format="json", **headers)


def test_a_key_writes_funds_and_submits_a_data_request(api):
    made = post(api, LIST, body())
    path = f"{LIST}/{made.json()['id']}"

    funded = post(api, f"{path}/fund", {"tokens": 1_000})
    submitted = post(api, f"{path}/submit")

    assert (made.status_code, funded.status_code, submitted.status_code) == (201, 200, 200)
    assert made.json()["state"] == "draft"
    assert made.json()["price"] == {"tokens": 120, "manufacturer": 12, "platform": 12, "total": 144}
    assert submitted.json()["state"] == "in_review"
    assert submitted.json()["budget"] == {"funded": 1_000, "spent": 0, "refundable": 1_000}


def test_tells_every_term_and_nothing_about_asks_or_holds(api, buyer):
    request = factories.open_request(of=buyer)

    told = api.get(f"{LIST}/{request.pk}").json()

    assert set(told) == {
        "id", "state", "version", "kinds", "above", "below", "words", "area", "purpose", "purpose_ko", "purpose_en",
        "optional_fields", "rungs", "retention_days", "budget_tokens", "ends_at", "min_gap_hours", "price", "budget",
        "least_assurance",
        "created_at", "opened_at", "closed_at", "refund_due_at", "refunded_at", "review",
    }  # fmt: skip
    assert set(told["budget"]) == {"funded", "spent", "refundable"}
    assert told["ends_at"].endswith("Z")
    assert told["review"]["verdict"] == "opened"


def test_a_patch_keeps_what_it_does_not_name_and_goes_back_to_review(api, buyer):
    request = factories.open_request(of=buyer)

    told = api.patch(f"{LIST}/{request.pk}", {"retention_days": 7}, format="json").json()

    assert (told["version"], told["state"]) == (2, "in_review")
    assert (told["retention_days"], told["above"], told["kinds"]) == (7, 35, ["air.pm25"])


def test_a_patch_can_take_a_threshold_away(api, buyer):
    request = factories.draft_request(of=buyer)

    assert api.patch(f"{LIST}/{request.pk}", {"above": None}, format="json").json()["above"] is None


def test_pauses_resumes_and_closes(api, buyer):
    path = f"{LIST}/{factories.open_request(of=buyer).pk}"

    states = [post(api, f"{path}/{act}").json()["state"] for act in ("pause", "resume", "close")]

    assert states == ["paused", "open", "closed"]


def test_lists_its_own_newest_first_page_by_page(api, buyer):
    made = [factories.draft_request(of=buyer) for _ in range(3)]
    factories.draft_request()

    first = api.get(LIST, {"limit": 2}).json()
    rest = api.get(LIST, {"limit": 2, "cursor": first["next_cursor"]}).json()

    listed = [row["id"] for row in first["data"] + rest["data"]]
    assert listed == [str(request.pk) for request in reversed(made)]
    assert rest["next_cursor"] is None


def test_the_same_idempotency_key_funds_once_and_another_body_is_refused(api, buyer):
    request = factories.draft_request(of=buyer)
    path = f"{LIST}/{request.pk}/fund"

    answers = [post(api, path, {"tokens": tokens}, HTTP_IDEMPOTENCY_KEY="k") for tokens in (100, 100, 200)]

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[2].json()["code"] == "idempotency_mismatch"
    assert balance_of(request.escrow).posted == 100


def test_without_a_key_every_funding_counts(api, buyer):
    request = factories.draft_request(of=buyer)

    for _ in range(2):
        post(api, f"{LIST}/{request.pk}/fund", {"tokens": 100})

    assert balance_of(request.escrow).posted == 200


def test_answers_402_when_the_buyer_cannot_pay(api, buyer):
    request = factories.draft_request(of=buyer)

    answer = post(api, f"{LIST}/{request.pk}/fund", {"tokens": 100_001})

    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_tokens")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": []},
        {"kinds": ["air.unknown"]},
        {"kinds": "air.pm25"},
        {"above": "35"},
        {"above": True},
        {"above": 10**400},
        {"area": "KR-XX"},
        {"area": "\ud800"},
        {"area": "\x00"},
        {"purpose": "anything"},
        {"purpose_ko": ""},
        {"purpose_ko": "가" * 41},
        {"rungs": []},
        {"rungs": [{"rung": "minute", "tokens": 1}]},
        {"rungs": [{"rung": "exact", "tokens": 0}]},
        {"rungs": [{"rung": "exact", "tokens": "120"}]},
        {"rungs": [{"rung": "exact", "tokens": 2**53}]},
        {"optional_fields": ["household"]},
        {"retention_days": 0},
        {"retention_days": 1.0},
        {"budget_tokens": True},
        {"ends_at": "tomorrow"},
        {"min_gap_hours": -1},
        {"least_assurance": "hub_bearer"},
    ],
)
def test_answers_400_to_a_field_that_cannot_be_read(api, wrong):
    answer = api.post(LIST, json.dumps(body(**wrong)), content_type="application/json")

    assert answer.status_code == 400
    assert DataRequest.objects.count() == 0


@pytest.mark.parametrize(
    "outside",
    [
        {"retention_days": 31},
        {"kinds": ["pest.sighting"], "above": None},
        {"budget_tokens": 143},
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"rungs": [{"rung": "day", "tokens": 60}, {"rung": "exact", "tokens": 120}]},
        {"rungs": [{"rung": "exact", "tokens": 60}, {"rung": "day", "tokens": 61}]},
        {"words": ["ant"]},
        {"above": 1000},
        {"purpose_en": "two\nlines"},
    ],
)
def test_answers_422_to_terms_beyond_their_purpose(api, outside):
    answer = post(api, LIST, body(**outside))

    assert (answer.status_code, answer.json()["code"]) == (422, "outside_template")
    assert DataRequest.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "act"),
    [("get", ""), ("patch", ""), ("get", "/reach")]
    + [("post", f"/{act}") for act in ("fund", "submit", "pause", "resume", "close")],
)
@pytest.mark.parametrize(
    ("who", "status"),
    [("nobody", 401), ("a member", 403), ("another buyer", 404), ("the wrong scope", 403), ("a manufacturer", 403)],
)
def test_only_its_own_buyer_finds_it(buyer, method, act, who, status):
    path = f"{LIST}/{factories.open_request(of=buyer).pk}{act}"

    answer = getattr(as_somebody(who, buyer), method)(path, {"tokens": 1}, format="json")

    assert answer.status_code == status
    assert DataRequest.objects.get().current.number == 1


@pytest.mark.parametrize("path", [LIST, "/api/v1/budget"])
@pytest.mark.parametrize(
    ("who", "status"), [("nobody", 401), ("a member", 403), ("the wrong scope", 403), ("a manufacturer", 403)]
)
def test_only_buyers_have_lists_and_budgets(buyer, path, who, status):
    assert as_somebody(who, buyer).get(path).status_code == status


def as_somebody(who, buyer):
    client = APIClient()
    if who == "a member":
        client.force_login(factories.member())
    elif who == "another buyer":
        client.force_login(factories.staff(of=factories.organisation()))
    elif who == "the wrong scope":
        return machine(buyer, "records")
    elif who == "a manufacturer":
        client.force_login(factories.staff(of=factories.organisation(kind="manufacturer")))
    return client


def test_a_person_of_the_buyer_does_the_same_as_its_key(staff):
    client = APIClient()
    client.force_login(staff)

    assert post(client, LIST, body()).status_code == 201
    assert client.get("/api/v1/budget").json()["available"] == 100_000


def test_the_key_of_a_suspended_buyer_neither_writes_nor_reads(api, buyer):
    request = factories.draft_request(of=buyer)
    buyer.suspended_at = timezone.now()
    buyer.save(update_fields=["suspended_at"])

    refused = [post(api, LIST, body()), post(api, f"{LIST}/{request.pk}/submit")]

    assert [answer.json()["code"] for answer in refused] == ["organisation_suspended"] * 2
    assert api.get(f"{LIST}/{request.pk}").status_code == 403


def test_adds_up_the_budgets_of_all_its_data_requests(api, buyer):
    for tokens in (1_000, 500):
        factories.submitted_request(of=buyer, tokens=tokens)
    factories.submitted_request(tokens=700)

    told = api.get("/api/v1/budget").json()

    assert told == {"available": 98_500, "funded": 1_500, "spent": 0, "refundable": 1_500}


@pytest.mark.parametrize("path", [LIST, "/api/v1/budget"])
def test_costs_as_many_queries_for_many_as_for_one(api, buyer, path):
    def queries_of():
        with CaptureQueriesContext(connection) as caught:
            api.get(path)
        return len(caught)

    factories.open_request(of=buyer, tokens=1_000)
    one = queries_of()
    for _ in range(4):
        factories.open_request(of=buyer, tokens=1_000)

    assert queries_of() == one <= 4


def test_one_data_request_costs_the_same_queries_whatever_its_state(api, buyer):
    found = set()
    for request in (factories.draft_request(of=buyer), factories.open_request(of=buyer)):
        with CaptureQueriesContext(connection) as caught:
            api.get(f"{LIST}/{request.pk}")
        found.add(len(caught))

    assert len(found) == 1
