"""What a household sees of its asks and consents, and who withdraws unread. Each is a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet
from django.utils.translation import gettext

from consent.parties.models import Household, Membership, User
from consent.records.models import Answer, Ask, Consent
from consent.records.notices import Notice
from marketplace.appliances.models import Appliance
from marketplace.brokerage import terms
from marketplace.brokerage.errors import OfferChanged
from marketplace.brokerage.joining import joined_as_written
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS, check_can_be_shown, stands
from marketplace.brokerage.previews import PREVIEWED, Preview, preview_of, read_choice
from marketplace.delivery.models import Release
from marketplace.insights.models import Insight
from rewards.ledger.errors import UnknownAccount
from rewards.ledger.queries import balance_of, wallet_address
from rewards.redemption.models import Order

#: This many withdrawals before the first read in this time, and somebody should look.
UNREAD_LIMIT, UNREAD_WITHIN = 3, timedelta(days=30)


@dataclass(frozen=True)
class Shown:
    """One ask as a member reads it before deciding."""

    offer: Offer
    preview: Preview
    notice: Notice

    @property
    def ask(self) -> Ask:
        return self.offer.ask

    @property
    def answers_missing(self) -> int:
        """How many more members must say yes. Needs `ask__answers` prefetched in lists."""
        given = sum(answer.verdict == Answer.Verdict.APPROVE for answer in self.ask.answers.all())
        return max(0, self.ask.answers_needed - given)


@dataclass(frozen=True)
class Farewell:
    """What leaving for good means for one person, named before they decide.

    Attributes:
        is_whole_home: they are the home's last adult, so the home goes with them.
        others: members whose place ends too, if the home goes; otherwise those who stay.
        consents: yeses that end; `asks` questions taken back; `insights` values destroyed.
        orders: what was ordered and is not fulfilled; only if the home goes.
        tokens: what nobody can spend any more, once the open orders are cancelled; only if the home goes.
    """

    is_whole_home: bool
    others: int
    consents: int
    asks: int
    insights: int
    appliances: int
    orders: tuple[Order, ...]
    tokens: int


@dataclass(frozen=True)
class Unread:
    """One home that withdrew before anybody read: how often lately, for how many tokens, and when last."""

    household: UUID
    times: int
    tokens: int
    last_at: datetime


def unread_withdrawals(*, at: datetime) -> list[Unread]:
    """Return the homes with `UNREAD_LIMIT` or more withdrawals before the first read in 30 days, the most first.

    It names a home by its id alone: who looks into it needs to know neither what was released nor to whom.
    """
    rows = Release.objects.filter(
        first_read_at=None, closed_because=Release.Closed.WITHDRAWN, closed_at__gt=at - UNREAD_WITHIN, closed_at__lte=at
    )
    found: dict[UUID, list[Release]] = {}
    for release in rows.select_related("consent__ask__offer__version").order_by("closed_at"):
        found.setdefault(release.consent.household_id, []).append(release)
    often = [
        Unread(home, len(mine), sum(one.consent.ask.offer.tokens_chosen for one in mine), mine[-1].closed_at or at)
        for home, mine in found.items()
        if len(mine) >= UNREAD_LIMIT
    ]
    return sorted(often, key=lambda one: (-one.times, one.household))


def is_last_adult(membership: Membership) -> bool:
    """Tell whether no other adult lives in this home."""
    others = Membership.objects.adults().filter(household=membership.household_id).exclude(pk=membership.pk)
    return membership.is_adult and not others.exists()


def belonging_to(membership: Membership, *, whole: bool) -> dict[str, object]:
    """Return along what that is found which goes with this member: all of the home, or what is theirs alone."""
    return {"household": membership.household_id} if whole else {"private_to": membership}


def farewell_of(user: User, *, at: datetime) -> Farewell:
    """Return what would end if this member left for good at `at`."""
    place, home = user.membership, user.membership.household_id
    whole = is_last_adult(place)
    mine = belonging_to(place, whole=whole)
    asks = Ask.objects.filter(**mine).pending(at)
    own = Appliance.objects.filter(**mine, left_at=None)
    orders, tokens = tuple(Order.objects.filter(household=home).running(at).with_reward()), _left_over(place.household)
    return Farewell(
        is_whole_home=whole,
        others=Membership.objects.living().filter(household=home).exclude(pk=place.pk).count(),
        consents=Consent.objects.in_force(at).filter(**{f"ask__{name}": value for name, value in mine.items()}).count(),
        asks=asks.count(),
        insights=Insight.objects.filter(appliance__in=Appliance.objects.filter(**mine), sealed__isnull=False).count(),
        appliances=own.count(),
        orders=orders if whole else (),
        tokens=tokens if whole else 0,
    )


def _left_over(household: Household) -> int:
    """Return what stays in the books: all that is in the wallet, and what open orders have already paid for."""
    try:
        posted = balance_of(wallet_address(household)).posted
    except UnknownAccount:
        return 0
    paid = Order.objects.filter(household=household, state=Order.State.ACCEPTED).values_list("tokens", flat=True)
    return posted + sum(paid)


def offers_to(user: object) -> QuerySet[Offer]:
    """Return the offers this person may see, with what a list of them shows, and whether each `stands`."""
    seen = Offer.objects.filter(ask__in=Ask.objects.visible_to(user))
    told = seen.annotate(stands=ExpressionWrapper(STANDS, BooleanField()))
    return told.select_related("ask__recipient", "insight__appliance", "version", "request")


def load_offer(ask_id: UUID, *, user: object, related: Sequence[str], prefetched: Sequence[Prefetch] = ()) -> Offer:
    """Return one offer that this person may see, with all that a page of it shows.

    Raises:
        Offer.DoesNotExist: there is no such ask for this person.
    """
    found = offers_to(user).filter(ask=ask_id).select_related(*related).prefetch_related(*prefetched)
    with joined_as_written():
        offer = found.first()
    if offer is None:
        raise Offer.DoesNotExist
    return offer


def in_state(offers: QuerySet[Offer], state: str, *, at: datetime) -> QuerySet[Offer]:
    """Leave the offers whose ask stands in `state` at `at`; no sweep has to have run for a late or a void one.

    Raises:
        ValueError: there is no such state.
    """
    pending = Q(ask__state=Ask.State.PENDING)
    late = pending & Q(ask__expires_at__lte=at)
    meaning = {
        Ask.State.PENDING: pending & ~late & STANDS,
        Ask.State.EXPIRED: Q(ask__state=Ask.State.EXPIRED) | late,
        Ask.State.CANCELLED: Q(ask__state=Ask.State.CANCELLED) | pending & ~late & ~STANDS,
    }
    return offers.filter(meaning.get(Ask.State(state), Q(ask__state=state)))


def shown_state(offer: Offer, *, at: datetime) -> str:
    """Return the state of an ask as it stands at `at`: no sweep has to have run for a late or a void one."""
    state = offer.ask.shown_state(at)
    return Ask.State.CANCELLED if state == Ask.State.PENDING and not stands(offer) else state


def show_ask(
    *,
    ask_id: UUID,
    user: User,
    locale: str,
    at: datetime,
    precision: str | None = None,
    drop_fields: Sequence[str] | None = None,
) -> Shown:
    """Return one ask with the exact preview of one choice, and the notice that goes with it.

    Raises:
        Offer.DoesNotExist: there is no such ask for this person.
        As `show_offer`.
    """
    offer = load_offer(ask_id, user=user, related=PREVIEWED)
    return show_offer(offer, user=user, locale=locale, at=at, precision=precision, drop_fields=drop_fields)


def show_offer(
    offer: Offer,
    *,
    user: User,
    locale: str,
    at: datetime,
    precision: str | None = None,
    drop_fields: Sequence[str] | None = None,
) -> Shown:
    """Return an offer from `offers_to`, loaded with `PREVIEWED`, as a member reads it.

    Raises:
        OfferChanged: it no longer stands, or its insight was shredded since.
        AskExpired: its deadline has passed.
        AppliancePrivate: it was answered, and is another's now.
        ChoiceNotOffered: this precision or field was not on offer.
    """
    check_can_be_shown(offer, membership=user.membership, at=at)
    if offer.insight.sealed is None:
        raise OfferChanged(gettext("이 값은 이미 지웠어요."))
    choice = read_choice(offer, precision=precision, drop_fields=drop_fields)
    preview = preview_of(offer, choice)
    return Shown(offer, preview, terms.notice_of(offer, locale=locale, preview=preview, at=at))


def consents_of(user: object) -> QuerySet[Consent]:
    """Return the consents this person may see, newest first, with what a list of them shows."""
    related = ("ask__offer__insight__appliance", "ask__offer__version", "recipient", "end", "decided_by", "release")
    return Consent.objects.visible_to(user).select_related(*related).order_by("-at", "-pk")
