"""The auditor's desk: the books on one page, as they stand and as they stood."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent.parties.permissions import audits, has_second_factor
from marketplace.brokerage.proofs import current_findings, current_status
from marketplace.care.searches import InstantSearch, JournalSearch
from rewards.ledger import as_of
from rewards.ledger import queries as ledger
from rewards.ledger.models import AccountKind

P = ParamSpec("P")


def auditors_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in an auditor whose session has a second factor; to everybody else this page does not exist."""

    @require_safe
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


def onward(request: HttpRequest, cursor: str | None) -> str:
    """Return the address of the next page of the list at hand, or nothing at its end."""
    return f"?{urlencode({**request.GET.dict(), 'cursor': cursor})}" if cursor else ""


@auditors_only
def show_books(request: HttpRequest) -> HttpResponse:
    """GET /audit: is everything in order, and what stands where."""
    trial, status, findings = ledger.trial_balance(), current_status(), current_findings()
    context = {
        "is_fine": trial.difference == 0 and status.orphans == 0 and all(finding.is_fine for finding in findings),
        "status": status,
        "trial": trial,
        "trial_rows": labelled(trial),
        "search": JournalSearch(),
        "findings": findings,
        "rows": ledger.transfers().order_by("-id")[:8],
        "counted_at": timezone.now(),
        "base_url": settings.BASE_URL,
    }
    return render(request, "care/books.html", context)


@auditors_only
def show_trial_balance(request: HttpRequest) -> HttpResponse:
    """GET /audit/trial-balance: all books on one page, now or as they stood at an instant."""
    search = InstantSearch(request.GET)
    at = search.cleaned_data["as_of"] if search.is_valid() else None
    by = as_of.Clock(search.cleaned_data.get("by") or as_of.Clock.RECORDED)
    trial = as_of.trial_balance_at(at=at, clock=by) if at else ledger.trial_balance()
    context = {"search": search, "trial": trial, "trial_rows": labelled(trial), "at": at or timezone.now(), "by": by}
    return render(request, "care/trial_balance.html", context | {"is_past": bool(at)})


def labelled(trial: ledger.TrialBalance) -> list[tuple[str, ledger.TrialRow]]:
    """Return the rows of a trial balance with the name of their kind."""
    return [(str(AccountKind(row.kind).label), row) for row in trial.rows]


def _way_to_a_second_factor(request: HttpRequest) -> str:
    if not is_mfa_enabled(request.user):
        return reverse("mfa_index")
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"
