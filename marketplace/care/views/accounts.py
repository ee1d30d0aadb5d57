"""Account by account at the auditor's desk: which there are, and the statement of one."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from consent.parties.paging import make_cursor, open_cursor, page_of
from marketplace.care import trails
from marketplace.care.searches import PeriodSearch
from marketplace.care.views.audit import auditors_only, onward
from rewards.ledger import as_of
from rewards.ledger import queries as ledger
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.models import Account, AccountKind
from rewards.ledger.serializers import EVER

ROWS = 50


@auditors_only
def list_accounts(request: HttpRequest) -> HttpResponse:
    """GET /audit/accounts: every account and where it stands, newest first."""
    kind, cursor = request.GET.get("kind", ""), request.GET.get("cursor")
    kind = kind if kind in AccountKind.values else ""
    page = page_of(ledger.accounts(kind=kind), by="-id", name=f"audit-accounts:{kind}", cursor=cursor, limit=ROWS)
    addresses = [account.address for account in page.rows]
    standings, names = ledger.balances_of(addresses), trails.names_of(addresses)
    context = {
        "rows": [(account, standings[account.address], names.get(account.address, "")) for account in page.rows],
        "kinds": AccountKind.choices,
        "kind": kind,
        "next_href": onward(request, page.next_cursor),
    }
    return render(request, "care/accounts.html", context)


@auditors_only
def show_account(request: HttpRequest, address: str) -> HttpResponse:
    """GET /audit/accounts/<address>: one account's statement, newest first, for all time or from day to day.

    `version` opens it at one of its rows.
    """
    search = PeriodSearch(request.GET)
    start, end = search.period() if search.is_valid() else EVER
    try:
        account = ledger.account_at(address)
    except UnknownAccount as exc:
        raise Http404 from exc
    context = _statement(request, account, start=start, end=end)
    context |= {"account": account, "name": trails.names_of([address]).get(address, "")}
    context |= {"search": search, "is_period": bool(request.GET.get("start") or request.GET.get("end"))}
    return render(request, "care/account.html", context)


def _statement(request: HttpRequest, account: Account, *, start: datetime, end: datetime) -> dict[str, Any]:
    """Return one page of a statement, with what is left after each row.

    Where no running balance is kept, what is left is counted down from the closing, and carried in the cursor.
    """
    name = f"audit-account:{account.address}:{start.isoformat()}:{end.isoformat()}"
    cursor, version = request.GET.get("cursor"), request.GET.get("version", "")
    before, after = map(int, open_cursor(cursor, name=name, length=2)) if cursor else (None, None)
    if not cursor and account.has_balance and version.isdecimal() and len(version) < 19:
        before = int(version) + 1
    period = as_of.statement_between(account.address, start=start, end=end, before=before, limit=ROWS + 1)
    after = period.closing.posted if after is None else after
    lines = []
    for line in period.lines[:ROWS]:
        after = after if line.after is None else line.after
        lines.append((line, after))
        after -= line.change
    more = len(period.lines) > ROWS
    further = make_cursor([str(lines[-1][0].position), str(after)], name=name) if more else None
    return {
        "period": period,
        "lines": lines,
        "lines_in_period": period.closing.version - period.opening.version,
        "is_first": before is None,
        "is_last": not more,
        "next_href": onward(request, further),
        "export_query": urlencode({"from": start.isoformat(), "to": end.isoformat()}),
    }
