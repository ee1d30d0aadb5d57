"""What an admin looks into: homes that took a yes back, again and again, before anybody had read."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from consent.parties.errors import NotPermitted
from consent.parties.permissions import person_of
from consent.parties.policies import check_is_admin
from marketplace.brokerage.queries import UNREAD_LIMIT, unread_withdrawals


@require_safe
@login_required
def list_unread_withdrawals(request: HttpRequest) -> HttpResponse:
    """GET /review/withdrawals: who withdrew unread so often that somebody should ask why. It changes nothing."""
    try:
        check_is_admin(person_of(request))
    except NotPermitted as exc:
        raise Http404 from exc
    return render(request, "care/unread.html", {"found": unread_withdrawals(at=timezone.now()), "limit": UNREAD_LIMIT})
