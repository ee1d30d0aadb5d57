"""How appliances and their hubs send what they noticed."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.parties.authentication import BrowserSession, MachineKeyAuthentication
from consent.parties.languages import language
from marketplace.appliances import wire
from marketplace.appliances.authentication import SignedRequest, SpeaksForHome, speaker_of
from marketplace.appliances.dialects import DIALECTS, Dialect, Rejection
from marketplace.insights import operations
from marketplace.insights.operations import ItemResult
from marketplace.insights.serializers import DialectsOutput, IngestOutput


class IngestView(APIView):
    """What every way in has in common: a signature or a key, bounded reading, one result per item."""

    authentication_classes = [SignedRequest, MachineKeyAuthentication, BrowserSession]
    permission_classes = [SpeaksForHome]
    allows_basic_keys = True

    def take(self, request: Request, dialect: Dialect) -> Response:
        at = timezone.now()
        wire.check_content_type(request.content_type, dialect.content_types)
        body = wire.read_body(request._request)
        household, sender = speaker_of(request, at=at)
        items = dialect(body, _headers(request), received_at=at)
        results = operations.record_insights(
            household=household, items=items, dialect=dialect.name, at=at, sender=sender
        )
        return Response({"results": [_answer_about(result) for result in results]})


class PostInsights(IngestView):
    """POST /api/v1/insights: a CloudEvents batch, one insight per event."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses=IngestOutput)
    def post(self, request: Request) -> Response:
        return self.take(request, DIALECTS["canonical"])


class PostDialect(IngestView):
    """POST /api/v1/ingest/<dialect>: a body exactly as the appliance or its hub sends it."""

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=IngestOutput,
        parameters=[OpenApiParameter("dialect", str, OpenApiParameter.PATH, enum=sorted(DIALECTS))],
    )
    def post(self, request: Request, dialect: str) -> Response:
        if dialect not in DIALECTS:
            raise NotFound(gettext("마루가 아직 모르는 형식이에요. GET /api/v1/dialects 에서 골라 주세요."))
        return self.take(request, DIALECTS[dialect])


class ListDialects(APIView):
    """GET /api/v1/dialects: the wire formats Maru reads, and the kinds each one yields."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(responses=DialectsOutput, auth=[])
    def get(self, request: Request) -> Response:
        listed = [{"name": name, "kinds": sorted(dialect.kinds)} for name, dialect in sorted(DIALECTS.items())]
        return Response({"data": listed})


def _headers(request: Request) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _answer_about(result: ItemResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"index": result.index, "status": result.status}
    if result.insight_id:
        answer["insight_id"] = result.insight_id
    if result.rejection:
        answer["problem"] = _problem(result.rejection)
    return answer


def _problem(rejection: Rejection) -> dict[str, Any]:
    return {
        "type": f"/problems/{rejection.code}",
        "title": rejection.title(language()),
        "status": 422,
        "code": rejection.code,
        "detail": rejection.say(language()),
        **({"field": rejection.field} if rejection.field else {}),
    }
