"""The shop: what the home's tokens are good for, reserving it, and taking a reservation back."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.permissions import own_membership, person_of
from marketplace.care.queries import FITS, SHELVES, shelf, types_at_home
from marketplace.care.views.taps import tap_of
from rewards.ledger.errors import IdempotencyMismatch, InsufficientTokens
from rewards.redemption import operations
from rewards.redemption.errors import NotEnoughTokens, OnlyAdultsOrder, RedemptionError
from rewards.redemption.models import Order, OrderQuerySet, Reward
from rewards.redemption.queries import wallet_of

CARDS, ORDERS = 24, 20
STATUS = {NotEnoughTokens: 402, OnlyAdultsOrder: 403}


def _orders(request: HttpRequest) -> OrderQuerySet:
    return Order.objects.filter(household=own_membership(request).household_id).with_reward()


@require_safe
@never_cache
@login_required
def show_shop(request: HttpRequest) -> HttpResponse:
    """GET /shop: first what fits the home; `?show=` names another shelf."""
    membership, now = own_membership(request), timezone.now()
    user, shown = person_of(request), request.GET.get("show", FITS)
    page = Paginator(shelf(shown, user=user, at=now), CARDS).get_page(request.GET.get("page"))
    context = {
        "wallet": wallet_of(membership.household, at=now),
        "is_adult": membership.is_adult,
        "chips": _chips(shown),
        "shown": shown,
        "kinds_at_home": len(types_at_home(user)) if shown == FITS else 0,
        "page": page,
        "running": _orders(request).running(now).order_by("-placed_at"),
    }
    return render(request, "care/shop.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def reserve(request: HttpRequest, reward_id: UUID) -> HttpResponse:
    """GET, POST /shop/<id>/reserve: first what would happen, then the reservation itself."""
    own_membership(request)
    reward = get_object_or_404(Reward.objects.select_related("provider").filter(listed=True), pk=reward_id)
    if request.method == "GET":
        return _reserve_page(request, reward)
    try:
        order = operations.place_order(
            reward_id=reward.pk,
            actor=person_of(request),
            at=timezone.now(),
            idempotency_key=tap_of(request),
        )
    except (RedemptionError, InsufficientTokens, IdempotencyMismatch) as refusal:
        return _reserve_page(request, reward, refusal=refusal)
    messages.success(request, gettext("예약했어요. 기관이 72시간 안에 답해요."))
    return redirect("shop_order", order.pk)


@require_safe
@never_cache
@login_required
def list_orders(request: HttpRequest) -> HttpResponse:
    """GET /shop/orders: every order of the home, newest first."""
    page = Paginator(_orders(request).order_by("-placed_at", "-pk"), ORDERS).get_page(request.GET.get("page"))
    return render(request, "care/orders.html", {"page": page})


@require_safe
@never_cache
@login_required
def show_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """GET /shop/orders/<id>: the voucher, to show or to print."""
    return _order_page(request, get_object_or_404(_orders(request), pk=order_id))


@require_POST
@login_required
def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """POST /shop/orders/<id>/cancel: every token comes back."""
    order = get_object_or_404(_orders(request), pk=order_id)
    try:
        operations.cancel_order(order_id=order.pk, actor=person_of(request), at=timezone.now())
    except RedemptionError as refusal:
        return _order_page(request, get_object_or_404(_orders(request), pk=order_id), refusal=refusal)
    words = {"tokens": f"{order.tokens:,}"}
    messages.success(request, gettext("취소하셨어요. %(tokens)s 토큰이 돌아왔어요.") % words)
    return redirect("shop")


def _reserve_page(request: HttpRequest, reward: Reward, *, refusal: Exception | None = None) -> HttpResponse:
    membership, now = own_membership(request), timezone.now()
    wallet = wallet_of(membership.household, at=now)
    if refusal is None and wallet.available < reward.tokens:
        refusal = NotEnoughTokens("", needed=reward.tokens, available=wallet.available)
        status = 200
    else:
        status = STATUS.get(type(refusal), 409) if refusal else 200
    context = {
        "reward": reward,
        "wallet": wallet,
        "after": wallet.available - reward.tokens,
        "is_adult": membership.is_adult,
        "is_left": Reward.objects.on_offer(now).filter(pk=reward.pk).exists(),
        "refusal": refusal,
        "tap": uuid4(),
    }
    return render(request, "care/reserve.html", context, status=status)


def _order_page(request: HttpRequest, order: Order, *, refusal: Exception | None = None) -> HttpResponse:
    context = {
        "order": order,
        "state": order.shown_state(timezone.now()),
        "is_adult": own_membership(request).is_adult,
        "refusal": refusal,
    }
    status = STATUS.get(type(refusal), 409) if refusal else 200
    return render(request, "care/order.html", context, status=status)


def _chips(shown: str) -> list[dict[str, Any]]:
    labels = {
        FITS: gettext("우리 집에 맞는 것"),
        "service": gettext("수리와 점검"),
        "parts": gettext("필터와 부품"),
        "appliance": gettext("새 가전"),
        "all": gettext("모두"),
    }
    current = shown if shown == FITS or shown in SHELVES else "all"
    return [{"href": f"?show={name}", "label": label, "is_current": name == current} for name, label in labels.items()]
