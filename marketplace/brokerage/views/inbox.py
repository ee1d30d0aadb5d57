"""The household's inbox: every ask as it stands, and one answer at a time. It all works without JavaScript."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from consent.parties.languages import language
from consent.parties.permissions import members_only, person_of
from consent.records.errors import AlreadyAnswered, AskExpired, AskNotPending, NoticeChanged, PreviewChanged
from marketplace.brokerage import operations
from marketplace.brokerage.cards import ANSWERS, CARDED, AskCard, card_of, cards_of, reader_of
from marketplace.brokerage.chips import filters_of, state_chips
from marketplace.brokerage.errors import AppliancePrivate, CalledWrong, ChoiceNotOffered, NotJudged, OfferChanged
from marketplace.brokerage.forms import AnswerForm, ChoiceForm
from marketplace.brokerage.models import Offer
from marketplace.brokerage.operations import Deal, Waiting
from marketplace.brokerage.queries import load_offer
from marketplace.brokerage.shelves import (
    ANSWERED,
    DEFERRED,
    WAITING,
    Cell,
    Filters,
    cells_of,
    filtered,
    inbox_of,
    total_of,
    week_of,
)
from marketplace.brokerage.views.swaps import is_swap, note_try, notes_refusals, see_other
from marketplace.insights.errors import VaultClosed

PER_PAGE = 20
#: What may stand between a member and a yes or no; the card comes back and says which.
REFUSALS = (
    AskNotPending,
    AlreadyAnswered,
    PreviewChanged,
    NoticeChanged,
    OfferChanged,
    AppliancePrivate,
    ChoiceNotOffered,
    VaultClosed,
)


@require_safe
@members_only
def show_inbox(request: HttpRequest) -> HttpResponse:
    """GET /inbox: what waits, what was put aside, and what was decided in the last day."""
    user, at, chosen = person_of(request), timezone.now(), Filters.read(request.GET.dict())
    lying = inbox_of(user, at=at)
    cells = cells_of(lying)
    found = filtered(lying, chosen, cells)
    loaded = found.select_related(*CARDED).prefetch_related(ANSWERS)
    page = _page(loaded, total_of(cells, chosen), request.GET.get("page"))
    told = _head(request, cells, chosen) | {
        "cards": cards_of(list(page.object_list), reader=reader_of(user, at=at)),
        "week": week_of(user.membership.household_id, at=at),
        "is_whole": not chosen.chosen,
    }
    return render(request, "brokerage/inbox.html", told | _pages(page, chosen))


@require_safe
@members_only
def show_ask(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """GET /inbox/<id>: one ask with the preview of one choice; to htmx only its card."""
    offer, said = _offer(request, ask_id), ChoiceForm(request.GET)
    if not said.is_valid():
        raise Http404
    chose = {"precision", "keep_fields"} & request.GET.keys()
    card = _card(request, offer, said if chose else None)
    return _card_page(request, card)


@require_POST
@notes_refusals("ask.answer", "ask")
@members_only
def answer_ask(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """POST /inbox/<id>/answer: approve, deny, put aside, or look at another choice first."""
    offer, said = _offer(request, ask_id), AnswerForm(request.POST)
    if not said.is_valid():
        card = _card(request, offer, None, alert=gettext("무엇을 고르셨는지 알 수 없어요."))
        return _card_page(request, card, status=422)
    answer = said.cleaned_data["answer"]
    if answer == "preview":
        return see_other(f"{reverse('show_ask', args=[ask_id])}?{_choice_query(said)}")
    try:
        done = _ANSWERS[answer](request, offer, said)
    except REFUSALS as refusal:
        return _refused(request, ask_id, said, refusal)
    if is_swap(request):
        return _card_and_head(request, ask_id)
    messages.success(request, done)
    return see_other(f"{reverse('inbox')}#ask-{ask_id}")


@require_POST
@notes_refusals("ask.wrong", "ask")
@members_only
def call_wrong_from_page(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """POST /inbox/<id>/wrong: what this is about is not so. Before an answer or after it, with one click."""
    _offer(request, ask_id)
    try:
        operations.call_wrong(ask_id=ask_id, actor=person_of(request), at=timezone.now())
    except (NotJudged, CalledWrong) as refusal:
        note_try(request, action="ask.wrong", subject=f"ask:{ask_id}", refusal=refusal)
        return _card_page(request, _card(request, _offer(request, ask_id), None, alert=_sentence(refusal)), status=409)
    if is_swap(request):
        return _card_and_head(request, ask_id)
    messages.success(request, gettext("틀렸다고 적어 두었어요. 알려 주셔서 고마워요."))
    return see_other(reverse("show_ask", args=[ask_id]))


def _approve(request: HttpRequest, offer: Offer, said: AnswerForm) -> str:
    outcome: Deal | Waiting = operations.approve_ask(
        ask_id=offer.ask_id,
        actor=person_of(request),
        preview_sha256=said.cleaned_data["preview_sha256"],
        locale=language(),
        at=timezone.now(),
        precision=said.precision_or_none(),
        drop_fields=_dropped(offer, said),
        notice_sha256=said.cleaned_data["notice_sha256"],
    )
    if isinstance(outcome, Waiting):
        return gettext("내 허락을 적어 두었어요. 다른 어른의 답을 기다려요.")
    return gettext("허락했어요. 읽을 때마다 기록에 남겨 둘게요.")


def _deny(request: HttpRequest, offer: Offer, said: AnswerForm) -> str:
    operations.deny_ask(
        ask_id=offer.ask_id,
        actor=person_of(request),
        locale=language(),
        at=timezone.now(),
        precision=said.precision_or_none(),
        drop_fields=_dropped(offer, said),
        notice_sha256=said.cleaned_data["notice_sha256"],
    )
    return gettext("거절했어요. 나간 값도, 잃은 것도 없어요.")


def _defer(request: HttpRequest, offer: Offer, said: AnswerForm) -> str:
    operations.defer_ask(ask_id=offer.ask_id, actor=person_of(request), at=timezone.now())
    return gettext("기한까지 다시 알리지 않고 여기에 둘게요.")


_ANSWERS: dict[str, Callable[[HttpRequest, Offer, AnswerForm], str]] = {
    "approve": _approve,
    "deny": _deny,
    "defer": _defer,
}


def _offer(request: HttpRequest, ask_id: UUID) -> Offer:
    """Load one ask with what its card shows; another home's does not exist."""
    try:
        return load_offer(ask_id, user=request.user, related=CARDED, prefetched=[ANSWERS])
    except Offer.DoesNotExist as exc:
        raise Http404 from exc


