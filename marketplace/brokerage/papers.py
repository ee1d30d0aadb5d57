"""The papers of a home: each consent with what left, what was said then, and everything that happened since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext

from consent.parties.canonical import sha256_hex
from consent.parties.languages import language
from consent.parties.models import User
from consent.parties.strict_json import loads
from consent.records import receipts
from consent.records.models import Consent, Receipt
from consent.records.notices import sections_of
from marketplace.brokerage.cards import ANSWERS
from marketplace.brokerage.outcomes import PEGS
from marketplace.brokerage.parts import Fact, Paragraphs, sections_for
from marketplace.brokerage.policies import may_see_value
from marketplace.brokerage.reasons import reason_facts, why_still, wrong_word_of
from marketplace.brokerage.slips import Row, areas_of, rows_of
from marketplace.brokerage.wording import month_day
from marketplace.delivery.models import Access, Erasure, Release
from marketplace.delivery.queries import reads_of
from marketplace.insights import vault
from marketplace.insights.errors import VaultClosed
from marketplace.insights.kinds import KINDS
from marketplace.insights.models import WrongWord
from marketplace.insights.precision import Rung

#: What a paper reads beyond `queries.consents_of`; the rest is prefetched.
PAPERED = (
    *("release__sealed__data_key", "release__erasure", "end__actor", "ask__household__area__parent"),
    *("ask__offer__insight__sealed__data_key", "ask__offer__insight__wrong_word__member"),
)
PREFETCHED = ("receipts", ANSWERS)
#: A buyer that reads every minute would bury the rest; the full list is on the privacy page.
LATEST_READS = 8


@dataclass(frozen=True)
class Event:
    """One line of `parts/timeline.html`."""

    text: str
    at: datetime | None = None
    on: date | None = None
    state: str = ""
    href: str = ""


@dataclass(frozen=True)
class File:
    """One signed receipt to take along."""

    act: str
    label: str


@dataclass(frozen=True)
class Paper:
    """One consent as the household keeps it.

    Attributes:
        rows: what left; empty once only its fingerprint is left.
        is_kept: nothing left at all.
    """

    consent: Consent
    state: str
    word: str
    sentence: str
    rows: list[Row]
    is_kept: bool
    facts: list[Fact]
    events: list[Event]
    sections: list[Paragraphs]
    notice_foot: str
    can_withdraw: bool
    day: date
    files: tuple[File, ...]
    can_call_wrong: bool = False

    @property
    def verify_at(self) -> str:
        """Where whoever holds a printed receipt has its file checked."""
        return f"{settings.BASE_URL}{reverse('verify_receipt_page')}"


def papers_of(consents: Sequence[Consent], *, user: User, at: datetime) -> list[Paper]:
    """Return the papers of consents loaded with `PAPERED` and `PREFETCHED`, in two statements more."""
    releases = [consent.release.pk for consent in consents if hasattr(consent, "release")]
    reads, counts = _latest_reads(releases), reads_of(releases)
    return [_paper(consent, user, at, reads, counts) for consent in consents]


def with_papers(consents: QuerySet[Consent]) -> QuerySet[Consent]:
    """Load what `papers_of` needs."""
    return consents.select_related(*PAPERED).prefetch_related(*PREFETCHED)


def _paper(
    consent: Consent, user: User, at: datetime, reads: Mapping[UUID, list[Access]], counts: Mapping[UUID, int]
) -> Paper:
    state, release = consent.state(at), getattr(consent, "release", None)
    first, latest = _receipts(consent)
    notice = _notice(first)
    seen = reads.get(release.pk, []) if release else []
    may = user.membership.is_adult or consent.ask.private_to_id == user.membership.pk
    kind = KINDS[consent.ask.offer.insight.kind].label.say(language())
    is_kept = state == Consent.State.REFUSED
    insight, member = consent.ask.offer.insight, user.membership
    is_hidden = state == Consent.State.GIVEN and not may_see_value(consent.ask.offer, membership=member)
    why, wrong = why_still(consent.ask.offer, membership=member), wrong_word_of(insight)
    return Paper(
        consent=consent,
        state=PEGS[state],
        word=_word(consent, state),
        sentence=_sentence(state, is_hidden=is_hidden),
        rows=_stayed(kind) if is_kept else _rows(consent, kind, state, is_hidden=is_hidden),
        is_kept=is_kept,
        facts=[*reason_facts(why), *_facts(latest)],
        events=sorted(
            [*_decided(consent), *_read(consent, seen, counts.get(release.pk, 0) if release else 0), *_wrong(wrong)],
            key=lambda event: event.at or at,
        )
        + _ended(consent, release, state),
        sections=sections_for(sections_of(notice.get("maru:text", ""))),
        notice_foot=_foot(consent),
        can_withdraw=may and state == Consent.State.GIVEN,
        day=timezone.localtime(consent.at).date(),
        files=tuple(File(one.act, _file_label(one)) for one in sorted(consent.receipts.all(), key=lambda one: one.at)),
        can_call_wrong=may and why is not None and wrong is None,
    )


def _receipts(consent: Consent) -> tuple[Receipt, Receipt]:
    found = sorted(consent.receipts.all(), key=lambda receipt: receipt.at)
    return found[0], found[-1]


def _notice(receipt: Receipt) -> dict[str, Any]:
    record = receipts.as_document(bytes(receipt.body))["dpv:hasRecordOfActivity"]
    return dict(record["dpv:hasNotice"])


def _word(consent: Consent, state: str) -> str:
    until = month_day(consent.ends_at) if consent.ends_at else ""
    return {
        Consent.State.GIVEN: gettext("허락, %(until)s까지 읽을 수 있어요") % {"until": until},
        Consent.State.REFUSED: gettext("거절하셨어요"),
        Consent.State.WITHDRAWN: gettext("철회하셨어요"),
        Consent.State.REVOKED: gettext("마루가 거두었어요"),
        Consent.State.EXPIRED: gettext("%(until)s에 보관이 끝났어요") % {"until": until},
    }[Consent.State(state)]


def _sentence(state: str, *, is_hidden: bool) -> str:
    if is_hidden:
        return gettext("이제 한 식구가 혼자 쓰는 가전이라, 나간 값은 그 식구만 볼 수 있어요. 영수증은 그대로 맞아요.")
    if state in (Consent.State.GIVEN, Consent.State.REFUSED):
        return ""
    return gettext("값은 지웠고 지문과 날짜만 남겼어요.")


def _rows(consent: Consent, kind: str, state: str, *, is_hidden: bool) -> list[Row]:
    release: Release | None = getattr(consent, "release", None)
    if is_hidden:
        return [Row(kind, gettext("지금 쓰는 식구만 볼 수 있어요")), _fingerprint(consent)]
    return _left(consent, release, state) or _gone(consent, release, kind)


def _left(consent: Consent, release: Release | None, state: str) -> list[Row]:
    """Open the release's own copy for the home it is from, if it is still what the receipt says."""
    if release is None or release.sealed is None or state != Consent.State.GIVEN:
        return []
    try:
        body = vault.open_sealed(release.sealed)
    except VaultClosed:
        return []
    if sha256_hex(body) != consent.payload_digest:
        return []
    offer = consent.ask.offer
    return rows_of(loads(body), rung=Rung(offer.chosen_rung), areas=areas_of(offer))


