"""Leaving for good: what ends and what stays is said first, and nobody is talked out of it."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from consent.parties.permissions import members_only, person_of
from marketplace.brokerage import operations
from marketplace.brokerage.queries import farewell_of
from marketplace.brokerage.views.swaps import see_other


@require_http_methods(["GET", "POST"])
@members_only
@reauthentication_required(allow_get=True)
def leave(request: HttpRequest) -> HttpResponse:
    """GET, POST /privacy/leave: the second thought, and then the door. A POST asks for the password or key again."""
    user, at = person_of(request), timezone.now()
    if request.method == "GET":
        return render(request, "care/leave.html", {"farewell": farewell_of(user, at=at)})
    operations.leave_maru(actor=user, at=at)
    logout(request)
    messages.success(request, gettext("떠나셨어요. 함께해 주셔서 고마웠어요."))
    return see_other("/")
