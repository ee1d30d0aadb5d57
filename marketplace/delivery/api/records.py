"""Records for buyers. Every one of them comes through the door."""

import json
from collections.abc import Iterable
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from consent.parties.renderers import CSV, NDJSON
from marketplace.delivery import door, exports
from marketplace.delivery.api.reading import ReadingView
from marketplace.delivery.serializers import RecordOutput, RecordsOutput
from marketplace.demand.models import DataRequest

NO_STORE = {"Cache-Control": "no-store"}
PIECES = {"ndjson": exports.ndjson_pieces, "csv": exports.csv_pieces}
CURSOR = OpenApiParameter("cursor", str, description="`next_cursor` of the page before, or a `resume_cursor`")
LIMIT = OpenApiParameter("limit", int, description="Records a page, 1 to 500. Without it NDJSON and CSV bring all.")
EXAMPLE_LINES = {(200, "application/x-ndjson"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR}


class RecordsView(ReadingView):
    """A view that shows records. HEAD is not offered: it would write down a read that gave nothing."""

    http_method_names = ["get", "options"]

    def reader(self, path: str) -> door.Reader:
        return door.Reader(organisation=self.organisation, name=self.actor, path=path)


class ListRecords(RecordsView):
    """GET /api/v1/data-requests/<id>/records: the records that may be read now, in the order they were released.

    What was withdrawn or has ended is not there. Each read is written down where the household sees it.
    """

    renderer_classes = [JSONRenderer, NDJSON, CSV]

    @extend_schema(parameters=[CURSOR, LIMIT], responses={(200, "application/json"): RecordsOutput, **EXAMPLE_LINES})
    def get(self, request: Request, request_id: UUID) -> HttpResponseBase:
        data_request = self.own_request(request_id)
        form = request.accepted_renderer.format
        if form in PIECES and "limit" not in request.query_params:
            return self._everything(request, data_request, form)
        page = door.read_page(
            request=data_request,
            reader=self.reader("list" if form == "json" else form),
            cursor=self.cursor,
            limit=self.limit,
            at=timezone.now(),
        )
        if form in PIECES:
            return _stream(form, [page.records], headers=_links(request, page))
        return _json(_listed(page))

    def _everything(self, request: Request, data_request: DataRequest, form: str) -> HttpResponseBase:
        chunks = door.read_chunks(
            request=data_request,
            reader=self.reader(form),
            cursor=self.cursor,
            clock=timezone.now,
        )
        return _stream(form, chunks, headers={})


class GetRecord(RecordsView):
    """GET /api/v1/data-requests/<id>/records/<release_id>: one record; 410 once it may no longer be read."""

    @extend_schema(responses=RecordOutput)
    def get(self, request: Request, request_id: UUID, release_id: UUID) -> HttpResponse:
        record = door.read_record(
            request=self.own_request(request_id),
            release_id=release_id,
            reader=self.reader("record"),
            at=timezone.now(),
        )
        return _json(record.line)


def _json(body: bytes) -> HttpResponse:
    """Answer bytes that are JSON already: what was signed is neither parsed nor written anew on its way."""
    return HttpResponse(body, content_type="application/json", headers=NO_STORE)


def _listed(page: door.RecordPage) -> bytes:
    cursors = json.dumps({"next_cursor": page.next_cursor, "resume_cursor": page.resume_cursor})
    return b'{"data":[%b],%b' % (b",".join(record.line for record in page.records), cursors[1:].encode())


def _stream(form: str, chunks: Iterable[list[door.Record]], *, headers: dict[str, str]) -> StreamingHttpResponse:
    media_type = {"ndjson": NDJSON, "csv": CSV}[form].media_type
    naming = {"Content-Disposition": f'attachment; filename="maru-records.{form}"'}
    return StreamingHttpResponse(
        PIECES[form](chunks), content_type=f"{media_type}; charset=utf-8", headers=NO_STORE | naming | headers
    )


def _links(request: Request, page: door.RecordPage) -> dict[str, str]:
    """Say in a header what a line format has no place for: where to go on."""
    query = request.query_params.copy()
    if page.next_cursor is None:
        return {}
    query["cursor"] = page.next_cursor
    return {"Link": f'<{request.build_absolute_uri(request.path)}?{query.urlencode()}>; rel="next"'}
