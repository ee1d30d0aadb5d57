"""Who lives in a home: its people, those who were invited, and the page on which somebody joins."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from consent.parties import operations, queries
from consent.parties.forms import InvitationForm
from consent.parties.models import Invitation, Membership
from consent.parties.permissions import members_only, membership_of, person_of, seat_of


@require_http_methods(["GET", "POST"])
@members_only
def members(request: HttpRequest) -> HttpResponse:
    """GET, POST /privacy/members: the family, and a new invitation, shown on this one answer and never again."""
    if request.method != "POST":
        return _page(request, InvitationForm())
    household, form = _place(request).household, InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    code = operations.invite_member(
        household=household, actor=person_of(request), at=timezone.now(), **form.cleaned_data
    )
    link = request.build_absolute_uri(reverse("join", args=[code]))
    return _page(request, InvitationForm(), link=link, invited=form.cleaned_data["label"])


@require_POST
@members_only
def withdraw_invitation(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """POST /privacy/members/invitations/<id>/withdraw: from now on nobody gets in with it."""
    invitation = get_object_or_404(Invitation, pk=invitation_id, household=_place(request).household)
    operations.withdraw_invitation(invitation_id=invitation.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("초대를 거두었어요. 그 주소로는 이제 들어올 수 없어요."))
    return redirect("members")


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def join(request: HttpRequest, invitation_code: str) -> HttpResponse:
    """GET, POST /join/<invitation code>: whose home it is and what one may do there; then one of the family."""
    at, user = timezone.now(), person_of(request)
    invitation = queries.invitation_with(invitation_code, at=at)
    if invitation is None:
        return render(request, "parties/invitation_over.html", status=410)
    place, seat = membership_of(user), seat_of(user)
    if request.method != "POST" or place is not None or seat is not None:
        page = {"invitation": invitation, "place": place, "seat": seat}
        return render(request, "parties/join.html", page, status=409 if request.method == "POST" else 200)
    operations.accept_invitation(code=invitation_code, actor=user, at=at)
    messages.success(request, gettext("이제 우리 집 식구예요. 반가워요."))
    return redirect("home")


def _place(request: HttpRequest) -> Membership:
    place = membership_of(request.user)
    if place is None:
        raise PermissionDenied
    return place


def _page(request: HttpRequest, form: InvitationForm, *, status: int = 200, **more: Any) -> HttpResponse:
    place = _place(request)
    family = queries.family_of(place.household, at=timezone.now())
    may_take_out = {one.pk for one in family.members if place.may_take_out(one)}
    page = {"family": family, "place": place, "form": form, "may_take_out": may_take_out, **more}
    return render(request, "parties/members.html", page, status=status)
