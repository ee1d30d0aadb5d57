"""The journal at the auditor's desk: looked through, and drilled into."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.paging import open_position, seal_position
from marketplace.care import trails
from marketplace.care.searches import JournalSearch
from marketplace.care.views.audit import auditors_only, onward
from rewards.ledger import journal
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.journal import Filters, Stretch
from rewards.ledger.models import Account

ROWS = 50


@auditors_only
def list_transfers(request: HttpRequest) -> HttpResponse:
    """GET /audit/transfers: the journal, newest first; by an id or a key, or by filters that combine."""
    search = JournalSearch(request.GET)
    words = request.GET.get("q", "").strip()
    if words and trails.is_account(words):
        return redirect("audit_account", address=words)
    found, filters = Stretch([], None), Filters()
    if search.is_valid():
        filters = search.filters()
        found = _looked_through(search, filters, cursor=request.GET.get("cursor"))
    further = _sealed(found.next_before, filters)
    context = {
        "search": search,
        "rows": found.rows,
        "is_search": search.is_valid() and not filters.is_empty,
        "next_href": onward(request, further),
        "export_query": _as_api(filters) if search.is_valid() else None,
    }
    return render(request, "care/journal.html", context)


@auditors_only
def show_transfer(request: HttpRequest, op_id: UUID) -> HttpResponse:
    """GET /audit/transfers/<op_id>: its rows, holds, reversals and seal, and the consent and release behind it."""
    trail = trails.trail_of(op_id)
    if trail is None:
        raise Http404
    state = trail.consent.state(timezone.now()) if trail.consent else ""
    rows = [
        (row, _at_version(row.debit, row.debit_version), _at_version(row.credit, row.credit_version))
        for row in trail.rows
    ]
    return render(request, "care/trail.html", {"trail": trail, "state": state, "rows": rows})


def _looked_through(search: JournalSearch, filters: Filters, *, cursor: str | None) -> Stretch:
    before = open_position(cursor, name=f"audit:journal:{filters!r}")
    try:
        return journal.walk(filters, before=before, limit=ROWS)
    except UnknownAccount:
        search.add_error("account", gettext("그런 계정이 없어요."))
        return Stretch([], None)


def _sealed(before: int | None, filters: Filters) -> str | None:
    return None if before is None else seal_position(before, name=f"audit:journal:{filters!r}")


def _as_api(filters: Filters) -> str | None:
    """Return the same question as the export asks it; an export of one named operation is none."""
    if filters.operations is not None:
        return None
    said = {
        "kind": filters.kinds, "account": filters.account, "actor": filters.actor, "event_type": filters.event_type,
        "event_ref": filters.event_ref, "min_amount": filters.min_amount, "max_amount": filters.max_amount,
        "from": filters.recorded_from, "to": filters.recorded_to, "effective_from": filters.effective_from,
        "effective_to": filters.effective_to,
    }  # fmt: skip
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in said.items() if value}
    return urlencode(plain, doseq=True)


def _at_version(account: Account | None, version: int | None) -> str:
    """Return the page of an account's statement that begins with one version; of an account without any, none."""
    if account is None or version is None:
        return ""
    return f"{reverse('audit_account', args=[account.address])}?version={version}"