def _stayed(kind: str) -> list[Row]:
    return [Row(kind, gettext("그대로 집에 둘게요"))]


def _gone(consent: Consent, release: Release | None, kind: str) -> list[Row]:
    rows = [Row(kind, gettext("지문만 남았어요")), _fingerprint(consent)]
    if release is not None and release.closed_at is not None:
        rows.append(Row(gettext("사본과 열쇠를 없앤 때"), "", at=release.closed_at))
    return rows


def _fingerprint(consent: Consent) -> Row:
    return Row(pgettext("field", "지문"), consent.payload_digest, mono=True)


def _file_label(receipt: Receipt) -> str:
    return {
        Receipt.Act.GIVEN: gettext("허락 영수증 받기"),
        Receipt.Act.REFUSED: gettext("거절 영수증 받기"),
        Receipt.Act.WITHDRAWN: gettext("철회 영수증 받기"),
        Receipt.Act.REVOKED: gettext("거둠 영수증 받기"),
    }[Receipt.Act(receipt.act)]


def _facts(receipt: Receipt) -> list[Fact]:
    is_genuine, _ = receipts.is_genuine(receipts.as_document(bytes(receipt.body)), receipt.signature)
    signed = gettext("맞아요, Ed25519") if is_genuine else gettext("맞지 않아요. 마루에 알려 주세요.")
    return [Fact(gettext("영수증"), str(receipt.pk), mono=True), Fact(gettext("서명"), signed)]


def _foot(consent: Consent) -> str:
    spoken = gettext("영어") if consent.notice_locale == "en" else gettext("한국어로")
    return gettext("마루 알림 %(version)s판, %(language)s.") % {"version": consent.notice_version, "language": spoken}


