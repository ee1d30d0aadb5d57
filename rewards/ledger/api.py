"""The auditors' window on the books: they read everything and change nothing."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.parties.paging import open_position, page_of, seal_position
from consent.parties.parsing import one_of
from consent.parties.permissions import IsAuditor
from consent.parties.seats import PAGING, PagedView
from rewards.ledger import as_of, bundle, queries, sealing, signed_notes, witnesses
from rewards.ledger.models import AccountKind, Checkpoint, Transfer
from rewards.ledger.proof_serializers import CheckpointsOutput, ConsistencyInput, ConsistencyOutput, ProofOutput
from rewards.ledger.serializers import (
    AccountOutput,
    AccountsOutput,
    AsOfInput,
    LineOutput,
    PeriodInput,
    RefusalOutput,
    RefusalsOutput,
    StandingOutput,
    StatementOutput,
    TrialBalanceOutput,
)

AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATETIME, description="Rows of this very instant are included.")
TREE_SIZE = OpenApiParameter("tree_size", int, description="As the checkpoint of this size has it.")
BY = OpenApiParameter(
    "by", str, enum=list(as_of.Clock), description="Which time of a row counts; `recorded` if not said."
)
FROM = OpenApiParameter("from", OpenApiTypes.DATETIME, description="Recorded at or after this instant.")
TO = OpenApiParameter("to", OpenApiTypes.DATETIME, description="Recorded before this instant.")
KINDS = OpenApiParameter("kind", str, many=True, enum=Transfer.Kind.values, description="May be given several times.")


class Zip(BaseRenderer):
    """Lets a caller say `Accept: application/zip`; the view hands the file over itself."""

    media_type = "application/zip"
    format = "zip"
    charset = None
    render_style = "binary"


class AuditorView(PagedView):
    """What every view here has in common: an auditor's session or key."""

    permission_classes = [IsAuthenticated, IsAuditor]

    @property
    def kinds(self) -> list[str]:
        given = self.request.query_params.getlist("kind")
        return sorted(one_of(kind, Transfer.Kind.values, name="kind") for kind in given)


class ShowTrialBalance(AuditorView):
    """GET /api/v1/ledger/trial-balance: all books on one page, now or as they stood; `difference` is zero."""

    @extend_schema(responses=TrialBalanceOutput, parameters=[AS_OF, TREE_SIZE, BY])
    def get(self, request: Request) -> Response:
        asked = AsOfInput.parse(request.query_params)
        if asked["tree_size"] is not None:
            size = sealing.checkpoint_of(asked["tree_size"]).tree_size
            return Response(TrialBalanceOutput(as_of.trial_balance_in_tree(size=size)).data)
        if asked["as_of"] is None:
            return Response(TrialBalanceOutput(queries.trial_balance()).data)
        trial = as_of.trial_balance_at(at=asked["as_of"], clock=asked["by"])
        return Response(TrialBalanceOutput(trial).data)


class ListAccounts(AuditorView):
    """GET /api/v1/ledger/accounts: every account and where it stands, newest first."""

    @extend_schema(
        responses=AccountsOutput, parameters=[OpenApiParameter("kind", str, enum=AccountKind.values), *PAGING]
    )
    def get(self, request: Request) -> Response:
        kind = request.query_params.get("kind", "")
        if kind:
            one_of(kind, AccountKind.values, name="kind")
        accounts = queries.accounts(kind=kind)
        page = page_of(accounts, by="-id", name=f"ledger:accounts:{kind}", cursor=self.cursor, limit=self.limit)
        standings = queries.balances_of([account.address for account in page.rows])
        listed = AccountOutput(page.rows, many=True, context={"standings": standings}).data
        return Response({"data": listed, "next_cursor": page.next_cursor})


class ShowAccount(AuditorView):
    """GET /api/v1/ledger/accounts/<address>: where one account stands, now or at an instant."""

    @extend_schema(responses=StandingOutput, parameters=[AS_OF, TREE_SIZE, BY])
    def get(self, request: Request, address: str) -> Response:
        asked = AsOfInput.parse(request.query_params)
        if asked["tree_size"] is not None:
            size = sealing.checkpoint_of(asked["tree_size"]).tree_size
            return Response(StandingOutput(as_of.standing_in_tree(address, size=size)).data)
        if asked["as_of"] is None:
            return Response(StandingOutput(queries.balance_of(address)).data)
        standing = as_of.standing_at(address, at=asked["as_of"], clock=asked["by"])
        return Response(StandingOutput(standing).data)


