"""How tokens came into being, at the auditor's desk: every proposal, who agreed, and what was refused or taken back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from consent.parties.paging import page_of
from marketplace.care.views.audit import auditors_only, onward
from rewards.treasury.models import Issuance
from rewards.treasury.queries import issuances, purse_of

ROWS = 50


@auditors_only
def list_issuances(request: HttpRequest) -> HttpResponse:
    """GET /audit/issuances: newest first; `state` leaves one state."""
    state, cursor = request.GET.get("state", ""), request.GET.get("cursor")
    state = state if state in Issuance.State.values else ""
    name = f"audit-issuances:{state}"
    page = page_of(issuances(state=state), by=("-proposed_at", "id"), name=name, cursor=cursor, limit=ROWS)
    context = {
        "rows": [(issuance, purse_of(issuance.organisation)) for issuance in page.rows],
        "states": Issuance.State.choices,
        "state": state,
        "next_href": onward(request, page.next_cursor),
    }
    return render(request, "care/issuances.html", context)
