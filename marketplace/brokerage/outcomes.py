"""What came of an ask, in words: somebody's answer, the time that passed, or terms that changed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from consent.records.models import Ask, Consent
from marketplace.brokerage.wording import month_day

#: Nobody answered in time, or the terms changed: there is no consent to say so.
LATE, VOID = "late", "void"
#: The peg of each state. A person's yes and no are told apart by a filled and a hollow one, never by a colour.
PEGS: dict[str, str] = {
    Consent.State.GIVEN: "approved",
    Consent.State.REFUSED: "denied",
    Consent.State.WITHDRAWN: "withdrawn",
    Consent.State.REVOKED: "withdrawn",
    Consent.State.EXPIRED: "closed",
    LATE: "denied",
    VOID: "closed",
}


@dataclass(frozen=True)
class Outcome:
    """How an ask ended. `word` stands beside the peg, `sentence` under the slip."""

    state: str
    word: str
    sentence: str

    @property
    def peg(self) -> str:
        return PEGS[self.state]

    @property
    def is_kept(self) -> bool:
        """Whether nothing ever left the home."""
        return self.state in (Consent.State.REFUSED, LATE, VOID)


def outcome_of(ask: Ask, consent: Consent | None, *, at: datetime) -> Outcome:
    """Return what came of an ask that can no longer be answered. Needs the consent's `end` loaded."""
    state = _state_of(ask, consent, at)
    return Outcome(state, *_words_of(state, consent))


def _state_of(ask: Ask, consent: Consent | None, at: datetime) -> str:
    if consent is not None:
        return consent.state(at)
    return LATE if ask.shown_state(at) == Ask.State.EXPIRED else VOID


def _words_of(state: str, consent: Consent | None) -> tuple[str, str]:
    until = month_day(consent.ends_at) if consent and consent.ends_at else ""
    return {
        Consent.State.GIVEN: (
            gettext("허락했어요"),
            gettext("%(until)s까지 이 한 건을 읽을 수 있어요. 읽을 때마다 기록에 남겨 둘게요.") % {"until": until},
        ),
        Consent.State.REFUSED: (
            gettext("거절했어요"),
            gettext("나간 값도, 잃은 것도 없어요. 이 기관은 이 질문이 있었는지도 몰라요."),
        ),
        Consent.State.WITHDRAWN: (
            gettext("철회하셨어요"),
            gettext("그때부터 아무도 읽지 못해요. 받은 토큰은 그대로예요."),
        ),
        Consent.State.REVOKED: (
            gettext("마루가 거두었어요"),
            gettext("그때부터 아무도 읽지 못해요. 받은 토큰은 그대로예요."),
        ),
        Consent.State.EXPIRED: (
            gettext("보관이 끝났어요"),
            gettext("이제 아무도 읽지 못해요. 받은 토큰은 그대로예요."),
        ),
        LATE: (gettext("기한이 지났어요"), gettext("기한이 지나 거절로 남겼어요. 나간 값은 없어요.")),
        VOID: (gettext("거두었어요"), gettext("그 사이에 바뀐 것이 있어 이 질문을 거두었어요. 나간 값은 없어요.")),
    }[state]
