"""The appliances of a home: what each one is, what never to ask about, what is one with another, what leaves."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.permissions import members_only, person_of
from marketplace.appliances import operations, policies
from marketplace.appliances.errors import NotOneAppliance
from marketplace.appliances.models import Appliance
from marketplace.appliances.queries import let_in, waiting_code
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.views.swaps import SeeOther, is_swap, see_other
from marketplace.care.appliance_cards import cards_of
from marketplace.care.forms import JoinForm, KeyForm, PairingForm
from marketplace.insights.kinds import KINDS


@require_safe
@members_only
def show_appliances(request: HttpRequest) -> HttpResponse:
    """GET /appliances: what lives here, when each was last heard, what may speak for the home."""
    return render(request, "care/appliances.html", page_of(request))


@require_POST
@members_only
def change_sharing(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/sharing: "never share" on or off."""
    appliance, never = _appliance(request, appliance_id), "never_share" in request.POST
    operations.share_never(appliance_id=appliance.pk, actor=person_of(request), never=never, at=timezone.now())
    if is_swap(request):
        return _one_card(request, appliance_id)
    on, off = gettext("이 가전의 일은 이제 여쭤보지 않아요."), gettext("이 가전의 일은 다시 하나씩 여쭤볼게요.")
    messages.success(request, on if never else off)
    return back_to(appliance_id)


@require_POST
@members_only
def change_kinds(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/kinds: about which kinds of things nobody may ask."""
    appliance, never = _appliance(request, appliance_id), set(request.POST.getlist("never")) & KINDS.keys()
    operations.never_ask_about(
        appliance_id=appliance.pk, actor=person_of(request), kinds=never, at=timezone.now()
    )  # fmt: skip
    if is_swap(request):
        return _one_card(request, appliance_id, opened="kinds")
    messages.success(request, gettext("그대로 해 둘게요."))
    return back_to(appliance_id)


@require_POST
@members_only
def join_appliance(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/join: it and the one named in `whole` are one thing."""
    part, form = _appliance(request, appliance_id), JoinForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("어느 가전과 하나인지 골라 주세요."))
        return back_to(appliance_id)
    whole = _appliance(request, form.whole_id())
    try:
        operations.join_appliances(part_id=part.pk, whole_id=whole.pk, actor=person_of(request), at=timezone.now())
    except NotOneAppliance as refusal:
        messages.error(request, str(refusal))
        return back_to(appliance_id)
    messages.success(request, gettext("하나로 묶었어요. 이제 한 가전으로 보여 드릴게요."))
    return back_to(whole.pk)


@require_POST
@members_only
def separate_appliance(request: HttpRequest, part_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/separate: it is a thing of its own after all."""
    part = get_object_or_404(Appliance.objects.visible_to(request.user), pk=part_id, part_of__isnull=False)
    operations.separate_appliance(part_id=part.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("다시 따로 보여 드릴게요."))
    return back_to(part_id)


@require_http_methods(["GET", "POST"])
@members_only
def leave(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """GET /appliances/<id>/leave: what ends when it leaves. POST: it leaves."""
    appliance = _appliance(request, appliance_id)
    policies.check_can_change(appliance, actor=person_of(request))
    if request.method == "GET":
        return render(request, "care/appliance_leave.html", {"appliance": appliance})
    parted = brokerage.hand_on_appliance(appliance_id=appliance.pk, actor=person_of(request), at=timezone.now())
    words = gettext("가전을 내보냈어요. 여기서 알아챈 값은 모두 지웠고, 열쇠도 끝났어요.")
    if parted.asks:
        taken = ngettext("기다리던 질문 하나도 거두었어요.", "기다리던 질문 %(count)s개도 거두었어요.", parted.asks)
        words = f"{words} {taken % {'count': parted.asks}}"
    messages.success(request, words)
    return see_other(reverse("appliances"))


def page_of(request: HttpRequest) -> dict[str, Any]:
    """Return what `care/appliances.html` needs."""
    user, at = person_of(request), timezone.now()
    home, is_adult = user.membership.household, user.membership.is_adult
    cards = cards_of(user, at=at)
    return {
        "cards": cards,
        "title": _title(len(cards)),
        "silent": sum(card.is_silent for card in cards),
        "let_in": let_in(home, at=at),
        "waiting": waiting_code(home, asked_by=user, at=at) if is_adult else None,
        "can_keep_keys": is_adult,
        "key_form": KeyForm(),
        "pairing_form": PairingForm(),
    }


def back_to(appliance_id: UUID) -> SeeOther:
    """Return the way back to one card."""
    return see_other(f"{reverse('appliances')}#appliance-{appliance_id}")


def _appliance(request: HttpRequest, appliance_id: UUID) -> Appliance:
    return get_object_or_404(Appliance.objects.visible_to(request.user).whole(), pk=appliance_id)


def _one_card(request: HttpRequest, appliance_id: UUID, *, opened: str = "") -> HttpResponse:
    cards = cards_of(person_of(request), at=timezone.now())
    card = next(card for card in cards if card.appliance.pk == appliance_id)
    return render(request, "care/appliance_card.html", {"card": card, "opened": opened})


def _title(count: int) -> str:
    if not count:
        return gettext("아직 들인 가전이 없어요")
    return ngettext("가전 한 대가 함께 지내요", "가전 %(count)s대가 함께 지내요", count) % {"count": count}
