"""An ask as a card: what a member reads, chooses and may answer, in words. Everything a card shows is in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext, ngettext, pgettext

from consent.parties.languages import language
from consent.parties.models import Membership, User
from consent.records.models import Answer, Ask, Consent
from consent.records.purposes import PURPOSES
from marketplace.appliances.models import Assurance
from marketplace.brokerage.errors import OfferChanged
from marketplace.brokerage.models import Offer
from marketplace.brokerage.outcomes import VOID, outcome_of
from marketplace.brokerage.parts import Fact, Paragraphs, sections_for
from marketplace.brokerage.policies import may_see_value, stands
from marketplace.brokerage.previews import PREVIEWED, Choice, Preview, preview_of
from marketplace.brokerage.queries import Shown, show_offer
from marketplace.brokerage.reasons import Why, reason_facts, why_still, wrong_word_of
from marketplace.brokerage.slips import Row, rows_of, rows_that_leave, rows_to_choose, short_rows
from marketplace.brokerage.together import Together, together_of
from marketplace.brokerage.wording import appliance_name, month_day, with_particle
from marketplace.delivery.queries import Standing, standings_of
from marketplace.demand.models import RequestVersion
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import WrongWord
from marketplace.insights.precision import Rung

#: What a card reads, for select_related on offers; answers and their members are prefetched beside it.
CARDED = (*PREVIEWED, "ask__consent__end", "ask__consent__decided_by", "insight__wrong_word__member")
ANSWERS = Prefetch("ask__answers", Answer.objects.select_related("member"))


@dataclass(frozen=True)
class Step:
    """One step of precision that a member may choose."""

    value: str
    label: str
    tokens: int
    is_chosen: bool


@dataclass(frozen=True)
class AskCard:
    """One ask on the page.

    Attributes:
        shape: which partial draws it: `open`, `deferred` or `decided`.
        state, word: the peg and what it says.
        can_decide: whether this member is shown the choices.
        alert: what stood in the way of the answer that was just given.
        why: for which reason it was concluded; None for what a sensor measured, or once it is gone.
        wrong: a member's word that it is not so.
    """

    ask: Ask
    offer: Offer
    shape: str
    state: str
    word: str
    about: str
    rows: list[Row]
    is_kept: bool = False
    facts: list[Fact] = field(default_factory=list)
    rungs: list[Step] = field(default_factory=list)
    sections: list[Paragraphs] = field(default_factory=list)
    shown: Shown | None = None
    together: Together | None = None
    can_decide: bool = False
    has_said_yes: bool = False
    sentence: str = ""
    consent: Consent | None = None
    can_withdraw: bool = False
    tokens: int = 0
    alert: str = ""
    why: Why | None = None
    wrong: WrongWord | None = None
    can_call_wrong: bool = False

    @property
    def reason(self) -> str:
        """Why it was concluded, in the reader's language."""
        return self.why.say(language()) if self.why else ""

    @property
    def shelf(self) -> str:
        return getattr(self.offer, "shelf", "")

    @property
    def template(self) -> str:
        return f"brokerage/ask_{self.shape}.html"

    @property
    def form_id(self) -> str:
        return f"form-{self.ask.pk}"

    @property
    def has_choice(self) -> bool:
        return len(self.rungs) > 1 or any(row.field for row in self.rows)


@dataclass(frozen=True)
class Reader:
    """Who looks at the page, and the adults of the same home."""

    user: User
    membership: Membership
    adults: Sequence[User]
    at: datetime
    #: Of the buyers that wait for this home's answer, those that ever had to erase something.
    standings: Mapping[UUID, Standing]

    def may_decide(self, ask: Ask) -> bool:
        return self.membership.is_adult or ask.private_to_id == self.membership.pk


def reader_of(user: User, *, at: datetime) -> Reader:
    """Return the reader of a page, in two statements beyond the membership."""
    home = user.membership.household_id
    asking = Ask.objects.filter(household=home, state=Ask.State.PENDING).order_by().values("recipient")
    adults = User.objects.filter(membership__household=home, membership__role=Membership.Role.ADULT)
    standings = standings_of(asking, at=at)
    return Reader(user, user.membership, list(adults.order_by("membership__since")), at, standings)


def cards_of(offers: Sequence[Offer], *, reader: Reader) -> list[AskCard]:
    """Return the cards of offers that `shelves.inbox_of` put on their shelves, loaded with `CARDED`."""
    return [card_of(offer, reader=reader, is_folded=True) for offer in offers]


