"""The provider's side of the shop: orders to answer and fulfil, and what it has put on offer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.errors import OrganisationSuspended
from consent.parties.models import Organisation
from consent.parties.permissions import person_of
from rewards.redemption import operations
from rewards.redemption.errors import OrderNotInState, RedemptionError
from rewards.redemption.forms import FulfilForm, OfferForm, RefuseForm
from rewards.redemption.models import Order, OrderQuerySet, Reward
from rewards.redemption.policies import provider_of

PER_PAGE = 30


def _provider(request: HttpRequest) -> Organisation:
    provider = provider_of(person_of(request))
    if provider is None:
        raise Http404
    return provider


def _order(request: HttpRequest, order_id: UUID) -> Order:
    orders = Order.objects.to_provider(_provider(request)).with_reward().select_related("household__area")
    return get_object_or_404(orders, pk=order_id)


@require_safe
@login_required
def list_orders(request: HttpRequest) -> HttpResponse:
    """GET /provider/orders: what waits for an answer, what was promised, what is over."""
    provider, now = _provider(request), timezone.now()
    orders = Order.objects.to_provider(provider)
    shelves = {
        "waiting": orders.waiting(now).order_by("answer_by", "pk"),
        "accepted": orders.filter(state=Order.State.ACCEPTED).order_by("accepted_at", "pk"),
        "over": orders.over(now).order_by("-placed_at", "-pk"),
    }
    shown = request.GET.get("show", "waiting")
    if shown not in shelves:
        raise Http404
    page = Paginator(shelves[shown].with_reward().select_related("household__area"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "shown": shown, "chips": _chips(shelves, shown)}
    return render(request, "redemption/provider_orders.html", context)


@require_safe
@login_required
def show_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """GET /provider/orders/<id>: one order, and the steps that lead on from it."""
    return _order_page(request, _order(request, order_id))


@require_POST
@login_required
def accept_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """POST /provider/orders/<id>/accept: the promise to fulfil it."""
    order = _order(request, order_id)
    try:
        operations.accept_order(order_id=order.pk, actor=person_of(request), at=timezone.now())
    except (RedemptionError, OrganisationSuspended) as refusal:
        return _order_page(request, order, refusal=refusal)
    messages.success(request, gettext("받으셨어요. 마치실 때 손님의 교환권 번호를 적어 주세요."))
    return redirect("provider_order", order.pk)


@require_POST
@login_required
def refuse_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """POST /provider/orders/<id>/refuse: with a reason that the home reads."""
    order, form = _order(request, order_id), RefuseForm(request.POST)
    if not form.is_valid():
        return _order_page(request, order, refuse_form=form)
    try:
        operations.refuse_order(
            order_id=order.pk, actor=person_of(request), reason=form.cleaned_data["reason"], at=timezone.now()
        )
    except (RedemptionError, OrganisationSuspended) as refusal:
        return _order_page(request, order, refuse_form=form, refusal=refusal)
    messages.success(request, gettext("까닭을 전하고 토큰을 모두 돌려드렸어요."))
    return redirect("provider_order", order.pk)


@require_POST
@login_required
def fulfil_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """POST /provider/orders/<id>/fulfil: against the voucher's code."""
    order, form = _order(request, order_id), FulfilForm(request.POST)
    if not form.is_valid():
        return _order_page(request, order, fulfil_form=form)
    try:
        operations.fulfil_order(
            order_id=order.pk,
            actor=person_of(request),
            voucher_code=form.cleaned_data["voucher_code"],
            at=timezone.now(),
        )
    except OrderNotInState as refusal:
        return _order_page(request, order, refusal=refusal)
    except (RedemptionError, OrganisationSuspended) as refusal:
        form.add_error("voucher_code", str(refusal))
        return _order_page(request, order, fulfil_form=form)
    messages.success(request, gettext("고맙습니다. 토큰이 들어왔어요."))
    return redirect("provider_order", order.pk)


@require_safe
@login_required
def list_rewards(request: HttpRequest) -> HttpResponse:
    """GET /provider/rewards: what this provider has put into the shop."""
    rewards = Reward.objects.filter(provider=_provider(request)).order_by("-listed", "tokens", "pk")
    page = Paginator(rewards, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "redemption/provider_rewards.html", {"page": page})


@require_http_methods(["GET", "POST"])
@login_required
def change_reward(request: HttpRequest, reward_id: UUID) -> HttpResponse:
    """GET, POST /provider/rewards/<id>: how many are left, and whether the shop shows it."""
    reward = get_object_or_404(Reward, pk=reward_id, provider=_provider(request))
    form = OfferForm(request.POST or None, initial={"stock": reward.stock, "listed": reward.listed})
    refusal: Exception | None = None
    if form.is_valid():
        try:
            operations.change_offer(
                reward_id=reward.pk, actor=person_of(request), at=timezone.now(), **form.cleaned_data
            )
        except (RedemptionError, OrganisationSuspended) as exc:
            refusal = exc
        else:
            messages.success(request, gettext("바꾸었어요."))
            return redirect("provider_rewards")
    status = _status_of(refusal) if refusal else 422 if form.errors else 200
    context = {"reward": reward, "form": form, "refusal": refusal}
    return render(request, "redemption/provider_reward.html", context, status=status)


def _order_page(
    request: HttpRequest,
    order: Order,
    *,
    refuse_form: RefuseForm | None = None,
    fulfil_form: FulfilForm | None = None,
    refusal: Exception | None = None,
) -> HttpResponse:
    if refusal:
        order = _order(request, order.pk)
    invalid = any(form is not None and form.errors for form in (refuse_form, fulfil_form))
    context = {
        "order": order,
        "state": order.shown_state(timezone.now()),
        "refuse_form": refuse_form or RefuseForm(),
        "fulfil_form": fulfil_form or FulfilForm(),
        "refusal": refusal,
    }
    status = _status_of(refusal) if refusal else 422 if invalid else 200
    return render(request, "redemption/provider_order.html", context, status=status)


def _status_of(refusal: Exception) -> int:
    return 403 if isinstance(refusal, OrganisationSuspended) else 409


def _chips(shelves: dict[str, OrderQuerySet], shown: str) -> list[dict[str, Any]]:
    labels = {"waiting": gettext("기다리는 것"), "accepted": gettext("받으신 것"), "over": gettext("끝난 것")}
    return [
        {
            "href": f"?show={name}",
            "label": label,
            "is_current": name == shown,
            "count": None if name == "over" else shelves[name].count(),
        }
        for name, label in labels.items()
    ]
