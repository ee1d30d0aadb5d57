"""The keys a buyer's programs carry: made, listed and ended by its people, never with a password alone."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from consent.parties import operations, policies, queries
from consent.parties.forms import BuyerKeyForm
from consent.parties.models import MachineKey, Organisation, Seat
from consent.parties.permissions import has_second_factor, person_of, seat_of

P = ParamSpec("P")


def ask_for_second_factor(request: HttpRequest, *, back: str) -> HttpResponse:
    """Say that a page wants a second factor, and lead to where one is shown, or first made.

    Args:
        back: the address to come back to; what leads to another site becomes the front page.
    """
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    context = {"has_one": is_mfa_enabled(person_of(request)), "back": back}
    return render(request, "parties/second_factor.html", context, status=403)


def key_keepers_only(
    view: Callable[Concatenate[HttpRequest, Organisation, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let an active buyer's people onto a page, with a second factor; nobody else has such a page."""

    @login_required
    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        seat = seat_of(request.user)
        if seat is None or seat.role == Seat.Role.AUDITOR or seat.organisation.kind != Organisation.Kind.BUYER:
            raise Http404
        policies.check_can_keep_keys(seat.organisation, actor=person_of(request))
        if not has_second_factor(request):
            return ask_for_second_factor(request, back="/buyer/keys")
        return view(request, seat.organisation, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "POST"])
@key_keepers_only
def keys(request: HttpRequest, buyer: Organisation) -> HttpResponse:
    """GET, POST /buyer/keys: every key, and a new one, shown on this one answer and never again."""
    is_made = request.method == "POST"
    form = BuyerKeyForm(request.POST if is_made else None, today=timezone.localdate())
    if not is_made:
        return _keys_page(request, buyer, form)
    if not form.is_valid():
        return _keys_page(request, buyer, form, status=422)
    text = operations.make_buyer_key(
        organisation=buyer,
        actor=person_of(request),
        label=form.cleaned_data["label"],
        scopes=form.cleaned_data["scopes"],
        expires_at=form.expires_at(),
        at=timezone.now(),
    )
    return _keys_page(request, buyer, BuyerKeyForm(today=form.today), new_key=text)


@require_http_methods(["GET", "POST"])
@key_keepers_only
def end_key(request: HttpRequest, buyer: Organisation, buyer_key_id: UUID) -> HttpResponse:
    """GET, POST /buyer/keys/<id>/revoke: is it really this one, and then at once."""
    key = get_object_or_404(MachineKey, pk=buyer_key_id, organisation=buyer)
    if request.method != "POST":
        return render(request, "parties/end_key.html", {"key": key})
    operations.end_buyer_key(key_id=key.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("열쇠를 거두었어요. 이 열쇠로 오는 요청은 이제 모두 거절돼요."))
    return redirect("buyer_keys")


def _keys_page(
    request: HttpRequest, buyer: Organisation, form: BuyerKeyForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    lines = queries.keys_of(buyer, at=timezone.now())
    return render(request, "parties/keys.html", {"lines": lines, "form": form, **more}, status=status)