def card_of(
    offer: Offer,
    *,
    reader: Reader,
    is_folded: bool = False,
    precision: str | None = None,
    drop_fields: Sequence[str] | None = None,
    alert: str = "",
) -> AskCard:
    """Return one card.

    Args:
        is_folded: show what was put aside as one line only.
        precision, drop_fields: the choice to preview; without one, what another adult said yes to, or the finest.

    Raises:
        ChoiceNotOffered: this precision or field was not on offer.
    """
    if not offer.ask.is_pending(reader.at) or not stands(offer):
        return _decided(offer, reader, alert)
    if is_folded and offer.ask.deferred_at:
        return _deferred(offer)
    if precision is None and drop_fields is None and offer.ask.answers.all():
        precision, drop_fields = _choice_of_the_others(offer)
    try:
        shown = show_offer(
            offer, user=reader.user, locale=language(), at=reader.at, precision=precision, drop_fields=drop_fields
        )
    except (OfferChanged, VaultClosed):
        return _decided(offer, reader, alert)
    return _open(offer, shown, reader, alert)


def _choice_of_the_others(offer: Offer) -> tuple[str | None, list[str] | None]:
    """Find what another adult said yes to: all must say yes to the same, so it is what the next one is shown."""
    said = {answer.preview_sha256 for answer in offer.ask.answers.all() if answer.preview_sha256}
    optional = sorted(offer.version.optional_fields)
    for rung in offer.version.rungs:
        for size in range(len(optional), -1, -1):
            for dropped in combinations(optional, size):
                if preview_of(offer, Choice(rung["rung"], dropped)).sha256 in said:
                    return rung["rung"], list(dropped)
    return None, None


def _open(offer: Offer, shown: Shown, reader: Reader, alert: str) -> AskCard:
    ask, may_decide = offer.ask, reader.may_decide(offer.ask)
    said_yes = any(answer.member_id == reader.user.pk for answer in ask.answers.all())
    chooses = may_decide and not said_yes
    return AskCard(
        ask=ask,
        offer=offer,
        shape="open",
        state="waiting" if said_yes else "pending",
        word=gettext("기다리는 질문"),
        about=_about(offer),
        rows=rows_to_choose(offer, shown.preview) if chooses else rows_that_leave(offer, shown.preview),
        facts=[
            *_facts(offer, shown.preview, reader.at),
            *reason_facts(shown.preview.why),
            *_standing(reader.standings.get(ask.recipient_id)),
        ],
        rungs=_rungs(offer, shown.preview),
        sections=sections_for(shown.notice.sections),
        shown=shown,
        together=together_of(ask, adults=reader.adults, said_yes=said_yes),
        can_decide=chooses,
        has_said_yes=said_yes and may_decide,
        sentence="" if may_decide else gettext("이 질문은 어른이 정해요. 무엇을 묻는지는 함께 볼 수 있어요."),
        alert=alert,
        why=shown.preview.why,
        can_call_wrong=may_decide and shown.preview.why is not None,
    )


def _deferred(offer: Offer) -> AskCard:
    kind = KINDS[offer.insight.kind].label.say(language())
    return AskCard(
        ask=offer.ask,
        offer=offer,
        shape="deferred",
        state="pending",
        word="",
        about=f"{offer.insight.appliance.get_type_display()}, {kind}",
        rows=[],
    )


def _decided(offer: Offer, reader: Reader, alert: str) -> AskCard:
    consent: Consent | None = getattr(offer.ask, "consent", None)
    outcome = outcome_of(offer.ask, consent, at=reader.at)
    is_given = outcome.state == Consent.State.GIVEN
    kind = KINDS[offer.insight.kind].label.say(language())
    may_see = may_see_value(offer, membership=reader.membership)
    rows = _released(offer) if is_given and may_see else []
    others = consent is not None and consent.decided_by_id != reader.user.pk
    # What nobody could ever answer, nobody need have seen.
    is_shown = outcome.state != VOID or stands(offer)
    wrong, why = wrong_word_of(offer.insight), why_still(offer, membership=reader.membership) if is_shown else None
    is_taken_back = wrong is not None and outcome.state == VOID
    return AskCard(
        ask=offer.ask,
        offer=offer,
        shape="decided",
        state=outcome.peg,
        word=outcome.word,
        about=gettext("%(name)s 님이 답하셨어요.") % {"name": consent.decided_by} if consent and others else "",
        rows=rows or [Row(kind, _instead(is_kept=outcome.is_kept, is_hidden=is_given and not may_see))],
        is_kept=outcome.is_kept,
        sentence=gettext("틀렸다고 하셔서 이 질문을 거두었어요. 나간 값은 없어요.")
        if is_taken_back
        else outcome.sentence,
        consent=consent,
        can_withdraw=is_given and reader.may_decide(offer.ask),
        tokens=offer.tokens_chosen if consent and consent.op_id else 0,
        alert=alert,
        why=why,
        wrong=wrong,
        can_call_wrong=why is not None and wrong is None and reader.may_decide(offer.ask),
    )