def _dropped(offer: Offer, said: ChoiceForm) -> list[str]:
    return sorted(set(offer.version.optional_fields) - set(said.kept()))


def _choice_query(said: ChoiceForm) -> str:
    return urlencode({"precision": said.precision_or_none() or "", "keep_fields": said.kept()}, doseq=True)


def _card(
    request: HttpRequest, offer: Offer, said: ChoiceForm | None, *, alert: str = "", is_folded: bool = False
) -> AskCard:
    choice: dict[str, Any] = {}
    if said is not None:
        choice = {"precision": said.precision_or_none(), "drop_fields": _dropped(offer, said)}
    reader = reader_of(person_of(request), at=timezone.now())
    return card_of(offer, reader=reader, alert=alert, is_folded=is_folded, **choice)


def _card_page(request: HttpRequest, card: AskCard, *, status: int = 200) -> HttpResponse:
    """Answer with the card: alone to htmx, which swaps only a 200, or on a page of its own."""
    if is_swap(request):
        return render(request, "brokerage/ask_card.html", {"card": card})
    return render(request, "brokerage/ask_page.html", {"card": card}, status=status)


def _refused(request: HttpRequest, ask_id: UUID, said: AnswerForm, refusal: Exception) -> HttpResponse:
    """Show the ask as it stands now, with what stood in the way; the trail keeps that it was tried."""
    note_try(request, action=f"ask.{said.cleaned_data['answer']}", subject=f"ask:{ask_id}", refusal=refusal)
    keeps_choice = isinstance(refusal, PreviewChanged | NoticeChanged)
    card = _card(request, _offer(request, ask_id), said if keeps_choice else None, alert=_sentence(refusal))
    return _card_page(request, card, status=409)


