"""The appliances of a home: what never to ask about, what each one is, and the keys their hub carries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.parties.models import MachineKey, User
from consent.parties.permissions import members_only, person_of
from consent.records.queries import WEEK
from marketplace.appliances import operations, policies
from marketplace.appliances.models import Appliance
from marketplace.brokerage.views.swaps import is_swap, see_other
from marketplace.care.forms import ApplianceForm, KeyForm

#: After this long without a word, the card says since when.
SILENCE = timedelta(days=2)
ICONS = {
    Appliance.Type.AIR_PURIFIER: "purifier",
    Appliance.Type.AIR_SENSOR: "sensor",
    Appliance.Type.ROBOT_VACUUM: "vacuum",
    Appliance.Type.REFRIGERATOR: "fridge",
    Appliance.Type.MICROWAVE: "microwave",
    Appliance.Type.AIR_CONDITIONER: "cooler",
    Appliance.Type.OTHER: "appliance",
}


@dataclass(frozen=True)
class ApplianceCard:
    """One appliance as its home sees it. Values stay out of it: they come with the twin."""

    appliance: Appliance
    icon: str
    noticed: str
    is_silent: bool
    can_change: bool
    form: ApplianceForm | None


@require_GET
@members_only
def show_appliances(request: HttpRequest) -> HttpResponse:
    """GET /appliances: what lives here, when each was last heard, and the hub's keys."""
    return render(request, "care/appliances.html", _told(request))


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
    return see_other(f"{reverse('appliances')}#appliance-{appliance_id}")


@require_POST
@members_only
def describe_appliance(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>: what it is, where its hub did not say."""
    appliance, form = _appliance(request, appliance_id), ApplianceForm(request.POST, prefix=str(appliance_id))
    if not form.is_valid():
        return render(request, "care/appliances.html", _told(request, failed=(appliance_id, form)), status=422)
    operations.describe_appliance(appliance_id=appliance.pk, actor=person_of(request), **form.cleaned_data)
    messages.success(request, gettext("바꾸었어요."))
    return see_other(f"{reverse('appliances')}#appliance-{appliance_id}")


@require_http_methods(["GET", "POST"])
@members_only
def make_key(request: HttpRequest) -> HttpResponse:
    """POST /appliances/keys: a new key for the hub, shown on this one answer and never again. GET leads back."""
    if request.method == "GET":
        return see_other(f"{reverse('appliances')}#keys")
    form = KeyForm(request.POST)
    if not form.is_valid():
        return render(request, "care/appliances.html", _told(request) | {"key_form": form}, status=422)
    person = person_of(request)
    text = operations.make_hub_key(
        household=person.membership.household, actor=person, label=form.cleaned_data["label"], at=timezone.now()
    )
    return render(request, "care/appliances.html", _told(request) | {"new_key": text})


@require_POST
@members_only
def end_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """POST /appliances/keys/<id>/revoke: what carries this key is refused from now on."""
    key = get_object_or_404(MachineKey, pk=key_id, household=person_of(request).membership.household_id)
    operations.end_hub_key(key_id=key.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("열쇠를 거두었어요. 이 열쇠로는 이제 아무것도 보낼 수 없어요."))
    return see_other(f"{reverse('appliances')}#keys")


def _appliance(request: HttpRequest, appliance_id: UUID) -> Appliance:
    return get_object_or_404(Appliance.objects.visible_to(request.user), pk=appliance_id)


def _told(request: HttpRequest, *, failed: tuple[UUID, ApplianceForm] | None = None) -> dict[str, Any]:
    user, at = person_of(request), timezone.now()
    cards = _cards(user, at, failed=failed)
    keys = MachineKey.objects.filter(household=user.membership.household_id, revoked_at=None)
    return {
        "cards": cards,
        "title": _title(len(cards)),
        "silent": sum(card.is_silent for card in cards),
        "keys": keys.order_by("created_at", "pk"),
        "can_keep_keys": user.membership.is_adult,
        "key_form": KeyForm(),
    }


def _cards(user: User, at: datetime, *, failed: tuple[UUID, ApplianceForm] | None = None) -> list[ApplianceCard]:
    week = Count("insights", filter=Q(insights__received_at__gt=at - WEEK))
    rows = Appliance.objects.visible_to(user).annotate(noticed=week).select_related("private_to__user")
    failing = dict([failed]) if failed else {}
    return [_card(row, user, at, failing.get(row.pk)) for row in rows.order_by("joined_at", "pk")]


def _card(appliance: Any, user: User, at: datetime, failing: ApplianceForm | None) -> ApplianceCard:
    initial = {"type": appliance.type, "model": appliance.model}
    can_change = policies.is_changeable(appliance, by=user.membership)
    form = failing or ApplianceForm(initial=initial, prefix=str(appliance.pk))
    return ApplianceCard(
        appliance=appliance,
        icon=ICONS[Appliance.Type(appliance.type)],
        noticed=_noticed(appliance.noticed),
        is_silent=appliance.last_seen_at is None or appliance.last_seen_at < at - SILENCE,
        can_change=can_change,
        form=form if can_change else None,
    )


def _noticed(count: int) -> str:
    if not count:
        return gettext("이레 동안 알아챈 것이 없어요.")
    words = ngettext("이레 동안 한 가지를 알아챘어요.", "이레 동안 %(count)s가지를 알아챘어요.", count)
    return words % {"count": count}


def _one_card(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    cards = _cards(person_of(request), timezone.now())
    card = next(card for card in cards if card.appliance.pk == appliance_id)
    return render(request, "care/appliance_card.html", {"card": card})


def _title(count: int) -> str:
    if not count:
        return gettext("아직 들인 가전이 없어요")
    return ngettext("가전 한 대가 함께 지내요", "가전 %(count)s대가 함께 지내요", count) % {"count": count}
