"""Gifts between homes: the number to tell, a gift with its confirmation, and what was given and received."""

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from consent.parties.models import Membership
from consent.parties.permissions import own_membership, person_of
from marketplace.care.forms import GiftForm
from marketplace.care.views.taps import tap_of
from rewards.ledger.errors import IdempotencyMismatch, InsufficientTokens
from rewards.redemption import operations, policies
from rewards.redemption.errors import GiftTriesUsedUp, OnlyAdultsGive, RedemptionError, WalletNotShown
from rewards.redemption.models import Gift, GiftAddress
from rewards.redemption.queries import name_of, wallet_of

GIFTS = 20
REFUSALS = (RedemptionError, InsufficientTokens, IdempotencyMismatch)
STATUS: dict[type[Exception], int] = {OnlyAdultsGive: 403, GiftTriesUsedUp: 429}


@require_safe
@never_cache
@login_required
def show_gifts(request: HttpRequest) -> HttpResponse:
    """GET /wallet/gifts: for adults and teens; adults give."""
    return _gifts_page(request, GiftForm())


@require_POST
@never_cache
@login_required
def confirm_gift(request: HttpRequest) -> HttpResponse:
    """POST /wallet/gifts/confirm: who would get it and what would be left; nothing has moved yet."""
    membership, form, now = own_membership(request), GiftForm(request.POST), timezone.now()
    if not form.is_valid():
        return _gifts_page(request, form, status=422)
    said = form.cleaned_data
    try:
        policies.check_gift(tokens=said["tokens"], words=said["words"])
        taker = operations.find_taker(actor=person_of(request), code=said["to"], at=now)
        policies.check_gifts_left(membership.household, tokens=said["tokens"], at=now)
    except REFUSALS as refusal:
        return _gifts_page(request, form, refusal=refusal)
    wallet = wallet_of(membership.household, at=now)
    context = {"form": form, "taker": taker, "wallet": wallet, "after": wallet.available - said["tokens"]}
    return render(request, "care/gift_confirm.html", {**context, "said": said, "tap": uuid4()})


@require_POST
@login_required
def give(request: HttpRequest) -> HttpResponse:
    """POST /wallet/gifts/give: the gift itself, once however often the button is pressed."""
    own_membership(request)
    form = GiftForm(request.POST)
    if not form.is_valid():
        return _gifts_page(request, form, status=422)
    said = form.cleaned_data
    try:
        gift = operations.give_tokens(
            code=said["to"],
            tokens=said["tokens"],
            words=said["words"],
            actor=person_of(request),
            at=timezone.now(),
            idempotency_key=tap_of(request),
        )
    except REFUSALS as refusal:
        return _gifts_page(request, form, refusal=refusal)
    words = {"home": gift.taker.name, "tokens": f"{gift.tokens:,}"}
    messages.success(request, gettext("%(home)s에 %(tokens)s 토큰을 선물하셨어요.") % words)
    return redirect("gifts")


@require_POST
@login_required
def return_gift(request: HttpRequest, gift_id: UUID) -> HttpResponse:
    """POST /wallet/gifts/<id>/return: every token of it goes back."""
    own_membership(request)
    gift = get_object_or_404(Gift.objects.visible_to(request.user), pk=gift_id)
    try:
        returned = operations.return_gift(gift_id=gift.pk, actor=person_of(request), at=timezone.now())
    except REFUSALS as refusal:
        return _gifts_page(request, GiftForm(), refusal=refusal)
    words = {"home": name_of(returned.giver), "tokens": f"{returned.tokens:,}"}
    messages.success(request, gettext("%(home)s에 %(tokens)s 토큰을 돌려주셨어요.") % words)
    return redirect("gifts")


@require_POST
@login_required
def change_number(request: HttpRequest) -> HttpResponse:
    """POST /wallet/gifts/number: a first number, or a new one in place of the old."""
    own_membership(request)
    try:
        operations.change_gift_code(actor=person_of(request), at=timezone.now())
    except REFUSALS as refusal:
        return _gifts_page(request, GiftForm(), refusal=refusal)
    messages.success(request, gettext("새 선물 번호예요. 예전 번호로는 이제 선물이 오지 않아요."))
    return redirect("gifts")


def _gifts_page(
    request: HttpRequest, form: GiftForm, *, refusal: Exception | None = None, status: int = 200
) -> HttpResponse:
    membership, now = own_membership(request), timezone.now()
    try:
        policies.check_can_see_wallet(person_of(request))
    except WalletNotShown as closed:
        return render(request, "care/wallet_not_shown.html", {"refusal": closed}, status=403)
    home = membership.household
    gifts = Gift.objects.of(home).select_related("giver", "taker").order_by("-given_at", "-pk")
    page = Paginator(gifts, GIFTS).get_page(request.GET.get("page"))
    context = {
        "home": home,
        "is_adult": membership.is_adult,
        "address": GiftAddress.objects.filter(household=home).first(),
        "available": wallet_of(home, at=now).available,
        "most": {"one": settings.GIFT_TOKENS, "day": settings.GIFT_DAY_TOKENS, "month": settings.GIFT_MONTH_TOKENS},
        "form": form,
        "refusal": refusal,
        "page": page,
        "lines": [_line(gift, membership) for gift in page.object_list],
    }
    if refusal is not None:
        status = STATUS.get(type(refusal), 409)
    return render(request, "care/gifts.html", context, status=status)


def _line(gift: Gift, membership: Membership) -> dict[str, Any]:
    is_given = gift.giver_id == membership.household_id
    return {
        "gift": gift,
        "is_given": is_given,
        "other": name_of(gift.taker if is_given else gift.giver),
        "signed": -gift.tokens if is_given else gift.tokens,
        "may_return": membership.is_adult and not is_given and gift.returned_at is None,
    }
