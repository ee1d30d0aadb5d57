"""Where a home answers together: which adults have said yes, and of how many."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext

from consent.parties.models import User
from consent.records.models import Answer, Ask


@dataclass(frozen=True)
class Together:
    """Where more than one adult must say yes: who has, and of how many."""

    given: int
    needed: int
    label: str
    sentences: tuple[str, ...]


def together_of(ask: Ask, *, adults: Sequence[User], said_yes: bool) -> Together | None:
    """Return who has agreed and whose answer is waited for; None where one yes is enough.

    Args:
        adults: of the home that is asked.
        said_yes: whoever reads this has agreed already.
    """
    if ask.answers_needed < 2:
        return None
    yeses = [answer for answer in ask.answers.all() if answer.verdict == Answer.Verdict.APPROVE]
    given = {answer.member_id for answer in yeses}
    silent = gettext(", ").join(gettext("%(name)s 님") % {"name": adult} for adult in adults if adult.pk not in given)
    sentences = [gettext("집이 비었는지 알 수 있는 값이라 어른 모두의 허락이 필요해요.")]
    sentences += [
        gettext("%(name)s 님은 %(clock)s에 허락하셨어요.")
        % {"name": answer.member, "clock": f"{timezone.localtime(answer.at):%H:%M}"}
        for answer in yeses
    ]
    if said_yes:
        sentences.append(gettext("%(names)s의 답을 기다려요. 모두 허락해야 전해요.") % {"names": silent})
    label = gettext("어른 %(needed)s명 가운데 %(given)s명이 허락했어요") % {
        "needed": ask.answers_needed,
        "given": len(given),
    }
    return Together(len(given), ask.answers_needed, label, tuple(sentences))
