"""The auditors' tools over the API: the journal explored, the lists of exceptions, and files to take away."""

import re
from uuid import UUID

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.paging import open_position, seal_position
from consent.parties.parsing import one_of
from consent.parties.renderers import CSV, NDJSON
from consent.parties.seats import CURSOR, PAGING
from rewards.ledger import exceptions, exports, journal, sealing
from rewards.ledger.api import FROM, TO, AuditorView
from rewards.ledger.models import AccountKind, Attempt
from rewards.ledger.serializers import (
    EVER,
    AttemptOutput,
    ExceptionCountsOutput,
    ExceptionsOutput,
    FiltersInput,
    OperationOutput,
    PeriodInput,
    TransferOutput,
    TransfersOutput,
)

ACCOUNT_KIND = OpenApiParameter("kind", str, enum=AccountKind.values)
KEY = OpenApiParameter("key", str, required=True, description="An idempotency key, whole.")
NO_STORE = {"Cache-Control": "no-store"}
LINES = {(200, "text/csv"): OpenApiTypes.STR, (200, "application/x-ndjson"): OpenApiTypes.STR}


class JSONLines(NDJSON):
    """The same lines under the name that files of them bear."""

    format = "jsonl"


class ListTransfers(AuditorView):
    """GET /api/v1/ledger/transfers: the journal, newest row first, by filters that combine.

    A page looks at a stretch of the journal, never at all of it: it may be short or empty while `next_cursor` leads on.
    """

    @extend_schema(responses=TransfersOutput, parameters=[FiltersInput, *PAGING])
    def get(self, request: Request) -> Response:
        filters = FiltersInput.parse(request.query_params)
        name = f"ledger:transfers:{filters!r}"
        before = open_position(self.cursor, name=name)
        found = journal.walk(filters, before=before, limit=self.limit)
        further = None if found.next_before is None else seal_position(found.next_before, name=name)
        return Response({"data": TransferOutput(found.rows, many=True).data, "next_cursor": further})


class ShowOperation(AuditorView):
    """GET /api/v1/ledger/transfers/<op_id>: every row of one operation, its holds, reversals and checkpoint."""

    @extend_schema(responses=OperationOutput)
    def get(self, request: Request, op_id: UUID) -> Response:
        operation = journal.operation_of(op_id)
        if operation is None:
            raise Http404
        return Response(OperationOutput(operation).data)


class ShowAttempt(AuditorView):
    """GET /api/v1/ledger/attempts?key=: what came of a key. One key has one outcome, for ever."""

    @extend_schema(responses=AttemptOutput, parameters=[KEY])
    def get(self, request: Request) -> Response:
        key = request.query_params.get("key", "")
        if not key:
            raise ValidationError({"key": [gettext("키를 적어 주세요.")]})
        attempt = get_object_or_404(Attempt, key=key)
        return Response(AttemptOutput(attempt).data)


class CountExceptions(AuditorView):
    """GET /api/v1/ledger/exceptions: how long each list of exceptions is, counted up to a thousand."""

    @extend_schema(responses=ExceptionCountsOutput)
    def get(self, request: Request) -> Response:
        at = timezone.now()
        counts = [exceptions.count_of(name, at=at) for name in exceptions.NAMES]
        return Response(ExceptionCountsOutput({"as_of": at, "data": counts}).data)


class ListExceptions(AuditorView):
    """GET /api/v1/ledger/exceptions/<name>: one list, with how long each row lasted.

    The names: refused, replayed, conflicting, near_floor, stale_holds, back_dated, reversals, issued, late_seals.
    """

    @extend_schema(responses=ExceptionsOutput, parameters=PAGING)
    def get(self, request: Request, list_name: str) -> Response:
        _known(list_name)
        found, further = exceptions.page_of_list(list_name, at=timezone.now(), cursor=self.cursor, limit=self.limit)
        return Response(ExceptionsOutput({"data": found, "next_cursor": further}).data)


class ExportView(AuditorView):
    """A file of lines: CSV unless `Accept` or `format` asks for JSON lines.

    The last line says how many rows there are, the SHA-256 of every byte before it, and the cursor of the next file.
    """

    renderer_classes = [CSV, JSONLines]

    def stream(self, table: exports.Table, *, name: str = "", about: str = "") -> HttpResponseBase:
        renderer = self.request.accepted_renderer
        pieces = exports.PIECES[renderer.format](table, seal=lambda place: seal_position(int(place), name=name))
        words = "-".join(word for word in ("maru", table.name, file_word(about)) if word)
        naming = {"Content-Disposition": f'attachment; filename="{words}.{renderer.format}"'}
        content_type = f"{renderer.media_type}; charset=utf-8"
        return StreamingHttpResponse(pieces, content_type=content_type, headers=NO_STORE | naming)


class ExportTransfers(ExportView):
    """GET /api/v1/ledger/export/transfers: what is sealed of the journal, in the order of its leaves."""

    @extend_schema(responses=LINES, parameters=[FiltersInput, CURSOR])
    def get(self, request: Request) -> HttpResponseBase:
        filters = FiltersInput.parse(request.query_params)
        name = f"ledger:export:transfers:{filters!r}"
        after = open_position(self.cursor, name=name)
        through = sealing.latest_checkpoint()
        table = exports.transfers_table(filters, through=through, after=-1 if after is None else after)
        return self.stream(table, name=name)


class ExportAccounts(ExportView):
    """GET /api/v1/ledger/export/accounts: every account and where it stands, in the order they were opened."""

    @extend_schema(responses=LINES, parameters=[ACCOUNT_KIND, CURSOR])
    def get(self, request: Request) -> HttpResponseBase:
        kind = request.query_params.get("kind", "")
        if kind:
            one_of(kind, AccountKind.values, name="kind")
        name = f"ledger:export:accounts:{kind}"
        after = open_position(self.cursor, name=name) or 0
        return self.stream(exports.accounts_table(kind=kind, after=after), name=name)


class ExportStatement(ExportView):
    """GET /api/v1/ledger/export/accounts/<address>/statement: one account's rows, with its standing at both ends."""

    @extend_schema(responses=LINES, parameters=[FROM, TO])
    def get(self, request: Request, address: str) -> HttpResponseBase:
        period = PeriodInput.parse(request.query_params) or {"start": EVER[0], "end": EVER[1]}
        days = [end.date().isoformat() for end in period.values() if end not in EVER]
        return self.stream(exports.statement_table(address, **period), about="-".join([address, *days]))


class ExportExceptions(ExportView):
    """GET /api/v1/ledger/export/exceptions/<name>: one list of exceptions."""

    @extend_schema(responses=LINES)
    def get(self, request: Request, list_name: str) -> HttpResponseBase:
        _known(list_name)
        return self.stream(exports.exceptions_table(list_name, at=timezone.now()))


def file_word(text: str) -> str:
    """Return a part of a file's name that every system takes: what several accounts' files are told apart by."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:100]


def _known(name: str) -> None:
    if name not in exceptions.NAMES:
        raise Http404
