"""Letting in: a code for a hub or an appliance, whether it has arrived, and the keys of what is here."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.models import MachineKey
from consent.parties.permissions import members_only, person_of
from marketplace.appliances import codes, operations
from marketplace.appliances.api import ONE_DAY
from marketplace.appliances.errors import RotationUnderway, TooManyCodes
from marketplace.appliances.models import PairedKey, Pairing, PairingCode
from marketplace.brokerage.views.swaps import is_swap, see_other
from marketplace.care.forms import KeyForm, PairingForm
from marketplace.care.views.appliances import page_of
from rewards.redemption.qr import qr_of


@require_http_methods(["GET", "POST"])
@members_only
def invite(request: HttpRequest) -> HttpResponse:
    """POST /appliances/pairings: a code to come in with. GET leads back."""
    if request.method == "GET":
        return see_other(f"{reverse('appliances')}#let-in")
    form = PairingForm(request.POST)
    if not form.is_valid():
        return render(request, "care/appliances.html", page_of(request) | {"pairing_form": form}, status=422)
    try:
        code = operations.ask_for_code(actor=person_of(request), **form.values(), at=timezone.now())
    except TooManyCodes as refusal:
        messages.error(request, str(refusal))
        return see_other(f"{reverse('appliances')}#let-in")
    return see_other(reverse("show_pairing", args=[code.pk]))


@require_safe
@members_only
def show_pairing(request: HttpRequest, pairing_code_id: UUID) -> HttpResponse:
    """GET /appliances/pairings/<id>: the code while it waits, then what came in with it. htmx gets the sheet alone."""
    code, at = _code(request, pairing_code_id), timezone.now()
    is_waiting = code.is_waiting(at)
    text = codes.code_of(code.pk) if is_waiting else ""
    address = request.build_absolute_uri(reverse("pair"))
    context = {
        "code": code,
        "is_waiting": is_waiting,
        "text": codes.grouped(text),
        "address": address,
        # The fragment is never sent when a browser opens it: what is in front of it is all that any log holds.
        "qr": qr_of(f"{address}#{text}") if is_waiting else None,
        "what": gettext("허브") if not code.type else code.get_type_display(),
    }
    if is_swap(request):
        return render(request, "care/parts/pairing.html", context)
    return render(request, "care/pairing.html", context)


@require_POST
@members_only
def cancel_invitation(request: HttpRequest, pairing_code_id: UUID) -> HttpResponse:
    """POST /appliances/pairings/<id>/cancel: nobody comes in with this code any more."""
    code = _code(request, pairing_code_id)
    try:
        operations.cancel_code(code_id=code.pk, actor=person_of(request), at=timezone.now())
    except PairingCode.DoesNotExist:
        return see_other(reverse("show_pairing", args=[code.pk]))
    messages.success(request, gettext("코드를 거두었어요. 이 코드로는 아무도 들어오지 못해요."))
    return see_other(f"{reverse('appliances')}#let-in")


@require_POST
@members_only
def end_pairing(request: HttpRequest, pairing_id: UUID) -> HttpResponse:
    """POST /appliances/hubs/<id>/end: a hub goes, with all its keys."""
    home = person_of(request).membership.household_id
    pairing = get_object_or_404(Pairing, pk=pairing_id, household=home, appliance=None, ended_at=None)
    operations.end_pairing(pairing_id=pairing.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("허브를 내보냈어요. 이 허브의 열쇠로는 이제 아무것도 보낼 수 없어요."))
    return see_other(f"{reverse('appliances')}#keys")


@require_http_methods(["GET", "POST"])
@members_only
def make_key(request: HttpRequest) -> HttpResponse:
    """POST /appliances/keys: a new key for the hub, shown on this one answer and never again. GET leads back."""
    if request.method == "GET":
        return see_other(f"{reverse('appliances')}#keys")
    form = KeyForm(request.POST)
    if not form.is_valid():
        return render(request, "care/appliances.html", page_of(request) | {"key_form": form}, status=422)
    person = person_of(request)
    text = operations.make_hub_key(
        household=person.membership.household, actor=person, label=form.cleaned_data["label"], at=timezone.now()
    )
    return render(request, "care/appliances.html", page_of(request) | {"new_key": text})


@require_http_methods(["GET", "POST"])
@members_only
def change_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """POST /appliances/keys/<id>/change: the next key, shown once, with a day of both. GET leads back."""
    key = _carried(request, key_id)
    if request.method == "GET":
        return see_other(f"{reverse('appliances')}#keys")
    try:
        text = operations.change_carried_key(
            key_id=key.pk, actor=person_of(request), overlap=ONE_DAY, at=timezone.now()
        )
    except RotationUnderway as refusal:
        messages.error(request, str(refusal))
        return see_other(f"{reverse('appliances')}#keys")
    except MachineKey.DoesNotExist as exc:
        raise Http404 from exc
    return render(request, "care/appliances.html", page_of(request) | {"new_key": text, "is_next_key": True})


@require_POST
@members_only
def end_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """POST /appliances/keys/<id>/revoke: what comes with this key is refused from now on."""
    home = person_of(request).membership.household_id
    signing = PairedKey.objects.filter(pk=key_id, machine_key=None, pairing__household=home)
    key_id = key_id if signing.exists() else _carried(request, key_id).pk
    operations.end_hub_key(key_id=key_id, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("열쇠를 거두었어요. 이 열쇠로는 이제 아무것도 보낼 수 없어요."))
    return see_other(f"{reverse('appliances')}#keys")


def _code(request: HttpRequest, pairing_code_id: UUID) -> PairingCode:
    """Return the code, to the person who asked for it and to nobody else."""
    person = person_of(request)
    mine = PairingCode.objects.filter(asked_by=person, household=person.membership.household_id)
    return get_object_or_404(mine.select_related("pairing__appliance"), pk=pairing_code_id)


def _carried(request: HttpRequest, key_id: UUID) -> MachineKey:
    return get_object_or_404(MachineKey, pk=key_id, household=person_of(request).membership.household_id)
