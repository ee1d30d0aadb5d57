"""Every refusal has one status; every answer to a machine is a problem, whatever went wrong."""

import importlib
import json

import pytest
from django.core import exceptions as django_errors
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import path
from django.views import View
from rest_framework import exceptions as api
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.test import APIClient
from rest_framework.views import APIView

from config import urls
from config.api_errors import PROBLEMS, row_for
from consent.parties.errors import UnreadableBody
from consent.records.errors import AskNotPending
from marketplace.demand.errors import OutsideTemplate
from rewards.ledger.errors import InsufficientTokens
from rewards.redemption.errors import NotYourOrder

ROOMS = [
    "consent.parties",
    "consent.records",
    "rewards.ledger",
    "rewards.redemption",
    "marketplace.appliances",
    "marketplace.insights",
    "marketplace.demand",
    "marketplace.delivery",
    "marketplace.brokerage",
]


def refusals_of(room: str) -> list[type[Exception]]:
    module = importlib.import_module(f"{room}.errors")
    classes = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return [kind for kind in classes if kind.__module__ == module.__name__ and kind.__bases__ != (Exception,)]


@pytest.mark.parametrize("room", ROOMS)
def test_every_refusal_of_a_room_has_a_row(room):
    missing = [kind.__qualname__ for kind in refusals_of(room) if kind not in PROBLEMS]

    assert not missing, f"give these a status in config/api_errors.py: {missing}"


def test_every_unreadable_body_has_a_row():
    assert all(row_for(kind()) for kind in UnreadableBody.__subclasses__())


def test_one_code_always_means_one_status():
    statuses = {(kind.code, PROBLEMS[kind].status) for room in ROOMS for kind in refusals_of(room) if kind in PROBLEMS}

    assert len(statuses) == len({code for code, _ in statuses})


# --- what a caller reads ------------------------------------------------------------------------------------------


class NDJSON(BaseRenderer):
    media_type = "application/x-ndjson"
    format = "ndjson"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return json.dumps(data).encode() + b"\n"


class Sent(serializers.Serializer):
    word = serializers.ChoiceField(choices=["a", "b"])
    numbers = serializers.ListField(child=serializers.IntegerField(max_value=5))


class Nested(serializers.Serializer):
    inner = Sent()


CANARY = "canary-3141"
RAISED: list[Exception] = []


class Refusing(APIView):
    permission_classes = [AllowAny]
    renderer_classes = [*APIView.renderer_classes, NDJSON]

    def get(self, request):
        raise RAISED[0]

    def post(self, request):
        Nested(data=request.data).is_valid(raise_exception=True)


class Private(APIView):
    def get(self, request):
        raise AssertionError("nobody gets here")

    post = get


class Page(View):
    def get(self, request):
        if RAISED:
            raise RAISED[0]
        return HttpResponse(request.GET["x"])

    def post(self, request):
        return HttpResponse("written")


