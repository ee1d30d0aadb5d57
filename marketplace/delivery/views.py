"""A buyer's pages: what it was given, what it must erase, and how a program reads the same."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from consent.parties.errors import InvalidCursor, OrganisationSuspended
from consent.parties.models import Area
from consent.parties.permissions import buyer_of
from marketplace.delivery import door, operations, queries
from marketplace.delivery.errors import ErasureNotYours
from marketplace.delivery.rows import row_of
from marketplace.demand.models import DataRequest
from marketplace.demand.queries import budget

PER_PAGE = 100
PLANKS = 10


@require_safe
@login_required
def record_requests(request: HttpRequest) -> HttpResponse:
    """GET /buyer/records: the data requests that brought something."""
    rows = queries.requests_with_records(buyer_of(request), at=timezone.now())
    return render(request, "delivery/record_requests.html", {"requests": rows})


@require_GET
@login_required
def records(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """GET /buyer/data-requests/<id>: figures, duties and records; the household sees that they were read."""
    buyer, at = buyer_of(request), timezone.now()
    requests = DataRequest.objects.visible_to(request.user).select_related("current__area")
    data_request = get_object_or_404(requests, pk=request_id)
    # Before the door writes down this very read: what is new is new on this page.
    figures = queries.figures_of(data_request, at=at)
    reader = door.Reader(organisation=buyer, name=str(request.user.pk), path="page")
    cursor = request.GET.get("cursor")
    try:
        page = door.read_page(
            request=data_request, reader=reader, cursor=cursor, limit=PER_PAGE, at=at, newest_first=True
        )
    except OrganisationSuspended as exc:
        raise PermissionDenied(str(exc)) from exc
    except InvalidCursor as exc:
        raise BadRequest(str(exc)) from exc
    context = _about(data_request, figures=figures) | _table(page)
    answer = render(request, "delivery/records.html", context)
    add_never_cache_headers(answer)
    return answer


@require_POST
@login_required
def attest(request: HttpRequest, erasure_id: UUID) -> HttpResponse:
    """POST /buyer/withdrawals/<id>/attest: we erased what we read."""
    try:
        erasure = operations.attest_erasure(
            erasure_id=erasure_id, organisation=buyer_of(request), actor=str(request.user.pk), at=timezone.now()
        )
    except ErasureNotYours as exc:
        raise Http404 from exc
    messages.success(request, gettext("지우셨다고 적어 두었어요. 가구도 볼 수 있어요."))
    return redirect("buyer_records", request_id=erasure.release.request_id)


def _about(data_request: DataRequest, *, figures: queries.Figures) -> dict[str, Any]:
    spent, api_path = budget(data_request), reverse("list_records", args=[data_request.pk])
    return {
        "data_request": data_request,
        "version": data_request.version,
        "area": data_request.version.area.name,
        "budget": spent,
        "planks_laid": PLANKS * spent.spent // spent.funded if spent.funded else 0,
        "planks_total": PLANKS,
        "figures": _figures(figures),
        "readable": figures.readable,
        "duties": queries.open_duties_of(data_request),
        "api_path": api_path,
        "api_url": f"{settings.BASE_URL}{api_path}",
    }


def _table(page: door.RecordPage) -> dict[str, Any]:
    ids = [UUID(record.release.pk) for record in page.records]
    reads, ends = queries.reads_of(ids), queries.ends_of(ids)
    areas = Area.objects.in_bulk({str(record.document["data"].get("area", "")) for record in page.records})
    rows = [
        row_of(record, reads=reads.get(pk, 1), erase_at=ends[pk], areas=areas)
        for pk, record in zip(ids, page.records, strict=True)
    ]
    row_kinds = {row.kind for row in rows}
    return {
        "rows": rows,
        "single_kind": row_kinds.pop() if len(row_kinds) == 1 else "",
        "has_others": any(row.others for row in rows),
        "next_href": f"?{urlencode({'cursor': page.next_cursor})}#records" if page.next_cursor else "",
    }


def _figures(figures: queries.Figures) -> list[dict[str, object]]:
    return [
        {"label": gettext("읽을 수 있는 기록"), "value": figures.readable},
        {"label": gettext("새로 열린 기록"), "value": figures.unread},
        {"label": gettext("철회로 닫힘"), "value": figures.taken_back},
        {"label": gettext("보관이 끝남"), "value": figures.ended},
        {"label": gettext("지울 것"), "value": figures.to_erase},
    ]
