"""The auditor's desk over the API, where the books meet consents and releases."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.permissions import IsAuditor
from consent.parties.seats import PAGING, PagedView
from marketplace.care import matching, trails
from marketplace.care.serializers import MatchesOutput, MatchInput, TrailOutput


class ListMatches(PagedView):
    """GET /api/v1/audit/matches: receipt, escrow debit and household credit of every deal, side by side."""

    permission_classes = [IsAuthenticated, IsAuditor]

    @extend_schema(responses=MatchesOutput, parameters=[MatchInput, *PAGING])
    def get(self, request: Request) -> Response:
        period = MatchInput.parse(request.query_params)
        return Response(MatchesOutput(matching.match_between(**period, cursor=self.cursor, limit=self.limit)).data)


class ShowTrail(PagedView):
    """GET /api/v1/audit/trails/<op_id>: from an operation of the ledger to the consent and release behind it."""

    permission_classes = [IsAuthenticated, IsAuditor]

    @extend_schema(responses=TrailOutput)
    def get(self, request: Request, op_id: UUID) -> Response:
        trail = trails.trail_of(op_id)
        if trail is None:
            raise Http404
        trail_parts = {"operation": trail.operation, "consent": _consent(trail), "release": _release(trail)}
        return Response(TrailOutput(trail_parts).data)


def _consent(trail: trails.Trail) -> dict[str, Any] | None:
    consent = trail.consent
    if consent is None:
        return None
    state = consent.state(timezone.now())
    signed = {"receipt_digest": trail.receipt_digest, "is_signed": trail.is_signed}
    return {"id": consent.pk, "ask": consent.ask_id, "state": state, **signed}


def _release(trail: trails.Trail) -> dict[str, Any] | None:
    release = trail.release
    if release is None:
        return None
    said = {"id": release.pk, "request": release.request_id, "number": release.number}
    state = release.closed_because or "open"
    return said | {"state": state, "is_what_was_shown": trail.is_same, "reads": release.reads}  # type: ignore[attr-defined]
