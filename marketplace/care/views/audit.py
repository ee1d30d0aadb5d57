"""The auditor's desk: the books on one page, and from any row of them to the consent behind it."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from consent.parties.paging import open_position, page_of, seal_position
from consent.parties.permissions import audits, has_second_factor
from marketplace.brokerage.proofs import current_findings, current_status
from marketplace.care import trails
from rewards.ledger import queries as ledger
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import AccountKind, Transfer

ROWS = 50
P = ParamSpec("P")


def auditors_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in an auditor whose session has a second factor; to everybody else this page does not exist."""

    @require_GET
    @login_required
    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not audits(request.user):
            raise Http404
        if not has_second_factor(request):
            return redirect(_way_to_a_second_factor(request))
        return view(request, *args, **kwargs)

    return guarded


@auditors_only
def show_books(request: HttpRequest) -> HttpResponse:
    """GET /audit: is everything in order, and what stands where."""
    trial, status, findings = ledger.trial_balance(), current_status(), current_findings()
    told = {
        "is_fine": trial.difference == 0 and status.orphans == 0 and all(finding.is_fine for finding in findings),
        "status": status,
        "trial": trial,
        "trial_rows": [(AccountKind(row.kind).label, row) for row in trial.rows],
        "kinds": Transfer.Kind.choices,
        "findings": findings,
        "rows": ledger.transfers().order_by("-id")[:8],
        "counted_at": timezone.now(),
    }
    return render(request, "care/books.html", told)


@auditors_only
def list_transfers(request: HttpRequest) -> HttpResponse:
    """GET /audit/transfers: the journal, newest first; by operation, consent, ask, release, order or account."""
    words, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    if words and trails.is_account(words):
        return redirect("audit_account", address=words)
    name = f"audit:{kind}:{words}"
    rows = trails.journal(words=words, kind=kind)
    page = page_of(rows, by="-id", name=name, cursor=request.GET.get("cursor"), limit=ROWS)
    told = {"rows": page.rows, "words": words, "kind": kind, "kinds": Transfer.Kind.choices}
    return render(request, "care/journal.html", told | {"next_href": _next(request, page.next_cursor)})


@auditors_only
def show_transfer(request: HttpRequest, op_id: UUID) -> HttpResponse:
    """GET /audit/transfers/<op_id>: the legs, the consent behind them, and the hashes of what left."""
    at = timezone.now()
    trail = trails.trail_of(op_id, at=at)
    if trail is None:
        raise Http404
    state = trail.consent.state(at) if trail.consent else ""
    return render(request, "care/trail.html", {"trail": trail, "state": state})


@auditors_only
def show_account(request: HttpRequest, address: str) -> HttpResponse:
    """GET /audit/accounts/<address>: one account's statement, newest first."""
    name = f"audit-account:{address}"
    before = open_position(request.GET.get("cursor"), name=name)
    try:
        lines = ledger.statement(address, before=before, limit=ROWS + 1)
        standing = ledger.balance_of(address)
    except UnknownAccount as exc:
        raise Http404 from exc
    more = seal_position(lines[ROWS - 1].position, name=name) if len(lines) > ROWS else None
    told = {"address": address, "name": trails.names_of([address]).get(address, ""), "standing": standing}
    return render(request, "care/account.html", told | {"lines": lines[:ROWS], "next_href": _next(request, more)})


def _next(request: HttpRequest, cursor: str | None) -> str:
    return f"?{urlencode({**request.GET.dict(), 'cursor': cursor})}" if cursor else ""


def _way_to_a_second_factor(request: HttpRequest) -> str:
    if not is_mfa_enabled(request.user):
        return reverse("mfa_index")
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"