def _decided(consent: Consent) -> list[Event]:
    ask, buyer, who = consent.ask, consent.recipient.name, {"name": consent.decided_by}
    events = [Event(gettext("%(buyer)s의 질문이 왔어요.") % {"buyer": buyer}, at=ask.asked_at)]
    events += [
        Event(gettext("%(name)s 님이 먼저 허락하셨어요.") % {"name": answer.member}, at=answer.at)
        for answer in ask.answers.all()
        if answer.member_id != consent.decided_by_id
    ]
    if consent.verdict == Consent.Verdict.REFUSED:
        return [*events, Event(gettext("%(name)s 님이 거절하셨어요. 나간 값은 없어요.") % who, at=consent.at)]
    paid = who | {"tokens": f"{ask.offer.tokens_chosen:,}"}
    said = gettext("%(name)s 님이 허락하셨고, %(tokens)s 토큰이 들어왔어요.") % paid
    return [*events, Event(said, at=consent.at, href=reverse("wallet"))]


def _wrong(word: WrongWord | None) -> list[Event]:
    told = gettext("%(name)s 님이 틀린 일이라고 하셨어요.")
    return [Event(told % {"name": word.member}, at=word.at)] if word else []


def _read(consent: Consent, latest: Sequence[Access], times: int) -> list[Event]:
    events = [read_event(one, buyer=consent.recipient.name) for one in latest]
    if times > len(latest):
        more = gettext("그 전에 %(times)s번 더 읽었어요.") % {"times": times - len(latest)}
        events.append(
            Event(more, at=latest[-1].at, state="read", href=f"{reverse('show_consent', args=[consent.pk])}#reads")
        )
    return events


def read_event(access: Access, *, buyer: str) -> Event:
    """Return one read as a line: who, when and by which door."""
    read = gettext("%(buyer)s, %(way)s 읽었어요.") % {"buyer": buyer, "way": way_of(access)}
    return Event(read, at=access.at, state="read")


def way_of(access: Access) -> str:
    """Say by which door a buyer read."""
    return {
        "page": gettext("화면에서"),
        "csv": gettext("파일로 내려받아"),
        "ndjson": gettext("파일로 내려받아"),
        "export": gettext("파일로 내려받아"),
    }.get(access.path, gettext("프로그램으로"))


def _ended(consent: Consent, release: Release | None, state: str) -> list[Event]:
    """Say how it ended, or when it will: the withdrawal, the erasure, and the days they are due."""
    events: list[Event] = []
    end = getattr(consent, "end", None)
    if end is not None:
        told = {"name": end.actor, "tokens": f"{consent.ask.offer.tokens_chosen:,}"}
        words = gettext("%(name)s 님이 철회하셨어요. 그때부터 아무도 읽지 못해요. %(tokens)s 토큰은 그대로예요.")
        if state == Consent.State.REVOKED:
            words = gettext("마루가 거두었어요. 그때부터 아무도 읽지 못해요. %(tokens)s 토큰은 그대로예요.")
        events.append(Event(words % told, at=end.at))
    erasure: Erasure | None = getattr(release, "erasure", None) if release else None
    buyer = {"buyer": consent.recipient.name}
    if erasure is not None and erasure.attested_at:
        events.append(Event(gettext("%(buyer)s, 읽은 값을 지웠다고 확인했어요.") % buyer, at=erasure.attested_at))
    elif erasure is not None:
        due = gettext("%(buyer)s, 읽은 값을 지우고 확인을 남길 날이에요.") % buyer
        events.append(Event(due, on=timezone.localtime(erasure.due_at).date(), state="due"))
    elif state == Consent.State.GIVEN and release is not None:
        due = gettext("%(buyer)s, 지우고 확인을 남길 날이에요.") % buyer
        events.append(Event(due, on=timezone.localtime(release.erase_at).date(), state="due"))
    return events


def _latest_reads(release_ids: Sequence[UUID]) -> dict[UUID, list[Access]]:
    """Return the newest reads of each release, newest first, in one statement."""
    rank = Window(RowNumber(), partition_by=F("release"), order_by=[F("at").desc(), F("pk").desc()])
    rows = Access.objects.filter(release__in=release_ids).annotate(rank=rank).filter(rank__lte=LATEST_READS)
    found: dict[UUID, list[Access]] = {}
    for access in rows.order_by("release", "-at", "-pk"):
        found.setdefault(access.release_id, []).append(access)
    return found