def _instead(*, is_kept: bool, is_hidden: bool) -> str:
    """Say what stands in the place of a value that never left, is gone, or is another member's own by now."""
    if is_hidden:
        return gettext("지금 쓰는 식구만 볼 수 있어요")
    return gettext("그대로 집에 둘게요") if is_kept else gettext("지문만 남았어요")


def _released(offer: Offer) -> list[Row]:
    """Return what left in one line, from the insight as long as it is kept; the history opens the copy itself."""
    if offer.insight.sealed is None:
        return []
    try:
        preview = preview_of(offer, Choice(offer.chosen_rung, tuple(offer.dropped_fields)))
    except VaultClosed:
        return []
    return short_rows(rows_of(preview.document, rung=Rung(offer.chosen_rung), areas={}))


def _about(offer: Offer) -> str:
    name = appliance_name(offer.insight.appliance)
    return gettext("%(appliance)s 알아챈 한 가지를 받아 보고 싶어 해요.") % {"appliance": with_particle(name)}


def _facts(offer: Offer, preview: Preview, at: datetime) -> list[Fact]:
    version = offer.version
    days = ngettext("하루", "%(days)s일", version.retention_days) % {"days": version.retention_days}
    erased = month_day(at + timedelta(days=version.retention_days))
    return [
        Fact(gettext("쓰는 곳"), version.purpose_text, strong=True, note=_purpose_note(version)),
        Fact(gettext("보관"), days, strong=True, note=gettext("%(day)s에 지우고 확인을 남겨요.") % {"day": erased}),
        Fact(pgettext("field", "토큰"), gettext("%(tokens)s 토큰") % {"tokens": f"{preview.tokens:,}"}),
        Fact(gettext("기한"), at=offer.ask.expires_at),
        *_assured(preview),
    ]


def _assured(preview: Preview) -> list[Fact]:
    """Say how sure it is who noticed it; it helps this home to judge, and is not among the values that leave."""
    known = preview.assurance in Assurance.values
    return [Fact(gettext("알려 온 길"), str(Assurance(preview.assurance).label))] if known else []


def _standing(standing: Standing | None) -> list[Fact]:
    """Say as a plain fact how this buyer kept its earlier duties to erase; nothing where there was none."""
    if standing is None or not standing.duties:
        return []
    kept = gettext("지난 %(duties)s건 중 %(erased)s건을 지웠다고 확인했어요") % {
        "duties": standing.duties,
        "erased": standing.erased,
    }
    late = gettext("%(overdue)s건은 지울 날이 지났어요.") % {"overdue": standing.overdue} if standing.overdue else ""
    return [Fact(gettext("지우기로 한 것"), kept, note=late)]


def _purpose_note(version: RequestVersion) -> str:
    return gettext("%(purpose)s. 광고나 영업에는 쓰지 않아요.") % {"purpose": PURPOSES[version.purpose].label}


def _rungs(offer: Offer, preview: Preview) -> list[Step]:
    district = offer.ask.household.area
    near, far = district.name, (district.parent or district).name
    words = {
        Rung.EXACT: gettext("있는 그대로, %(area)s") % {"area": near},
        Rung.HOUR: gettext("한 시간 단위와 어림한 값으로, %(area)s") % {"area": near},
        Rung.DAY: gettext("하루 단위와 더 어림한 값으로, %(area)s") % {"area": far},
    }
    return [
        Step(one["rung"], words[Rung(one["rung"])], int(one["tokens"]), one["rung"] == preview.choice.rung)
        for one in offer.version.rungs
    ]
