"""Who may spend a home's tokens, who may answer an order, and when. These raise; they change nothing."""

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.models import AuditEntry, Household, Membership, Organisation, Seat, User
from consent.parties.policies import check_can_act_for
from rewards.redemption.errors import (
    GiftInvalid,
    GiftReturned,
    GiftsStopped,
    GiftTooLarge,
    GiftTriesUsedUp,
    NotYourGift,
    NotYourOrder,
    OnlyAdultsGive,
    OnlyAdultsOrder,
    OnlyAdultsProve,
    OrderNotInState,
    ReasonMissing,
    RewardUnavailable,
    VoucherMismatch,
    WalletNotShown,
)
from rewards.redemption.models import Gift, GiftAddress, Order, Reward

VOUCHER_PREFIX, VOUCHER_LENGTH = "MARU", 8
MAX_GIFT_WORDS = 100
#: Numbers nobody has that a home may try within a day.
MOST_TRIES = 20
UNKNOWN_GIFT_ADDRESS = "gift.unknown"
DAY = timedelta(days=1)


def provider_of(actor: User) -> Organisation | None:
    """Return the provider or manufacturer whose orders this person answers, or None for anybody else."""
    seat: Seat | None = getattr(actor, "seat", None)
    offers = (Organisation.Kind.PROVIDER, Organisation.Kind.MANUFACTURER)
    if seat is None or seat.role == Seat.Role.AUDITOR or seat.organisation.kind not in offers:
        return None
    return seat.organisation


def check_can_see_wallet(actor: User) -> None:
    """Show the wallet to adults and teens of a home.

    Raises:
        WalletNotShown: `actor` is under 14, or of no home.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None or membership.role == Membership.Role.CHILD:
        raise WalletNotShown(gettext("지갑은 14세부터 볼 수 있어요. 어른 식구와 함께 봐 주세요."))


def check_can_take_proof(actor: User) -> Household:
    """Hand an adult the proof of the home's own wallet, and return that home.

    Raises:
        WalletNotShown: `actor` belongs to no home, or is under 14.
        OnlyAdultsProve: `actor` is not an adult.
    """
    check_can_see_wallet(actor)
    if not actor.membership.is_adult:
        raise OnlyAdultsProve(gettext("증명에는 온 가족의 명세가 들어 있어 어른 식구가 받아요."))
    return actor.membership.household


def check_can_order(actor: User) -> Household:
    """Let an adult spend the tokens of the home, and return that home.

    Teens decide about their own appliances; the tokens belong to everybody at home, so adults spend them.

    Raises:
        NotYourOrder: `actor` belongs to no home.
        OnlyAdultsOrder: `actor` is not an adult.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None:
        raise NotYourOrder(gettext("토큰은 가구의 것이에요."))
    if not membership.is_adult:
        raise OnlyAdultsOrder(gettext("토큰은 온 가족의 것이라 예약과 취소는 어른 식구가 해요."))
    return membership.household


def check_on_offer(reward: Reward) -> None:
    """Let only what is in the shop, and left, be ordered. The row must be locked.

    Raises:
        RewardUnavailable: it was taken out of the shop, its provider rests, or none is left.
    """
    if not reward.is_offered:
        raise RewardUnavailable(gettext("지금은 가게에 없는 것이에요."))
    if reward.stock == 0:
        raise RewardUnavailable(gettext("방금 마지막 하나까지 나갔어요."))


def check_can_cancel(order: Order, *, actor: User, at: datetime) -> None:
    """Let an adult of the home cancel until the order is fulfilled.

    Raises:
        NotYourOrder: it is another home's order.
        OnlyAdultsOrder: `actor` is not an adult.
        OrderNotInState: it is over already.
    """
    if check_can_order(actor).pk != order.household_id:
        raise NotYourOrder(gettext("다른 집의 예약이에요."))
    check_step(order, to=Order.State.CANCELLED, at=at)


def check_can_answer(order: Order, *, actor: User, to: str, at: datetime) -> None:
    """Let the staff of the reward's provider take the step `to`.

    Raises:
        NotYourOrder: `actor` holds no seat at this provider.
        OrganisationSuspended: the provider may not act now.
        OrderNotInState: the order does not lead there, or nobody answered in time.
    """
    provider = provider_of(actor)
    if provider is None or provider.pk != order.reward.provider_id:
        raise NotYourOrder(gettext("다른 기관이 맡은 예약이에요."))
    check_can_act_for(order.reward.provider, actor_organisation=provider)
    check_step(order, to=to, at=at)


def check_can_offer(actor: User, *, provider: Organisation) -> None:
    """Let the staff of a provider or manufacturer keep its own part of the shop.

    Raises:
        NotYourOrder: `actor` holds no seat there, or it offers no rewards.
        OrganisationSuspended: it may not act now.
    """
    place = provider_of(actor)
    if place is None or place.pk != provider.pk:
        raise NotYourOrder(gettext("다른 기관이 내놓은 것이에요."))
    check_can_act_for(provider, actor_organisation=place)


def check_step(order: Order, *, to: str, at: datetime) -> None:
    """Let an order move only along its transitions; one past its 72 hours is cancelled, swept or not.

    Raises:
        OrderNotInState: no step leads from the state at `at` to `to`.
    """
    state = order.shown_state(at)
    if to not in Order.TRANSITIONS[Order.State(state)]:
        words = {"state": Order.State(state).label}
        raise OrderNotInState(gettext("이 예약은 지금 이런 상태예요: %(state)s") % words)