def _sentence(refusal: Exception) -> str:
    """Say a refusal in the reader's language; the room's own words are for the API."""
    return {
        AskNotPending: gettext("이미 답한 질문이거나 거둔 질문이에요."),
        AskExpired: gettext("기한이 지난 질문이에요. 답하지 않으신 것은 거절로 남았어요."),
        AlreadyAnswered: gettext("이미 답하셨어요. 다른 어른의 답을 기다리고 있어요."),
        PreviewChanged: gettext("보시는 사이에 내용이 바뀌었어요. 지금 내용을 보고 정해 주세요."),
        NoticeChanged: gettext("보시는 사이에 알림이 바뀌었어요. 지금 글을 읽고 정해 주세요."),
        OfferChanged: gettext("그 사이에 요청이 바뀌어서 이 질문은 거두었어요. 나간 값은 없어요."),
        AppliancePrivate: gettext("나누지 않기로 하신 가전이에요. 나간 값은 없어요."),
        ChoiceNotOffered: gettext("고를 수 없는 것이에요. 지금 내용을 보고 정해 주세요."),
        VaultClosed: gettext("이 값은 이미 지웠어요. 나간 값은 없어요."),
        NotJudged: gettext("센서가 잰 값이라 틀렸다고 적을 결론이 없어요."),
        CalledWrong: gettext("이미 틀렸다고 적어 두었어요."),
    }[type(refusal)]


def _card_and_head(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    """Answer with the card as it stands now, and the numbers above it."""
    user, at = person_of(request), timezone.now()
    card = _card(request, _offer(request, ask_id), None, is_folded=True)
    head = _head(request, cells_of(inbox_of(user, at=at)), Filters()) | {"is_swapped": True}
    page = render_to_string("brokerage/ask_card.html", {"card": card}, request)
    return HttpResponse(page + render_to_string("brokerage/inbox_head.html", head, request))


def _head(request: HttpRequest, cells: list[Cell], chosen: Filters) -> dict[str, Any]:
    waiting = sum(cell.rows for cell in cells if cell.state == WAITING)
    labels = {
        WAITING: gettext("기다리는 것"),
        DEFERRED: gettext("미뤄 둔 것"),
        ANSWERED: gettext("답한 것"),
    }
    return {
        "title": _title(waiting) if person_of(request).membership.is_adult else _title_to_read(waiting),
        "has_waiting": waiting > 0,
        "chips": state_chips(cells, chosen, labels),
        "filters": filters_of(cells, chosen),
        "is_filtered": bool(chosen.switched("state", "").chosen),
    }


def _title(waiting: int) -> str:
    titles = [
        gettext("오늘은 여쭤볼 것이 없어요"),
        gettext("여쭤볼 것이 한 가지 있어요"),
        gettext("여쭤볼 것이 두 가지 있어요"),
        gettext("여쭤볼 것이 세 가지 있어요"),
        gettext("여쭤볼 것이 네 가지 있어요"),
        gettext("여쭤볼 것이 다섯 가지 있어요"),
    ]
    if waiting < len(titles):
        return titles[waiting]
    return gettext("여쭤볼 것이 %(count)s가지 있어요") % {"count": waiting}


def _title_to_read(waiting: int) -> str:
    """Say what waits to who reads along: most of it the adults decide."""
    if not waiting:
        return gettext("오늘은 살펴볼 질문이 없어요")
    told = ngettext("살펴볼 질문이 한 가지 있어요", "살펴볼 질문이 %(count)s가지 있어요", waiting)
    return told % {"count": waiting}


def _page(rows: QuerySet[Offer], count: int, number: str | None) -> "Page[Offer]":
    """Return one page of rows that somebody counted already."""
    pages = Paginator(rows, PER_PAGE)
    pages.count = count
    return pages.get_page(number)


def _pages(page: "Page[Offer]", chosen: Filters) -> dict[str, str]:
    def href(number: int) -> str:
        return f"?{urlencode({**chosen.chosen, 'page': number})}"

    return {
        "previous_href": href(page.previous_page_number()) if page.has_previous() else "",
        "next_href": href(page.next_page_number()) if page.has_next() else "",
    }
