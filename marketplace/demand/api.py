"""Data requests for machines and people of a buyer. What is another organisation's does not exist."""

from typing import Any
from uuid import UUID, uuid4

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.models import MachineKey
from consent.parties.paging import page_of
from consent.parties.seats import PAGING, BuyerView
from marketplace.demand import operations, queries
from marketplace.demand.models import DataRequest
from marketplace.demand.serializers import (
    FundInput,
    PurseOutput,
    ReachOutput,
    RequestDetailOutput,
    RequestOutput,
    RequestsOutput,
    TermsInput,
)
from marketplace.demand.terms import terms_of
from rewards.ledger.errors import InvalidKey

MAX_KEY = 150  # the ledger's keys end at 200
IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)


class RequestView(BuyerView):
    """What every view here has in common: a buyer's person, or its key that may write data requests."""

    key_scope = MachineKey.Scope.REQUESTS

    def acting(self, request_id: UUID) -> dict[str, Any]:
        """Return who acts on which data request; a stranger's is not found."""
        found = get_object_or_404(DataRequest.objects.visible_to(self.request.user), pk=request_id)
        return {
            "request_id": found.pk,
            "actor_organisation": self.organisation,
            "actor": self.request.user,
            "at": timezone.now(),
        }

    def as_it_stands(self, request_id: UUID, *, status: int = 200) -> Response:
        """Answer a data request as it stands now."""
        found = get_object_or_404(queries.data_requests(self.request.user), pk=request_id)
        context = {"budgets": queries.budgets([found]), "review": queries.last_review(found)}
        return Response(RequestDetailOutput(found, context=context).data, status=status)


class Requests(RequestView):
    """POST and GET /api/v1/data-requests: write one as a draft; the buyer's own, newest first."""

    @extend_schema(request=TermsInput, responses={201: RequestDetailOutput})
    def post(self, request: Request) -> Response:
        """Write a data request as a draft."""
        wanted = TermsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = operations.draft_request(
            organisation=self.organisation, actor=request.user, terms=wanted.stated(), at=timezone.now()
        )
        return self.as_it_stands(made.pk, status=201)

    @extend_schema(responses=RequestsOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        """List the buyer's own data requests, newest first."""
        page = page_of(
            queries.data_requests(request.user),
            by=("-created_at", "-id"),
            name=f"data-requests:{self.organisation.pk}",
            cursor=self.cursor,
            limit=self.limit,
        )
        listed = RequestOutput(page.rows, many=True, context={"budgets": queries.budgets(page.rows)}).data
        return Response({"data": listed, "next_cursor": page.next_cursor})


class OneRequest(RequestView):
    """GET and PATCH /api/v1/data-requests/<id>: as it stands; state parts of it anew, which makes a version."""

    @extend_schema(responses=RequestDetailOutput)
    def get(self, request: Request, request_id: UUID) -> Response:
        """Tell one data request as it stands now."""
        return self.as_it_stands(request_id)

    @extend_schema(request=TermsInput, responses=RequestDetailOutput)
    def patch(self, request: Request, request_id: UUID) -> Response:
        """State parts of it anew; what was open goes back to review."""
        found = get_object_or_404(queries.data_requests(request.user), pk=request_id)
        wanted = TermsInput(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        terms = wanted.stated(before=terms_of(found.version))
        operations.edit_request(**self.acting(request_id), terms=terms, number=found.version.number)
        return self.as_it_stands(request_id)


class FundRequest(RequestView):
    """POST /api/v1/data-requests/<id>/fund: put tokens in escrow, once per `Idempotency-Key`."""

    @extend_schema(request=FundInput, responses=RequestDetailOutput, parameters=[IDEMPOTENCY_KEY])
    def post(self, request: Request, request_id: UUID) -> Response:
        acting = self.acting(request_id)
        wanted = FundInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        operations.fund_request(**acting, tokens=wanted.validated_data["tokens"], key=_own_key(request))
        return self.as_it_stands(request_id)


class SubmitRequest(RequestView):
    """POST /api/v1/data-requests/<id>/submit: ask for its review."""

    @extend_schema(request=None, responses=RequestDetailOutput)
    def post(self, request: Request, request_id: UUID) -> Response:
        operations.submit_request(**self.acting(request_id))
        return self.as_it_stands(request_id)


class PauseRequest(RequestView):
    """POST /api/v1/data-requests/<id>/pause: ask nobody for a while."""

    @extend_schema(request=None, responses=RequestDetailOutput)
    def post(self, request: Request, request_id: UUID) -> Response:
        operations.pause_request(**self.acting(request_id))
        return self.as_it_stands(request_id)


class ResumeRequest(RequestView):
    """POST /api/v1/data-requests/<id>/resume: go on asking after a pause, or with a new budget."""

    @extend_schema(request=None, responses=RequestDetailOutput)
    def post(self, request: Request, request_id: UUID) -> Response:
        operations.resume_request(**self.acting(request_id))
        return self.as_it_stands(request_id)


class CloseRequest(RequestView):
    """POST /api/v1/data-requests/<id>/close: end it; what is left in escrow comes back at `refund_due_at`."""

    @extend_schema(request=None, responses=RequestDetailOutput)
    def post(self, request: Request, request_id: UUID) -> Response:
        operations.close_request(**self.acting(request_id))
        return self.as_it_stands(request_id)


class RequestReach(RequestView):
    """GET /api/v1/data-requests/<id>/reach: about how many homes it could ask; twenty times a day."""

    @extend_schema(responses=ReachOutput)
    def get(self, request: Request, request_id: UUID) -> Response:
        return Response(ReachOutput(operations.estimate_reach(**self.acting(request_id))).data)


class ShowBudget(RequestView):
    """GET /api/v1/budget: what the buyer may still put in escrow, and its data requests added up."""

    @extend_schema(responses=PurseOutput)
    def get(self, request: Request) -> Response:
        return Response(PurseOutput(queries.purse(self.organisation)).data)


def _own_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key") or str(uuid4())
    if not (len(key) <= MAX_KEY and key.isprintable()):
        raise InvalidKey(key[:MAX_KEY])
    return key
