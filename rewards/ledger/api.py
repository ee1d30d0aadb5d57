"""The auditors' window on the books: they read everything and change nothing."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.parties.paging import open_position, page_of, read_limit, seal_position
from consent.parties.permissions import IsAuditor
from rewards.ledger import queries
from rewards.ledger.models import AccountKind, Transfer
from rewards.ledger.serializers import (
    AccountOutput,
    AccountsOutput,
    LineOutput,
    OperationOutput,
    StatementOutput,
    TransferOutput,
    TransfersOutput,
    TrialBalanceOutput,
)

PAGING = [OpenApiParameter("cursor", str), OpenApiParameter("limit", int)]
KINDS = OpenApiParameter("kind", str, many=True, enum=Transfer.Kind.values, description="May be given several times.")


class AuditorView(APIView):
    """What every view here has in common: an auditor's session or key."""

    permission_classes = [IsAuthenticated, IsAuditor]

    @property
    def cursor(self) -> str | None:
        return self.request.query_params.get("cursor")

    @property
    def limit(self) -> int:
        return read_limit(self.request.query_params.get("limit"))

    @property
    def kinds(self) -> list[str]:
        return sorted(_known(kind, Transfer.Kind.values) for kind in self.request.query_params.getlist("kind"))


class ShowTrialBalance(AuditorView):
    """GET /api/v1/ledger/trial-balance: all books on one page; `difference` is zero."""

    @extend_schema(responses=TrialBalanceOutput)
    def get(self, request: Request) -> Response:
        return Response(TrialBalanceOutput(queries.trial_balance()).data)


class ListAccounts(AuditorView):
    """GET /api/v1/ledger/accounts: every account and where it stands, newest first."""

    @extend_schema(
        responses=AccountsOutput, parameters=[OpenApiParameter("kind", str, enum=AccountKind.values), *PAGING]
    )
    def get(self, request: Request) -> Response:
        kind = _known(request.query_params.get("kind", ""), AccountKind.values)
        accounts = queries.accounts(kind=kind)
        page = page_of(accounts, by="-id", name=f"ledger:accounts:{kind}", cursor=self.cursor, limit=self.limit)
        standings = queries.balances_of([account.address for account in page.rows])
        listed = AccountOutput(page.rows, many=True, context={"standings": standings}).data
        return Response({"data": listed, "next_cursor": page.next_cursor})


class ShowStatement(AuditorView):
    """GET /api/v1/ledger/accounts/<address>/statement: the rows of one account, newest first."""

    @extend_schema(responses=StatementOutput, parameters=[KINDS, *PAGING])
    def get(self, request: Request, address: str) -> Response:
        name = f"ledger:statement:{address}:{self.kinds}"
        before = open_position(self.cursor, name=name)
        limit = self.limit
        lines = queries.statement(address, before=before, limit=limit + 1, kinds=self.kinds)
        more = len(lines) > limit
        next_cursor = seal_position(lines[limit - 1].position, name=name) if more else None
        return Response({"data": LineOutput(lines[:limit], many=True).data, "next_cursor": next_cursor})


class ListTransfers(AuditorView):
    """GET /api/v1/ledger/transfers: the journal, newest row first."""

    @extend_schema(responses=TransfersOutput, parameters=[KINDS, *PAGING])
    def get(self, request: Request) -> Response:
        name = f"ledger:transfers:{self.kinds}"
        rows = queries.transfers(kinds=self.kinds)
        page = page_of(rows, by="-id", name=name, cursor=self.cursor, limit=self.limit)
        return Response({"data": TransferOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})


class ShowOperation(AuditorView):
    """GET /api/v1/ledger/transfers/<op_id>: every row of one operation."""

    @extend_schema(responses=OperationOutput)
    def get(self, request: Request, op_id: UUID) -> Response:
        rows = list(queries.transfers_of(op_id))
        if not rows:
            raise Http404
        return Response({"op_id": op_id, "data": TransferOutput(rows, many=True).data})


def _known(kind: str, kinds: list[str]) -> str:
    if kind and kind not in kinds:
        raise ValidationError({"kind": [f"{', '.join(kinds)} 가운데 하나예요."]})
    return kind
