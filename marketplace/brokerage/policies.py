"""When an offer still stands. These raise; they change nothing."""

from django.db.models import F, Q
from django.utils.translation import gettext

from marketplace.brokerage.errors import AppliancePrivate, OfferChanged
from marketplace.brokerage.models import Offer
from marketplace.demand.models import DataRequest

#: Pausing stops new asks; what was asked before may still be answered.
STANDING = (DataRequest.State.OPEN, DataRequest.State.PAUSED, DataRequest.State.EXHAUSTED)
#: What can still be answered on the terms it was asked with, for whole lists; `stands` says the same of one offer.
STANDS = Q(
    request__current=F("version"),
    request__state__in=STANDING,
    ask__recipient__verified_at__isnull=False,
    ask__recipient__suspended_at=None,
    insight__appliance__never_share=False,
    insight__sealed__isnull=False,
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
        AppliancePrivate: the appliance was set to never share since.
    """
    request = offer.request
    if request.current_id != offer.version_id or request.state not in STANDING:
        raise OfferChanged(gettext("그 사이에 요청이 바뀌어서 이 질문은 거두었어요."))
    if not offer.ask.recipient.is_active:
        raise OfferChanged(gettext("이 기관은 지금 멈춰 있어서 이 질문은 거두었어요."))
    if offer.insight.appliance.never_share:
        raise AppliancePrivate(gettext("나누지 않기로 하신 가전이에요."))
