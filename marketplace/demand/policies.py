"""Who may do what with a data request, and the bounds its purpose sets. These raise; they change nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django.utils.translation import gettext

from consent.parties.errors import NotPermitted
from consent.parties.languages import language
from consent.parties.models import Organisation
from consent.parties.policies import check_can_act_for
from consent.records.purposes import PURPOSES
from marketplace.demand.errors import NotFunded, OutsideTemplate, ReasonMissing, RequestNotInState, VersionChanged
from marketplace.demand.models import DataRequest, LeastAssurance, RequestVersion, Review
from marketplace.demand.pricing import price_of, price_of_version
from marketplace.demand.terms import OPTIONAL_FIELDS, Terms, terms_of
from marketplace.insights.kinds import KINDS, Kind
from marketplace.insights.perception.rules import drawn_from
from marketplace.insights.precision import Rung
from rewards.ledger.models import MAX_AMOUNT

LONGEST = timedelta(days=366)
MOST_KINDS = 8
MOST_GAP_HOURS = 24 * 30
MOST_REASON = 400


def check_is_buyer(organisation: Organisation) -> None:
    """Let only a verified, active buyer ask for data.

    Raises:
        NotPermitted: it is no buyer.
        OrganisationSuspended: it is suspended, or was never verified.
    """
    if organisation.kind != Organisation.Kind.BUYER:
        raise NotPermitted(gettext("데이터 요청은 구매 기관만 쓸 수 있어요."))
    check_can_act_for(organisation, actor_organisation=organisation)


def check_can_edit(request: DataRequest) -> None:
    """Let anything be edited but what has ended.

    Raises:
        RequestNotInState: it is closed or was refused.
    """
    if not request.can_be_edited:
        raise RequestNotInState(gettext("끝난 데이터 요청은 고칠 수 없어요. 새로 써 주세요."))


def check_can_fund(request: DataRequest) -> None:
    """Let tokens be put in escrow while something can still be asked.

    Raises:
        RequestNotInState: it is closed or was refused.
    """
    if not request.can_be_funded:
        raise RequestNotInState(gettext("끝난 데이터 요청에는 토큰을 맡길 수 없어요."))


def check_can_submit(request: DataRequest) -> None:
    """Let a draft, or one that was returned, go to review.

    Raises:
        RequestNotInState: it is neither.
    """
    if request.state not in (DataRequest.State.DRAFT, DataRequest.State.RETURNED):
        raise RequestNotInState(gettext("초안이거나 돌려받은 데이터 요청만 검토를 부탁할 수 있어요."))


def check_can_review(request: DataRequest) -> None:
    """Let a verdict be given only on what waits for one.

    Raises:
        RequestNotInState: it is not in review.
    """
    if request.state != DataRequest.State.IN_REVIEW:
        raise RequestNotInState(gettext("검토를 기다리는 데이터 요청이 아니에요."))


def check_can_resume(request: DataRequest) -> None:
    """Let only a paused or exhausted data request go on; every other one needs a review first.

    Raises:
        RequestNotInState: it is neither.
    """
    if request.state not in (DataRequest.State.PAUSED, DataRequest.State.EXHAUSTED):
        raise RequestNotInState(gettext("쉬고 있거나 예산을 다 쓴 데이터 요청만 다시 열 수 있어요."))


def steps_of(request: DataRequest) -> set[str]:
    """Return the names of the steps that its buyer may take now, for the buttons of a page."""
    state = DataRequest.State
    may = {
        "edit": request.can_be_edited,
        "fund": request.can_be_funded,
        "submit": request.state in (state.DRAFT, state.RETURNED),
        "pause": request.allows(state.PAUSED),
        "resume": request.state in (state.PAUSED, state.EXHAUSTED),
        "close": request.allows(state.CLOSED),
    }
    return {name for name, allowed in may.items() if allowed}


def check_is_funded(request: DataRequest, *, in_escrow: int) -> None:
    """Let households be asked only when the escrow covers one event. Needs `current` loaded.

    Args:
        in_escrow: what is in the escrow, held or not: what is held would tell the buyer of asks.

    Raises:
        NotFunded: it does not.
    """
    if in_escrow < price_of_version(request.version).total:
        raise NotFunded(gettext("맡긴 토큰이 한 건 값보다 적어요. 토큰을 더 맡겨 주세요."))


def check_reason(verdict: str, reason: str) -> None:
    """Let a no pass only with its reason, of 400 characters at most.

    Raises:
        ReasonMissing: the buyer would not know what to change.
        OutsideTemplate: the reason is too long.
    """
    if len(reason) > MOST_REASON:
        raise OutsideTemplate(gettext("까닭을 사백 글자 안으로 적어 주세요."), field="reason")
    if verdict != Review.Verdict.OPENED and not reason.strip():
        raise ReasonMissing(gettext("돌려주거나 열 수 없다고 할 때는 까닭을 적어 주세요."))


def check_is_current(request: DataRequest, *, number: int | None) -> None:
    """Let a verdict or an edit pass only on the version that was read; None means whatever is current.

    Raises:
        VersionChanged: it was edited meanwhile.
    """
    if number is not None and request.version.number != number:
        raise VersionChanged(gettext("보시는 사이에 데이터 요청이 바뀌었어요. 지금 내용을 다시 봐 주세요."))


def check_version(version: RequestVersion, *, at: datetime) -> None:
    """Let only a version pass that still stays within its purpose: bounds may have moved since it was written.

    Raises:
        OutsideTemplate: the first thing to mend, with its field.
    """
    shares = {"manufacturer_bp": version.manufacturer_bp, "platform_bp": version.platform_bp}
    check_terms(terms_of(version), **shares, at=at)


def check_terms(terms: Terms, *, manufacturer_bp: int, platform_bp: int, at: datetime) -> None:
    """Let only terms pass that stay within what their purpose allows.

    Raises:
        OutsideTemplate: the first thing to mend, with its field.
    """
    for problem in problems_of(terms, manufacturer_bp=manufacturer_bp, platform_bp=platform_bp, at=at):
        raise problem


def problems_of(terms: Terms, *, manufacturer_bp: int, platform_bp: int, at: datetime) -> Iterator[OutsideTemplate]:
    """Yield everything to mend in the terms, each with its field and a sentence that says what to do."""
    yield from _about_kinds(terms)
    yield from _about_condition(terms)
    yield from _about_purpose(terms)
    yield from _about_fields(terms)
    yield from _about_time(terms, at)
    rungs = list(_about_rungs(terms))
    yield from rungs or _about_budget(terms, manufacturer_bp, platform_bp)


def _about_kinds(terms: Terms) -> Iterator[OutsideTemplate]:
    if not 1 <= len(terms.kinds) <= MOST_KINDS or len(set(terms.kinds)) < len(terms.kinds):
        yield _problem("kinds", gettext("알아챈 일을 한 가지에서 여덟 가지까지, 하나씩만 골라 주세요."))
    purpose = PURPOSES.get(terms.purpose)
    for code in terms.kinds:
        if code not in KINDS:
            yield _problem("kinds", gettext("마루가 모르는 알아챈 일이 있어요. 목록에서 골라 주세요."))
        elif purpose and KINDS[code].topic not in purpose.topics:
            told = {"kind": KINDS[code].label.say(language()), "purpose": purpose.label}
            yield _problem("kinds", gettext("‘%(purpose)s’ 목적으로는 여쭤볼 수 없는 종류예요: %(kind)s") % told)
        elif KINDS[code].by_rule and drawn_from(code) & set(terms.kinds):
            # A home would be asked twice about one half hour.
            told = {"kind": KINDS[code].label.say(language())}
            yield _problem("kinds", gettext("어떤 일과 그것을 알아낸 값은 따로 여쭤 주세요: %(kind)s") % told)


def _about_condition(terms: Terms) -> Iterator[OutsideTemplate]:
    kinds = [KINDS[code] for code in terms.kinds if code in KINDS]
    if terms.words:
        yield from _about_words(terms, kinds)
    thresholds = {name: getattr(terms, name) for name in ("above", "below") if getattr(terms, name) is not None}
    if not thresholds or not kinds:
        return
    if any(kind.value_type != "number" for kind in kinds) or len({kind.unit for kind in kinds}) > 1:
        yield _problem("above", gettext("크고 작음은 같은 단위로 재는 것끼리만 정할 수 있어요."))
        return
    for name, threshold in thresholds.items():
        if not isfinite(threshold) or not all(_can_be_met(kind, name, threshold) for kind in kinds):
            yield _problem(name, gettext("이 값은 나올 수 없어요. 잴 수 있는 범위 안에서 정해 주세요."))
    if len(thresholds) == 2 and not terms.above < terms.below:  # type: ignore[operator]
        yield _problem("below", gettext("‘이보다 작을 때’는 ‘이보다 클 때’보다 커야 해요."))


def _can_be_met(kind: Kind, name: str, threshold: float) -> bool:
    return threshold < kind.high if name == "above" else threshold > kind.low


def _about_words(terms: Terms, kinds: list[Kind]) -> Iterator[OutsideTemplate]:
    known = {word for kind in kinds for word in kind.words}
    if any(not kind.words for kind in kinds) or not known.issuperset(terms.words):
        yield _problem("words", gettext("이 알아챈 일에서 고를 수 있는 말만 골라 주세요."))


def _about_purpose(terms: Terms) -> Iterator[OutsideTemplate]:
    if terms.purpose not in PURPOSES:
        yield _problem("purpose", gettext("목적을 목록에서 골라 주세요."))
    for name, most in (("purpose_ko", 40), ("purpose_en", 80)):
        text = getattr(terms, name)
        if not text.strip() or len(text) > most or not text.isprintable():
            sentence = gettext("가구에 보일 한 줄을 %(most)d글자까지 적어 주세요.")
            yield _problem(name, sentence % {"most": most})


def _about_fields(terms: Terms) -> Iterator[OutsideTemplate]:
    if not set(terms.optional_fields) <= set(OPTIONAL_FIELDS):
        yield _problem("optional_fields", gettext("가구가 고를 수 있는 항목만 적어 주세요."))
    if terms.least_assurance not in LeastAssurance.values:
        yield _problem("least_assurance", gettext("알려 온 길은 보기에 있는 것만 고를 수 있어요."))


def _about_time(terms: Terms, at: datetime) -> Iterator[OutsideTemplate]:
    purpose = PURPOSES.get(terms.purpose)
    most = purpose.max_retention_days if purpose else 0
    if purpose and not 1 <= terms.retention_days <= most:
        sentence = gettext("%(days)d일까지 쓸 수 있어요. 더 길게 필요하시면 이유를 적어 저희에게 말씀해 주세요.")
        yield _problem("retention_days", sentence % {"days": most})
    if not at < terms.ends_at <= at + LONGEST:
        yield _problem("ends_at", gettext("닫는 날은 내일부터 한 해 안에서 골라 주세요."))
    if not 0 <= terms.min_gap_hours <= MOST_GAP_HOURS:
        yield _problem("min_gap_hours", gettext("같은 가전에 다시 여쭙는 사이는 0시간에서 720시간까지예요."))


def _about_rungs(terms: Terms) -> Iterator[OutsideTemplate]:
    names = [offered.get("rung") for offered in terms.rungs]
    if not names or names != [rung.value for rung in Rung if rung.value in names]:
        yield _problem("rungs", gettext("정밀도는 자세한 것부터 한 번씩만 적어 주세요: exact, hour, day."))
        return
    amounts = [offered.get("tokens") for offered in terms.rungs]
    if not all(type(amount) is int and 1 <= amount <= MAX_AMOUNT for amount in amounts):
        yield _problem("rungs", gettext("토큰은 한 건에 1토큰보다 적을 수 없어요."))
    elif amounts != sorted(amounts, key=_as_int, reverse=True):
        yield _problem("rungs", gettext("덜 자세한 것에 토큰을 더 드릴 수는 없어요."))


def _about_budget(terms: Terms, manufacturer_bp: int, platform_bp: int) -> Iterator[OutsideTemplate]:
    price = price_of(terms.rungs[0]["tokens"], manufacturer_bp=manufacturer_bp, platform_bp=platform_bp)
    if not price.total <= terms.budget_tokens <= MAX_AMOUNT:
        sentence = gettext("예산은 한 건 값인 %(price)s토큰보다 적을 수 없어요.")
        yield _problem("budget_tokens", sentence % {"price": f"{price.total:,}"})


def _as_int(amount: Any) -> int:
    return int(amount)


def _problem(field: str, sentence: str) -> OutsideTemplate:
    return OutsideTemplate(sentence, field=field)
