"""Who in a home may decide what. These raise; they change nothing."""

from datetime import datetime

from django.utils.translation import gettext

from consent.parties.models import Membership, Seat, User
from consent.records.errors import (
    AlreadyAnswered,
    AlreadyEnded,
    AskExpired,
    AskNotPending,
    ConsentNotGiven,
    NotYourHousehold,
)
from consent.records.models import Ask, Consent


def check_can_decide(ask: Ask, *, actor: User, at: datetime) -> Membership:
    """Let a member answer: adults on what is the home's, teens only on what is their own.

    Raises:
        NotYourHousehold: another home's ask, another member's own appliance, a child, or one who works for who asks.
        AskNotPending: it was answered, has expired or was cancelled.
        AlreadyAnswered: this member has said yes before and the others have not answered yet.
    """
    membership = check_can_deny(ask, actor=actor, at=at)
    seat: Seat | None = getattr(actor, "seat", None)
    if seat is not None and seat.organisation_id == ask.recipient_id:
        raise NotYourHousehold(gettext("묻는 기관에서 일하는 분은 이 질문에 허락할 수 없어요."))
    if ask.needs_several and ask.answers.filter(member=actor).exists():
        raise AlreadyAnswered(gettext("이미 답하셨어요. 다른 식구의 답을 기다리고 있어요."))
    return membership


def check_can_deny(ask: Ask, *, actor: User, at: datetime) -> Membership:
    """Let a member say no, also after a yes of their own while others are still to answer.

    Raises:
        NotYourHousehold: another home's ask, another member's own appliance, or a child.
        AskNotPending: it was answered or cancelled.
        AskExpired: its deadline has passed.
    """
    membership = _place_in(ask, actor)
    if not membership.is_adult and ask.private_to_id != membership.pk:
        raise NotYourHousehold(gettext("이 질문은 어른이 정해요."))
    if ask.shown_state(at) == Ask.State.EXPIRED:
        raise AskExpired(gettext("기한이 지난 질문이에요. 답하지 않으신 것은 거절로 남았어요."))
    if not ask.is_pending(at):
        raise AskNotPending(gettext("이미 답한 질문이거나 거둔 질문이에요."))
    return membership


def check_has_say(ask: Ask, *, actor: User) -> None:
    """Let those speak about an ask, whatever became of it, who could have answered it.

    Raises:
        NotYourHousehold: another home's ask, another member's own appliance, a child, or one this member has no say in.
    """
    membership = _place_in(ask, actor)
    if not membership.is_adult and ask.private_to_id != membership.pk:
        raise NotYourHousehold(gettext("이 질문은 어른이 정해요."))


def check_can_withdraw(consent: Consent, *, actor: User, at: datetime) -> None:
    """Let any adult of the home withdraw, and a teen what is their own. One click, no second factor.

    Raises:
        NotYourHousehold: another home's consent, or one this member has no say in.
        AlreadyEnded: it was withdrawn or revoked before.
        ConsentNotGiven: it was refused, or its end has passed by itself.
    """
    membership = _place_in(consent.ask, actor)
    if not membership.is_adult and consent.ask.private_to_id != membership.pk:
        raise NotYourHousehold(gettext("이 허락은 어른이 거둘 수 있어요."))
    state = consent.state(at)
    if state in (Consent.State.WITHDRAWN, Consent.State.REVOKED):
        raise AlreadyEnded(gettext("이미 철회하셨어요."))
    if state != Consent.State.GIVEN:
        raise ConsentNotGiven(gettext("거둘 허락이 없어요."))


def _place_in(ask: Ask, actor: User) -> Membership:
    membership: Membership | None = getattr(actor, "membership", None)
    if (
        membership is None
        or membership.household_id != ask.household_id
        or membership.role == Membership.Role.CHILD
        or (ask.private_to_id is not None and ask.private_to_id != membership.pk)
    ):
        raise NotYourHousehold(gettext("이 집의 식구만 정할 수 있어요."))
    return membership
