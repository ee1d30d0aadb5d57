"""Leaving for good: what ends and what stays is said first, and nobody is talked out of it."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from consent.parties.models import Membership
from consent.parties.permissions import members_only, person_of
from consent.parties.policies import check_can_take_out
from marketplace.brokerage import operations
from marketplace.brokerage.queries import farewell_of
from marketplace.brokerage.views.swaps import is_swap, see_other


@require_http_methods(["GET", "POST"])
@members_only
def take_out(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """GET, POST /privacy/members/<id>/take-out: what ends for whom, and then they are no member here any more.

    Where much has to end, each POST is one step, as for whoever leaves by themselves.
    """
    actor = person_of(request)
    family = Membership.objects.living().filter(household=actor.membership.household_id).select_related("user")
    member = get_object_or_404(family, pk=membership_id)
    # Before the second password: strangers learn nothing by being asked for one.
    check_can_take_out(member, actor=actor)
    return _second_thought(request, member)


@reauthentication_required(allow_get=True)
def _second_thought(request: HttpRequest, member: Membership) -> HttpResponse:
    at = timezone.now()
    if request.method == "GET":
        context = {"member": member, "farewell": farewell_of(member.user, at=at)}
        return render(request, "care/take_out.html", context)
    step = operations.take_out_some(membership_id=member.pk, actor=person_of(request), at=at)
    if not step.is_last:
        return render(request, "care/leaving.html", {"farewell": step.farewell, "member": member})
    messages.success(request, gettext("식구에서 내보냈어요. 그분께는 메일로 알려 드렸어요."))
    return _through(request, reverse("members"))


@require_http_methods(["GET", "POST"])
@members_only
@reauthentication_required(allow_get=True)
def leave(request: HttpRequest) -> HttpResponse:
    """GET, POST /privacy/leave: the second thought, and then the door. A POST asks for the password or key again.

    Where much has to end, each POST is one step, and the page says what is left and goes on by itself.
    """
    user, at = person_of(request), timezone.now()
    if request.method == "GET":
        return render(request, "care/leave.html", {"farewell": farewell_of(user, at=at)})
    step = operations.leave_some(actor=user, at=at)
    if not step.is_last:
        return render(request, "care/leaving.html", {"farewell": step.farewell})
    logout(request)
    messages.success(request, gettext("떠나셨어요. 함께해 주셔서 고마웠어요."))
    return _through(request, "/")


def _through(request: HttpRequest, address: str) -> HttpResponse:
    """Go on to another page after the last step, which htmx may have sent."""
    return HttpResponseClientRedirect(address) if is_swap(request) else see_other(address)
