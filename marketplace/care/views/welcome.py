"""The first page of somebody who has just come in: opening a home."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from consent.parties.permissions import person_of
from consent.parties.queries import has_place
from marketplace.care import operations
from marketplace.care.forms import MoveInForm


@require_http_methods(["GET", "POST"])
@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """GET, POST /welcome: open a home, or go to the room one has."""
    user = person_of(request)
    if has_place(user):
        return redirect("home")
    form = MoveInForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return render(request, "care/welcome.html", {"form": form}, status=200 if request.method == "GET" else 422)
    operations.move_in(user=user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, gettext("우리 집이 열렸어요. 가전이나 집 허브를 먼저 이어 볼까요?"))
    return redirect("appliances")
