"""One appliance by itself: its charts, how it is doing, whose it is, and forgetting what it said."""

from uuid import UUID

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from consent.parties.models import Membership
from consent.parties.permissions import members_only, person_of
from marketplace.appliances import operations
from marketplace.appliances.errors import NotTheirsToOwn
from marketplace.appliances.models import Appliance
from marketplace.brokerage import operations as brokerage
from marketplace.brokerage.views.swaps import see_other
from marketplace.care.forms import ApplianceForm, OwnerForm
from marketplace.care.twin.charts import RANGES
from marketplace.care.twin.page import page_of
from marketplace.insights import twin

#: So far back a page looks at all; what is kept ends before.
MOST_BACK = 200


@require_http_methods(["GET", "POST"])
@members_only
def show_or_describe(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """GET /appliances/<id>: what it said, `?range=` day, week or month, `?back=` so many of them ago.

    Without `back` it is the latest of them in which there was news.
    POST: what it is, where its hub did not say, and what its home calls it.
    """
    appliance, form = _whole(request, appliance_id), ApplianceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        operations.describe_appliance(appliance_id=appliance.pk, actor=person_of(request), **form.cleaned_data)
        messages.success(request, gettext("바꾸었어요."))
        return see_other(reverse("appliance", args=[appliance.pk]))
    chosen = request.GET.get("range", "day")
    page = page_of(
        person_of(request),
        appliance,
        range_name=chosen if chosen in RANGES else "day",
        back=_back(request.GET["back"]) if "back" in request.GET else None,
        at=timezone.now(),
    )
    if page["can_change"]:
        page["form"] = (
            form if form.is_bound else ApplianceForm(initial=model_to_dict(appliance, ApplianceForm.base_fields))
        )
    return render(request, "care/appliance.html", page, status=422 if form.is_bound else 200)


@require_POST
@members_only
def make_own(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/own: from now on it is the own of the member named in `owner`."""
    appliance, form = _whole(request, appliance_id), OwnerForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("누구의 것으로 할지 골라 주세요."))
        return see_other(reverse("appliance", args=[appliance.pk]))
    owner = get_object_or_404(
        Membership.objects.living(), pk=form.owner_id(), household=person_of(request).membership.household_id
    )
    try:
        brokerage.make_appliance_own(
            appliance_id=appliance.pk, owner_id=owner.pk, actor=person_of(request), at=timezone.now()
        )
    except NotTheirsToOwn as refusal:
        messages.error(request, str(refusal))
        return see_other(reverse("appliance", args=[appliance.pk]))
    messages.success(request, gettext("이제 %(name)s 님만 보고 정해요.") % {"name": owner.user})
    is_mine = owner.user_id == person_of(request).pk
    return see_other(reverse("appliance", args=[appliance.pk]) if is_mine else reverse("appliances"))


@require_POST
@members_only
def give_back(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/give-back: it is the home's again."""
    appliance = _whole(request, appliance_id)
    if appliance.private_to_id is None:
        # A second tap: it is the home's already, and nothing more is erased.
        return see_other(reverse("appliance", args=[appliance.pk]))
    brokerage.give_appliance_back(appliance_id=appliance.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("우리 집 것으로 돌려주셨어요. 그동안 알아챈 값은 모두 지웠어요."))
    return see_other(reverse("appliance", args=[appliance.pk]))


@require_POST
@members_only
def forget(request: HttpRequest, appliance_id: UUID) -> HttpResponse:
    """POST /appliances/<id>/forget: destroy what the home kept of what it said."""
    appliance = _whole(request, appliance_id)
    twin.forget_history(appliance_id=appliance.pk, actor=person_of(request), at=timezone.now())
    messages.success(request, gettext("여기 모아 둔 값을 모두 지웠어요. 다음에 오는 소식부터 다시 모아요."))
    return see_other(reverse("appliance", args=[appliance.pk]))


def _whole(request: HttpRequest, appliance_id: UUID) -> Appliance:
    found = Appliance.objects.visible_to(request.user).whole().select_related("private_to__user")
    return get_object_or_404(found, pk=appliance_id)


def _back(word: str) -> int:
    return min(int(word), MOST_BACK) if word.isascii() and word.isdigit() and len(word) < 4 else 0
