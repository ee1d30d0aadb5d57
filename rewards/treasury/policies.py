"""Who may let tokens come into being, and against what. These raise; they change nothing."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext

from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Organisation, User
from consent.parties.policies import check_is_admin
from rewards.ledger.models import MAX_AMOUNT, Transfer
from rewards.treasury.errors import (
    InvoiceInvalid,
    NotTheProposer,
    ReasonMissing,
    SecondPersonNeeded,
    ThanksDiffer,
    ThanksOutOfBounds,
)
from rewards.treasury.models import MAX_WORDS, Issuance, Thanks

MAX_INVOICE = 60
DAY = timedelta(days=1)
#: Those that have an account to spend from: buyers, and Maru itself for what it gives away.
SPENDERS = (Organisation.Kind.BUYER, Organisation.Kind.PLATFORM)


def check_spends(organisation: Organisation) -> None:
    """Let tokens lie only with a buyer or with Maru itself, while it is verified and not suspended.

    Raises:
        NotPermitted: it is another kind of organisation.
        OrganisationSuspended: it is suspended, or was never verified.
    """
    if organisation.kind not in SPENDERS:
        raise NotPermitted(gettext("토큰을 쓰는 기관이 아니에요."))
    if not organisation.is_active:
        raise OrganisationSuspended(gettext("지금은 멈춰 있는 기관이에요. 먼저 기관을 다시 열어 주세요."))


def check_can_thank(organisation: Organisation) -> None:
    """Let thank-yous be paid by Maru itself alone: its tokens come by four eyes, a buyer's are the buyer's.

    Raises:
        NotPermitted: it is another organisation.
        OrganisationSuspended: it is suspended, or was never verified.
    """
    check_spends(organisation)
    if organisation.kind != Organisation.Kind.PLATFORM:
        raise NotPermitted(gettext("지금은 마루의 주머니에서만 고마움을 보내요."))


def check_invoice(number: str, *, amount_krw: int, tokens: int) -> str:
    """Return an invoice's number as it is kept: one spelling, without spaces around it.

    Raises:
        InvoiceInvalid: there is no number, it cannot be read, or money or tokens are out of range.
    """
    spelled = unicodedata.normalize("NFKC", number).strip()
    if not (0 < len(spelled) <= MAX_INVOICE and spelled.isprintable()):
        raise InvoiceInvalid(gettext("청구서 번호는 1자에서 60자까지의 글자로 적어 주세요."))
    if any(type(value) is not int or not 1 <= value <= MAX_AMOUNT for value in (amount_krw, tokens)):
        raise InvoiceInvalid(gettext("받은 금액과 토큰은 1 이상의 정수예요."))
    return spelled


def needs_second(organisation: Organisation, *, proposer: User, tokens: int, at: datetime) -> bool:
    """Tell whether another admin must agree: above the limit, or where nobody from outside has paid.

    What the same person issued alone within a day counts too, so that one large sum is not issued as many small ones.
    The proposer's row must be locked.
    """
    if organisation.kind == Organisation.Kind.PLATFORM:
        return True
    alone = Issuance.objects.issued_alone(proposer, since=at - DAY).aggregate(total=Coalesce(Sum("tokens"), 0))
    return alone["total"] + tokens > settings.ISSUE_ALONE_TOKENS


def check_can_decide(issuance: Issuance, *, actor: User) -> None:
    """Let another admin than the proposer agree or refuse.

    Raises:
        NotPermitted: `actor` is no admin of the platform, or may not use its desk.
        SecondPersonNeeded: `actor` proposed it, or came to Maru or to this seat only after it was proposed.
    """
    check_is_admin(actor)
    if not actor.is_staff:
        raise NotPermitted(gettext("관리자 화면을 쓰는 사람만 정할 수 있어요."))
    if issuance.proposed_by_id == actor.pk:
        raise SecondPersonNeeded(gettext("직접 올린 발행은 다른 관리자가 정해요."))
    # Whoever proposes could otherwise make the second person afterwards, of somebody new or of somebody old.
    if max(actor.joined_at, actor.seat.since) > issuance.proposed_at:
        raise SecondPersonNeeded(gettext("발행을 올린 뒤에 들어왔거나 자리를 얻은 사람은 정할 수 없어요."))


def check_can_withdraw(issuance: Issuance, *, actor: User) -> None:
    """Let the proposer take a proposal back.

    Raises:
        NotPermitted: `actor` is no admin of the platform any more.
        NotTheProposer: somebody else proposed it.
    """
    check_is_admin(actor)
    if issuance.proposed_by_id != actor.pk:
        raise NotTheProposer(gettext("올린 사람만 거둘 수 있어요. 발행하지 않기로 하시려면 까닭을 적어 주세요."))


def check_reason(reason: str) -> str:
    """Return the reason without the spaces around it.

    Raises:
        ReasonMissing: nothing is left, or it is too long.
    """
    if not 0 < len(reason.strip()) <= MAX_WORDS:
        raise ReasonMissing(gettext("까닭을 한 줄 적어 주세요. 기록에 그대로 남아요."))
    return reason.strip()


def check_thanks(*, batch: str, tokens: int, words_ko: str, words_en: str) -> None:
    """Let a thank-you go out only with a name, a reason in both languages, and tokens within the limit.

    Raises:
        ThanksOutOfBounds: one of them is missing or out of bounds.
    """
    texts = (batch, words_ko, words_en)
    if not all(text.strip() and text.isprintable() for text in texts) or len(batch) > MAX_INVOICE:
        raise ThanksOutOfBounds(gettext("이름표와 두 언어로 된 까닭이 있어야 해요."))
    if max(len(words_ko), len(words_en)) > MAX_WORDS:
        raise ThanksOutOfBounds(gettext("까닭은 200자까지 적을 수 있어요."))
    if not 1 <= tokens <= settings.THANKS_TOKENS:
        words = {"most": f"{settings.THANKS_TOKENS:,}"}
        raise ThanksOutOfBounds(gettext("한 집에 1에서 %(most)s 토큰까지 보낼 수 있어요.") % words)


def check_thanked_today(account_ids: Iterable[int], *, tokens: int) -> None:
    """Keep what a home gets within a day, by whatever batches, within what one thank-you may give.

    Who pays must be locked.

    Raises:
        ThanksOutOfBounds: a home would get more.
    """
    given = Transfer.objects.filter(credit__in=account_ids, credit_version__isnull=False, event_type="thanks")
    given = given.filter(recorded_at__gt=Now() - DAY)
    most = max(given.values_list("credit").annotate(day=Sum("amount")).values_list("day", flat=True), default=0)
    if most + tokens > settings.THANKS_TOKENS:
        words = {"most": f"{settings.THANKS_TOKENS:,}"}
        raise ThanksOutOfBounds(
            gettext("한 집이 하루에 받는 고마움은 모두 %(most)s 토큰까지예요. 내일 이어서 보내 주세요.") % words
        )


def check_same_thanks(thanks: Thanks, *, organisation: Organisation, tokens: int, words_ko: str, words_en: str) -> None:
    """Let a batch go on only as it was begun.

    Raises:
        ThanksDiffer: it was begun by another organisation, or with other words or tokens.
    """
    begun = (thanks.organisation_id, thanks.tokens, thanks.words_ko, thanks.words_en)
    if begun != (organisation.pk, tokens, words_ko, words_en):
        raise ThanksDiffer(gettext("같은 이름표로 다른 고마움을 보낸 적이 있어요. 새 이름표를 써 주세요."))
