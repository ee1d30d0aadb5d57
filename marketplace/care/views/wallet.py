"""The home's wallet: what there is, how the months went, and every line back to the ask it came from."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent.parties.errors import InvalidCursor
from consent.parties.paging import open_position, seal_position
from consent.parties.permissions import own_membership, person_of
from marketplace.brokerage.wording import once_in
from marketplace.care.chart import chart_of
from marketplace.care.queries import WalletLine, lines_of
from rewards.ledger.errors import NotSealedYet
from rewards.ledger.proof_serializers import StatementProofOutput
from rewards.ledger.statements import statement_of_home
from rewards.redemption import policies
from rewards.redemption.errors import WalletNotShown
from rewards.redemption.models import Order
from rewards.redemption.queries import Month, WalletStanding, entries_of, months_of, wallet_of

LINES = 20


@require_safe
@never_cache
@login_required
def show_wallet(request: HttpRequest) -> HttpResponse:
    """GET /wallet: adults and teens read it; nothing is spent here."""
    membership = own_membership(request)
    user, home, now = person_of(request), membership.household, timezone.now()
    try:
        policies.check_can_see_wallet(user)
    except WalletNotShown as refusal:
        return render(request, "care/wallet_not_shown.html", {"refusal": refusal}, status=403)
    try:
        before = open_position(request.GET.get("before"), name=f"wallet:{home.pk}")
    except InvalidCursor as exc:
        raise Http404 from exc
    standing = wallet_of(home, at=now)
    reserved = list(Order.objects.filter(household=home).waiting(now).with_reward().order_by("-placed_at"))
    months = months_of(home, at=now, posted=standing.posted)
    page = entries_of(home, before=before, limit=LINES)
    older = page.next_position
    context = {
        "home": home,
        "cells": _cells(standing, reserved),
        "months": months,
        "slots": chart_of(months),
        "takes_proof": membership.is_adult,
        "proof_every": once_in(settings.LIABILITIES_SECONDS),
        "came_in": sum(month.came_in for month in months),
        "went_out": sum(month.went_out for month in months),
        "groups": _by_month(lines_of(page.entries, user=user), months),
        "older_href": f"?before={seal_position(older, name=f'wallet:{home.pk}')}" if older is not None else "",
        "newest_href": request.path if before is not None else "",
    }
    return render(request, "care/wallet.html", context)


@require_safe
@never_cache
@login_required
def download_proof(request: HttpRequest) -> HttpResponse:
    """GET /wallet/proof: the home's statement and its proof as one file, for an adult to keep."""
    own_membership(request)
    home = policies.check_can_take_proof(person_of(request))
    try:
        proof = StatementProofOutput(statement_of_home(home)).data
    except NotSealedYet:
        said = {"proof_every": once_in(settings.LIABILITIES_SECONDS)}
        return render(request, "care/proof_not_yet.html", said, status=409)
    name = f'attachment; filename="maru-statement-{timezone.localdate():%Y-%m-%d}.json"'
    return JsonResponse(proof, headers={"Content-Disposition": name})


def _cells(standing: WalletStanding, reserved: list[Order]) -> list[dict[str, Any]]:
    return [
        {"label": gettext("지금 쓸 수 있는 토큰"), "value": standing.available, "note": gettext("토큰")},
        {"label": gettext("모두"), "value": standing.posted},
        {"label": gettext("예약 중"), "value": standing.held, "note": _named(reserved)},
        {"label": gettext("곧 사라짐"), "value": standing.expiring, "note": _ending(standing)},
    ]


def _ending(standing: WalletStanding) -> str:
    if standing.expires_on is None:
        return gettext("30일 안에 사라질 것은 없어요")
    return gettext("%(day)s부터예요. 쓰시면 사라지지 않아요") % {
        "day": date_format(standing.expires_on, "MONTH_DAY_FORMAT")
    }


def _named(reserved: list[Order]) -> str:
    if not reserved:
        return ""
    first, others = reserved[0].reward.name, len(reserved) - 1
    if not others:
        return first
    return ngettext("%(first)s 밖에 한 가지", "%(first)s 밖에 %(others)d가지", others) % {
        "first": first,
        "others": others,
    }


def _by_month(lines: list[WalletLine], months: list[Month]) -> list[dict[str, Any]]:
    """Return the lines month by month; a month the chart shows brings its sums along."""
    known = {month.first: month for month in months}
    grouped = groupby(lines, key=lambda line: timezone.localdate(line.entry.at).replace(day=1))
    return [{"first": first, "month": known.get(first), "lines": list(of_month)} for first, of_month in grouped]
