"""When an offer still stands. These raise; they change nothing."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, Func, OuterRef, Q
from django.utils.translation import gettext

from consent.parties.models import Membership, User
from consent.records.errors import AskExpired
from consent.records.models import Ask
from consent.records.policies import check_has_say
from marketplace.appliances.models import StreamFlag
from marketplace.brokerage.errors import AppliancePrivate, CalledWrong, NotJudged, OfferChanged, StreamHeld
from marketplace.brokerage.models import Offer
from marketplace.demand.models import DataRequest
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import Evidence, Insight
from marketplace.insights.perception.rules import drawn_from, is_of_a_home

#: Pausing stops new asks; what was asked before may still be answered.
STANDING = (DataRequest.State.OPEN, DataRequest.State.PAUSED, DataRequest.State.EXHAUSTED)


def _differ(one: str, other: str) -> Q:
    """Compare two columns either of which may be empty; the plain signs of SQL would then say neither yes nor no."""
    differ = Func(F(one), F(other), arg_joiner=" IS DISTINCT FROM ", template="(%(expressions)s)")
    return Q(ExpressionWrapper(differ, BooleanField()))


#: Of the streams behind a conclusion: its home shuts one, a person has to look at it first, or it is another's now.
FALLEN = (
    Q(appliance__never_share=True)
    | Q(appliance__never_kinds__contains=[F("kind")])
    | Exists(StreamFlag.objects.standing().filter(appliance=OuterRef("appliance"), kind=OuterRef("kind")))
    | _differ("appliance__private_to", "conclusion__insight__appliance__private_to")
)
#: What can still be answered on the terms it was asked with. `check_offer_stands` and `check_is_believed` say of one
#: offer what stands in the way.
STANDS = (
    Q(
        request__current=F("version"),
        request__state__in=STANDING,
        ask__recipient__verified_at__isnull=False,
        ask__recipient__suspended_at=None,
        insight__appliance__never_share=False,
        insight__sealed__isnull=False,
    )
    # Whoever it was put to must be the one whose it is now.
    & ~_differ("ask__private_to", "insight__appliance__private_to")
    & ~(
        Q(insight__appliance__never_kinds__contains=[F("insight__kind")])
        | Exists(
            StreamFlag.objects.standing().filter(
                appliance=OuterRef("insight__appliance"), kind=OuterRef("insight__kind")
            )
        )
        | Exists(Evidence.objects.filter(FALLEN, conclusion=OuterRef("insight")))
    )
)


def stands(offer: Offer) -> bool:
    """Tell whether an offer can still be answered on the terms it was asked with. Needs it from `offers_to`."""
    return bool(offer.stands)  # type: ignore[attr-defined]  # annotated, and missed loudly


def may_see_value(offer: Offer, *, membership: Membership) -> bool:
    """Tell whether who sees an ask may see what it says too: what is one member's own by now, only that member.

    What several appliances said together is as much each one's own.
    """
    insight = offer.insight
    others = [one.appliance for one in evidence_of(insight)] if is_of_a_home(insight.kind) else []
    return {one.private_to_id for one in (insight.appliance, *others)} <= {None, membership.pk}


def check_can_be_shown(offer: Offer, *, membership: Membership, at: datetime) -> None:
    """Let what would leave be shown while it may be answered, and what was answered to those whose it still is.

    Args:
        offer: one from `offers_to`.
        membership: of who looks.

    Raises:
        AskExpired: nobody answered in time.
        OfferChanged: it was taken back, or can no longer be answered on the terms it was asked with.
        AppliancePrivate: it was answered, and became another member's own since.
    """
    state = offer.ask.shown_state(at)
    if state == Ask.State.EXPIRED:
        raise AskExpired(gettext("기한이 지난 질문이에요. 답하지 않으신 것은 거절로 남았어요."))
    if state == Ask.State.CANCELLED or (state == Ask.State.PENDING and not stands(offer)):
        raise OfferChanged(gettext("그 사이에 바뀐 것이 있어 이 질문을 거두었어요. 나간 값은 없어요."))
    if not may_see_value(offer, membership=membership):
        raise AppliancePrivate(gettext("그사이에 주인이 바뀐 가전이라서 값은 주인만 볼 수 있어요."))


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
    evidence = evidence_of(offer.insight)
    streams = [(offer.insight.appliance, offer.insight.kind), *((one.appliance, one.kind) for one in evidence)]
    if not all(appliance.may_be_asked(kind) for appliance, kind in streams):
        raise AppliancePrivate(gettext("나누지 않기로 하신 가전이에요."))
    if any(appliance.private_to_id != offer.ask.private_to_id for appliance, _ in streams):
        raise AppliancePrivate(gettext("그사이에 주인이 바뀐 가전이라서 이 질문은 거두었어요."))


def check_can_call_wrong(offer: Offer, *, actor: User) -> None:
    """Let those who may answer an ask say that what it is about is not so, before their answer or after it.

    Raises:
        NotYourHousehold: another home's ask, another member's own appliance, or one this member has no say in.
        NotJudged: a sensor measured it; nobody concluded anything.
        CalledWrong: somebody said so before.
    """
    check_has_say(offer.ask, actor=actor)
    if not KINDS[offer.insight.kind].is_judged:
        raise NotJudged(gettext("센서가 잰 값이라 틀렸다고 적을 결론이 없어요."))
    if hasattr(offer.insight, "wrong_word"):
        raise CalledWrong(gettext("이미 틀렸다고 적어 두었어요."))


def evidence_of(insight: Insight) -> list[Evidence]:
    """Return the streams that a conclusion was drawn from; nothing, and no statement, for what an appliance told."""
    if not drawn_from(insight.kind):
        return []
    return list(Evidence.objects.filter(conclusion=insight.pk).select_related("appliance"))


def fallen(drawn: Collection[UUID]) -> set[str]:
    """Return those of these conclusions that rest on a stream nobody may be asked about; one statement, or none.

    Args:
        drawn: insights that were drawn from others.
    """
    if not drawn:
        return set()
    shut = Evidence.objects.filter(FALLEN, conclusion__in=drawn)
    return {str(pk) for pk in shut.values_list("conclusion", flat=True)}


def check_is_believed(offer: Offer) -> None:
    """Let nothing be earned with a stream that a person has to look at first.

    Raises:
        StreamHeld: it came too often, or looks made up.
    """
    insight = offer.insight
    streams = Q(appliance=insight.appliance_id, kind=insight.kind)
    for one in evidence_of(insight):
        streams |= Q(appliance=one.appliance_id, kind=one.kind)
    if StreamFlag.objects.standing().filter(streams).exists():
        raise StreamHeld(gettext("이 가전의 이런 일은 마루가 먼저 살펴보고 있어서, 지금은 나눌 수 없어요."))
