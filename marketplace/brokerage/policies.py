"""When an offer still stands. These raise; they change nothing."""

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext

from marketplace.appliances.models import StreamFlag
from marketplace.brokerage.errors import AppliancePrivate, OfferChanged, StreamHeld
from marketplace.brokerage.models import Offer
from marketplace.demand.models import DataRequest

#: Pausing stops new asks; what was asked before may still be answered.
STANDING = (DataRequest.State.OPEN, DataRequest.State.PAUSED, DataRequest.State.EXHAUSTED)
#: What can still be answered on the terms it was asked with, for whole lists; `stands` says the same of one offer,
#: and `check_is_believed` the last line.
STANDS = (
    Q(
        request__current=F("version"),
        request__state__in=STANDING,
        ask__recipient__verified_at__isnull=False,
        ask__recipient__suspended_at=None,
        insight__appliance__never_share=False,
        insight__sealed__isnull=False,
    )
    & (
        # Whoever it was put to must be the one whose it is now.
        Q(ask__private_to=None, insight__appliance__private_to=None)
        | Q(ask__private_to=F("insight__appliance__private_to"))
    )
    & ~(
        Q(insight__appliance__never_kinds__contains=[F("insight__kind")])
        | Exists(
            StreamFlag.objects.standing().filter(
                appliance=OuterRef("insight__appliance"), kind=OuterRef("insight__kind")
            )
        )
    )
)


def stands(offer: Offer) -> bool:
    """Tell whether an offer can still be answered on the terms it was asked with."""
    try:
        check_offer_stands(offer)
    except (OfferChanged, AppliancePrivate):
        return False
    return offer.insight.sealed_id is not None


def check_offer_stands(offer: Offer) -> None:
    """Let an offer be accepted only on the terms the household was asked with.

    Raises:
        OfferChanged: the data request was edited or closed since, or its organisation was suspended.
        AppliancePrivate: its home said since that nobody asks about it, or about this kind of it; it has left, or
            become a member's own, or the home's again.
    """
    request = offer.request
    if request.current_id != offer.version_id or request.state not in STANDING:
        raise OfferChanged(gettext("그 사이에 요청이 바뀌어서 이 질문은 거두었어요."))
    if not offer.ask.recipient.is_active:
        raise OfferChanged(gettext("이 기관은 지금 멈춰 있어서 이 질문은 거두었어요."))
    if not offer.insight.appliance.may_be_asked(offer.insight.kind):
        raise AppliancePrivate(gettext("나누지 않기로 하신 가전이에요."))
    if offer.insight.appliance.private_to_id != offer.ask.private_to_id:
        raise AppliancePrivate(gettext("그사이에 주인이 바뀐 가전이라서 이 질문은 거두었어요."))


def check_is_believed(offer: Offer) -> None:
    """Let nothing be earned with a stream that a person has to look at first.

    Raises:
        StreamHeld: it came too often, or looks made up.
    """
    insight = offer.insight
    if StreamFlag.objects.standing().filter(appliance=insight.appliance_id, kind=insight.kind).exists():
        raise StreamHeld(gettext("이 가전의 이런 일은 마루가 먼저 살펴보고 있어서, 지금은 나눌 수 없어요."))
