"""How an order and its voucher are shown."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from rewards.redemption.models import Order
from rewards.redemption.qr import Qr, qr_of

register = template.Library()

State = Order.State
PEGS = {
    State.PLACED: "waiting",
    State.ACCEPTED: "accepted",
    State.FULFILLED: "closed",
    State.REFUSED: "denied",
    State.CANCELLED: "withdrawn",
}


@register.inclusion_tag("parts/state.html")
def order_state(order: Order, at: datetime | None = None) -> dict[str, str]:
    """Show where an order stands, to the home that placed it. Needs `reward__provider` loaded."""
    state = State(order.shown_state(at or timezone.now()))
    words = {
        State.PLACED: gettext("%(provider)s의 답을 기다려요."),
        State.ACCEPTED: gettext("%(provider)s에서 받았어요."),
        State.FULFILLED: gettext("%(provider)s에서 마쳤어요."),
        State.REFUSED: gettext("%(provider)s에서 받지 못했어요. 토큰은 모두 돌아왔어요."),
        State.CANCELLED: gettext("취소하셨어요. 토큰은 모두 돌아왔어요."),
    }[state]
    if state == State.CANCELLED and (order.state == State.PLACED or order.is_unanswered):
        words = gettext("%(provider)s의 답이 없어 예약이 풀렸어요. 토큰은 모두 돌아왔어요.")
    return {"key": PEGS[state], "word": words % {"provider": order.reward.provider.name}}


@register.inclusion_tag("parts/state.html")
def answer_state(order: Order, at: datetime | None = None) -> dict[str, str]:
    """Show where an order stands, to the staff who answer it."""
    state = State(order.shown_state(at or timezone.now()))
    words = {
        State.PLACED: gettext("답을 기다려요"),
        State.ACCEPTED: gettext("받으셨어요"),
        State.FULFILLED: gettext("마치셨어요"),
        State.REFUSED: gettext("받지 못하셨어요"),
        State.CANCELLED: gettext("취소되었어요"),
    }
    return {"key": PEGS[state], "word": words[state]}


@register.inclusion_tag("redemption/parts/qr.html")
def voucher_qr(order: Order) -> dict[str, Qr]:
    """Draw the voucher for a camera; the same code stands beside it for people."""
    return {"qr": qr_of(f"MARU {order.voucher_code}")}
