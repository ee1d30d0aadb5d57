"""What a household sees of its asks and consents. Each is a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from consent.parties.models import User
from consent.records.models import Answer, Ask, Consent
from consent.records.notices import Notice
from marketplace.brokerage import terms
from marketplace.brokerage.errors import OfferChanged
from marketplace.brokerage.models import Offer
from marketplace.brokerage.policies import STANDS, stands
from marketplace.brokerage.previews import PREVIEWED, Preview, preview_of, read_choice


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


def offers_to(user: object) -> QuerySet[Offer]:
    """Return the offers this person may see, with what a list of them shows."""
    seen = Offer.objects.filter(ask__in=Ask.objects.visible_to(user))
    return seen.select_related("ask__recipient", "insight__appliance", "version", "request")


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
        OfferChanged: its insight was shredded since.
        ChoiceNotOffered: this precision or field was not on offer.
    """
    offer = offers_to(user).select_related(*PREVIEWED).get(ask=ask_id)
    return show_offer(offer, locale=locale, at=at, precision=precision, drop_fields=drop_fields)


def show_offer(
    offer: Offer, *, locale: str, at: datetime, precision: str | None = None, drop_fields: Sequence[str] | None = None
) -> Shown:
    """Return an offer already loaded with `PREVIEWED` as a member reads it.

    Raises:
        OfferChanged: its insight was shredded since.
        ChoiceNotOffered: this precision or field was not on offer.
    """
    if offer.insight.sealed is None:
        raise OfferChanged(gettext("이 값은 이미 지웠어요."))
    choice = read_choice(offer, precision=precision, drop_fields=drop_fields)
    preview = preview_of(offer, choice)
    return Shown(offer, preview, terms.notice_of(offer, locale=locale, preview=preview, at=at))


def consents_of(user: object) -> QuerySet[Consent]:
    """Return the consents this person may see, newest first, with what a list of them shows."""
    related = ("ask__offer__insight__appliance", "ask__offer__version", "recipient", "end", "decided_by", "release")
    return Consent.objects.visible_to(user).select_related(*related).order_by("-at", "-pk")