urlpatterns = [
    path("api/refusing", Refusing.as_view()),
    path("api/private", Private.as_view()),
    path("api/page", Page.as_view()),
    path("page", Page.as_view()),
    path("api/names/<str:name>", Page.as_view()),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def client():
    RAISED.clear()
    return APIClient(enforce_csrf_checks=True, raise_request_exception=False)


def refused(client, exc, **headers):
    RAISED[:] = [exc]
    return client.get("/api/refusing", headers=headers)


def assert_is_problem(answer, status):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(body)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["code"]
    assert body["type"].endswith(body["code"])
    return body


@pytest.mark.parametrize(
    ("exc", "status"),
    [
        (api.ParseError(), 400),
        (api.NotAuthenticated(), 401),
        (api.AuthenticationFailed(), 401),
        (InsufficientTokens("key"), 402),
        (api.PermissionDenied(), 403),
        (django_errors.PermissionDenied(), 403),
        (Http404("Ask matching query"), 404),
        (api.NotFound(), 404),
        (api.MethodNotAllowed("PUT"), 405),
        (api.NotAcceptable(), 406),
        (django_errors.RequestDataTooBig(), 413),
        (api.UnsupportedMediaType("text/html"), 415),
        (OutsideTemplate("30일까지예요.", field="retention_days"), 422),
        (api.Throttled(wait=12), 429),
        (django_errors.SuspiciousOperation(CANARY), 400),
        (django_errors.ValidationError(CANARY), 400),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/x-ndjson"])
def test_answers_with_a_problem_whatever_format_was_wanted(client, exc, status, accept):
    answer = refused(client, exc, accept=accept)

    assert_is_problem(answer, status)
    assert CANARY not in answer.content.decode()
    assert "Accept" in answer["Vary"]


def test_says_how_to_authenticate(client):
    answer = client.get("/api/private")

    assert_is_problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


def test_says_when_to_come_back(client):
    assert refused(client, api.Throttled(wait=12))["Retry-After"] == "13"


def test_never_repeats_the_method_or_the_media_type_that_was_sent(client):
    wrong_method = client.generic(CANARY.upper(), "/api/refusing")
    wrong_type = client.generic("POST", "/api/refusing", b"x", content_type=f"text/{CANARY}")

    assert_is_problem(wrong_method, 405)
    assert_is_problem(wrong_type, 415)
    assert CANARY not in (wrong_method.content + wrong_type.content).decode().lower()


def test_points_at_each_place_that_needs_another_value(client):
    sent = {"inner": {"word": CANARY, "numbers": [1, 9, "x"]}}

    body = assert_is_problem(client.post("/api/refusing", sent, format="json"), 400)

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("#/inner/word", "invalid_choice"),
        ("#/inner/numbers/1", "max_value"),
        ("#/inner/numbers/2", "invalid"),
    ]
    assert CANARY not in str(body)


def test_points_at_the_field_a_domain_refusal_names(client):
    body = assert_is_problem(refused(client, OutsideTemplate("30일까지예요.", field="retention_days")), 422)

    assert body["errors"] == [
        {"pointer": "#/retention_days", "detail": "30일까지예요.", "code": "outside_template"},
    ]


@pytest.mark.parametrize("body", [b"{", b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 5000, b"\xff\xfe"])
def test_refuses_an_unreadable_body_without_breaking(client, body):
    assert_is_problem(client.generic("POST", "/api/refusing", body, content_type="application/json"), 400)


def test_refuses_a_body_over_its_bound(client):
    sent = b'"' + b"x" * 70_000 + b'"'

    assert_is_problem(client.generic("POST", "/api/refusing", sent, content_type="application/json"), 413)


# --- what never reaches a view ------------------------------------------------------------------------------------


def test_an_unforeseen_exception_is_a_problem_that_says_nothing(client):
    answer = refused(client, RuntimeError(CANARY))

    assert_is_problem(answer, 500)
    assert CANARY not in answer.content.decode()


def test_an_unforeseen_exception_is_not_swallowed():
    with pytest.raises(RuntimeError):
        refused(APIClient(), RuntimeError(CANARY))


def test_an_unknown_address_is_a_problem_for_a_machine(client):
    assert_is_problem(client.get("/api/v1/nothing-here"), 404)


@pytest.mark.parametrize("address", ["/api/names/%00", "/api/names/a?x=%00", "/api/%00"])
def test_a_nul_byte_is_refused_before_any_lookup(client, address):
    assert_is_problem(client.get(address), 400)


def test_an_unknown_host_is_a_problem_for_a_machine(client):
    assert_is_problem(client.get("/api/refusing", headers={"host": "evil.example"}), 400)


def test_a_form_without_its_token_is_a_problem_under_the_api(client):
    answer = Client(enforce_csrf_checks=True).post("/api/page")

    assert assert_is_problem(answer, 403)["code"] == "csrf_failed"


def test_a_page_stays_a_page(client):
    answer = client.get("/nothing-here")

    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.django_db
@pytest.mark.parametrize(("exc", "status"), [(AskNotPending("이미 끝났어요."), 409), (NotYourOrder(CANARY), 404)])
def test_a_page_says_a_refusal_it_did_not_foresee(client, exc, status):
    RAISED[:] = [exc]

    answer = client.get("/page")

    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert ("이미 끝났어요." in answer.content.decode()) == (status == 409)
    assert CANARY not in answer.content.decode()


def test_a_page_still_breaks_on_what_nobody_foresaw():
    RAISED[:] = [RuntimeError(CANARY)]

    with pytest.raises(RuntimeError):
        Client().get("/page")


def test_the_type_of_every_problem_leads_to_a_page(client):
    codes = {row.code for row in PROBLEMS.values()} | {kind.code for room in ROOMS for kind in refusals_of(room)}

    lost = [code for code in codes - {""} if client.get(f"/problems/{code}").status_code != 200]

    assert not lost
    assert client.get("/problems/wrong_shape").status_code == 200
    assert client.get("/problems/nothing").status_code == 404


def test_names_itself_with_an_address_that_any_reader_can_resolve(client):
    body = assert_is_problem(client.get("/api/v1/%E2%98%83"), 404)

    assert body["instance"] == "/api/v1/%E2%98%83"