class ShowStatement(AuditorView):
    """GET /api/v1/ledger/accounts/<address>/statement: the rows of one account, newest first.

    With `from` or `to` it is the statement of that time, and says where the account stood at both ends.
    """

    @extend_schema(responses=StatementOutput, parameters=[KINDS, FROM, TO, *PAGING])
    def get(self, request: Request, address: str) -> Response:
        period = PeriodInput.parse(request.query_params)
        if period:
            return self._period(address, **period)
        return self._newest(address)

    def _period(self, address: str, *, start: datetime, end: datetime) -> Response:
        if self.kinds:
            raise ValidationError({"kind": [gettext("기간을 정한 명세에서는 종류를 고를 수 없어요.")]})
        name = f"ledger:statement:{address}:{start.isoformat()}:{end.isoformat()}"
        before, limit = open_position(self.cursor, name=name), self.limit
        found = as_of.statement_between(address, start=start, end=end, before=before, limit=limit + 1)
        more = len(found.lines) > limit
        return Response(
            {
                "opening": StandingOutput(found.opening).data,
                "closing": StandingOutput(found.closing).data,
                "data": LineOutput(found.lines[:limit], many=True).data,
                "next_cursor": seal_position(found.lines[limit - 1].position, name=name) if more else None,
            }
        )

    def _newest(self, address: str) -> Response:
        name = f"ledger:statement:{address}:{self.kinds}"
        before = open_position(self.cursor, name=name)
        limit = self.limit
        lines = queries.statement(address, before=before, limit=limit + 1, kinds=self.kinds)
        more = len(lines) > limit
        next_cursor = seal_position(lines[limit - 1].position, name=name) if more else None
        return Response({"data": LineOutput(lines[:limit], many=True).data, "next_cursor": next_cursor})


class ListRefusals(AuditorView):
    """GET /api/v1/ledger/refusals: what was asked of the books and refused, newest first."""

    @extend_schema(responses=RefusalsOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        page = page_of(
            queries.refused_attempts(), by=("-recorded_at", "-key"), name="ledger:refusals",
            cursor=self.cursor, limit=self.limit,
        )  # fmt: skip
        return Response({"data": RefusalOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})


class ShowProof(AuditorView):
    """GET /api/v1/ledger/transfers/<op_id>/proof: how each row is part of what was signed.

    SHA-256 of a zero byte and `content` is the leaf; with `path` it leads to the checkpoint's root (RFC 6962).
    """

    @extend_schema(responses=ProofOutput)
    def get(self, request: Request, op_id: UUID) -> Response:
        if not queries.transfers_of(op_id).exists():
            raise Http404
        newest = sealing.latest_checkpoint()
        proofs = sealing.proofs_of(op_id, checkpoint=newest)
        return Response(ProofOutput({"op_id": op_id, "checkpoint": newest, "data": proofs}).data)


class ListCheckpoints(AuditorView):
    """GET /api/v1/ledger/checkpoints: everything that was signed, newest first, and the key that checks it."""

    @extend_schema(responses=CheckpointsOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        page = page_of(
            Checkpoint.objects.all(), by="-tree_size", name="ledger:checkpoints", cursor=self.cursor, limit=self.limit
        )
        listed = {"key": signed_notes.verifier_key(), "data": page.rows, "next_cursor": page.next_cursor}
        return Response(CheckpointsOutput(listed).data)


class ShowConsistency(APIView):
    """GET /api/v1/ledger/checkpoints/consistency: the newer tree begins with the older one (RFC 6962).

    For everybody, because a witness asks for it: hashes tell nothing.
    """

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(responses=ConsistencyOutput, parameters=[ConsistencyInput], auth=[])
    def get(self, request: Request) -> Response:
        sizes = ConsistencyInput(data=request.query_params)
        sizes.is_valid(raise_exception=True)
        path = sealing.consistency(**sizes.validated_data)
        return Response(ConsistencyOutput({**sizes.validated_data, "path": path}).data)


class DownloadBundle(AuditorView):
    """GET /api/v1/ledger/bundle: the books in one file, for `verify_bundle.py`, which needs no Maru."""

    renderer_classes = [JSONRenderer, Zip]

    @extend_schema(responses={(200, Zip.media_type): OpenApiTypes.BINARY})
    def get(self, request: Request) -> FileResponse:
        return FileResponse(
            bundle.write_bundle(), as_attachment=True, filename="maru-ledger.zip", content_type=Zip.media_type
        )


@require_safe
@never_cache
def show_checkpoint(request: HttpRequest) -> HttpResponse:
    """GET /ledger/checkpoint: the newest signed note, for whoever wants to keep or cosign it; `?cosigned` asks for the
    newest one that a witness has signed too.
    """
    if "cosigned" in request.GET and (cosigned := witnesses.latest_cosigned()):
        return HttpResponse(witnesses.note_of(cosigned), content_type="text/plain; charset=utf-8")
    newest = Checkpoint.objects.order_by("-tree_size").first()
    note = newest.note if newest else signed_notes.checkpoint_note(size=0, root=sha256(b"").digest())
    return HttpResponse(note, content_type="text/plain; charset=utf-8")


@require_safe
def show_key(request: HttpRequest) -> HttpResponse:
    """GET /ledger/key: the key that checks the notes."""
    return HttpResponse(signed_notes.verifier_key() + "\n", content_type="text/plain; charset=utf-8")
