"""What an auditor goes through one by one: the lists of exceptions, and deals whose three sides do not agree."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from marketplace.care import matching
from marketplace.care.searches import MatchSearch, usual_days
from marketplace.care.views.audit import auditors_only, onward
from rewards.ledger import exceptions

ROWS = 50


@auditors_only
def list_exceptions(request: HttpRequest) -> HttpResponse:
    """GET /audit/exceptions: how long each list is, and one of them."""
    at, chosen = timezone.now(), request.GET.get("list", "")
    chosen = chosen if chosen in exceptions.NAMES else exceptions.NAMES[0]
    found, further = exceptions.page_of_list(chosen, at=at, cursor=request.GET.get("cursor"), limit=ROWS)
    counts = [exceptions.count_of(name, at=at) for name in exceptions.NAMES]
    context = {
        "lists": [(exceptions.HEADINGS[count.name], count) for count in counts],
        "heading": exceptions.HEADINGS[chosen],
        "count": next(count for count in counts if count.name == chosen),
        "rows": found,
        "at": at,
        "next_href": onward(request, further),
    }
    return render(request, "care/exceptions.html", context)


@auditors_only
def list_matches(request: HttpRequest) -> HttpResponse:
    """GET /audit/matches: consent, debit and credit side by side over a time, and what does not agree."""
    search = MatchSearch(request.GET if {"start", "end"} & request.GET.keys() else usual_days())
    context: dict[str, Any] = {"search": search}
    if search.is_valid():
        start, end = search.period()
        match = matching.match_between(start=start, end=end, cursor=request.GET.get("cursor"), limit=ROWS)
        context |= {"match": match, "days": search.cleaned_data, "next_href": onward(request, match.next_cursor)}
    return render(request, "care/matches.html", context)