def check_reason(reason: str) -> str:
    """Return the reason without the spaces around it.

    Raises:
        ReasonMissing: nothing is left.
    """
    if not reason.strip():
        raise ReasonMissing(gettext("왜 받지 못하시는지 한 줄 적어 주세요. 그 집에 그대로 보여 드려요."))
    return reason.strip()


def check_voucher(order: Order, *, typed: str) -> None:
    """Compare what staff typed or scanned at the door with the order's voucher, in constant time.

    Raises:
        VoucherMismatch: they differ.
    """
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    if len(signs) == len(VOUCHER_PREFIX) + VOUCHER_LENGTH:
        signs = signs.removeprefix(VOUCHER_PREFIX)
    if not hmac.compare_digest(signs.encode(), order.voucher_code.replace(" ", "").encode()):
        raise VoucherMismatch(gettext("교환권 번호가 맞지 않아요. 손님의 번호를 다시 봐 주세요."))


# --- gifts -----------------------------------------------------------------------------------------------------------


def check_can_give(actor: User) -> Household:
    """Let an adult give away the tokens of the home, and return that home.

    Raises:
        NotYourGift: `actor` belongs to no home.
        OnlyAdultsGive: `actor` is not an adult.
        GiftsStopped: Maru has stopped this home from giving.
    """
    membership: Membership | None = getattr(actor, "membership", None)
    if membership is None:
        raise NotYourGift(gettext("토큰은 가구의 것이에요."))
    if not membership.is_adult:
        raise OnlyAdultsGive(gettext("토큰은 온 가족의 것이라 선물은 어른 식구가 해요."))
    if GiftAddress.objects.filter(household=membership.household, stopped_at__isnull=False).exists():
        raise GiftsStopped(gettext("지금은 선물을 멈춘 집이에요. 마루에 말씀해 주세요."))
    return membership.household


def check_gift(*, tokens: int, words: str) -> None:
    """Let a gift be what a gift is.

    Raises:
        GiftInvalid: its tokens or words cannot be.
        GiftTooLarge: it is more than one gift may be.
    """
    if type(tokens) is not int or tokens < 1:
        raise GiftInvalid(gettext("선물할 토큰은 1 이상의 정수예요."))
    if len(words) > MAX_GIFT_WORDS or not all(sign.isprintable() for sign in words):
        raise GiftInvalid(gettext("건네는 말은 한 줄로 100자까지예요."))
    if tokens > settings.GIFT_TOKENS:
        most = {"most": f"{settings.GIFT_TOKENS:,}"}
        raise GiftTooLarge(gettext("한 번에 %(most)s 토큰까지 선물할 수 있어요.") % most)


def check_gifts_left(giver: Household, *, tokens: int, at: datetime) -> None:
    """Keep what a home gives away within the day's and the month's measure. The home's row must be locked.

    What was returned counts too: passing tokens back and forth is what the measure is for.

    Raises:
        GiftTooLarge: this gift would go beyond one of them.
    """
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    gifts = Gift.objects.filter(giver=giver, given_at__gte=today.replace(day=1))
    given = gifts.aggregate(
        day=Coalesce(Sum("tokens", filter=Q(given_at__gte=today)), 0), month=Coalesce(Sum("tokens"), 0)
    )
    if given["day"] + tokens > settings.GIFT_DAY_TOKENS:
        left = {"left": f"{max(0, settings.GIFT_DAY_TOKENS - given['day']):,}"}
        raise GiftTooLarge(gettext("오늘 더 선물할 수 있는 것은 %(left)s 토큰이에요.") % left)
    if given["month"] + tokens > settings.GIFT_MONTH_TOKENS:
        left = {"left": f"{max(0, settings.GIFT_MONTH_TOKENS - given['month']):,}"}
        raise GiftTooLarge(gettext("이번 달에 더 선물할 수 있는 것은 %(left)s 토큰이에요.") % left)


def check_tries_left(giver: Household, *, at: datetime) -> None:
    """Stop a home that looks for numbers by trying them.

    Raises:
        GiftTriesUsedUp: it tried too many within a day.
    """
    tries = AuditEntry.objects.filter(
        subject=f"household:{giver.pk}", at__gt=at - DAY, action=UNKNOWN_GIFT_ADDRESS
    ).count()
    if tries >= MOST_TRIES:
        raise GiftTriesUsedUp(gettext("없는 번호를 여러 번 적으셨어요. 내일 다시 해 주세요."))


def check_can_return(gift: Gift, *, actor: User) -> None:
    """Let an adult of the home that got a gift return it, once.

    Raises:
        NotYourGift: it was given to another home.
        OnlyAdultsGive: `actor` is not an adult.
        GiftsStopped: Maru has stopped this home, or the one that gave, from giving and taking.
        GiftReturned: it was returned before.
    """
    if check_can_give(actor).pk != gift.taker_id:
        raise NotYourGift(gettext("다른 집이 받은 선물이에요."))
    if gift.returned_at is not None:
        raise GiftReturned(gettext("이미 돌려준 선물이에요."))
    if GiftAddress.objects.filter(household=gift.giver_id, stopped_at__isnull=False).exists():
        raise GiftsStopped(gettext("지금은 선물을 주고받지 않는 집에서 온 선물이에요. 토큰은 그대로 두시면 돼요."))
