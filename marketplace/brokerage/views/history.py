"""What a home decided, for ever: its papers, the way out of each yes, and the receipts to take along."""

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from consent.parties.errors import InvalidCursor
from consent.parties.paging import page_of
from consent.parties.permissions import members_only, person_of
from consent.records import receipts
from consent.records.errors import AlreadyEnded, ConsentNotGiven
from consent.records.models import Consent
from marketplace.brokerage import operations
from marketplace.brokerage.cards import ANSWERS, CARDED, card_of, reader_of
from marketplace.brokerage.chips import filters_of, state_chips
from marketplace.brokerage.papers import Paper, papers_of, read_event, with_papers
from marketplace.brokerage.queries import consents_of, load_offer
from marketplace.brokerage.shelves import Cell, Filters, cells_of, filtered, history_of
from marketplace.brokerage.views.swaps import is_swap, note_try, notes_refusals, see_other, swap_target
from marketplace.delivery.models import Access

PER_PAGE = 20
READS_PER_PAGE = 50
PATH = "ask__offer__"


@require_safe
@members_only
def show_history(request: HttpRequest) -> HttpResponse:
    """GET /history: every decision with its receipt, newest first."""
    user, at, chosen = person_of(request), timezone.now(), Filters.read(request.GET.dict())
    kept = history_of(user, at=at)
    cells = cells_of(kept, path=PATH, when="at")
    found = with_papers(filtered(kept, chosen, cells, path=PATH, when="at"))
    name = f"history:{user.membership.pk}:{urlencode(chosen.chosen)}"
    try:
        page = page_of(found, by=("-at", "-pk"), name=name, cursor=request.GET.get("cursor"), limit=PER_PAGE)
    except InvalidCursor as exc:
        raise Http404 from exc
    papers = papers_of(page.rows, user=user, at=at)
    told = _head(cells, chosen) | {
        "papers": papers,
        "is_there": bool(papers) or bool(chosen.chosen),
        "is_filtered": bool(chosen.switched("state", "").chosen),
        "is_whole": not chosen.chosen,
        "next_href": f"?{urlencode({**chosen.chosen, 'cursor': page.next_cursor})}" if page.next_cursor else "",
        "previous_href": f"?{urlencode(chosen.chosen)}" if request.GET.get("cursor") else "",
    }
    return render(request, "brokerage/history.html", told)


@require_safe
@members_only
def show_consent(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """GET /history/<id>: one decision, wherever in the list it is, with every single read."""
    paper = _paper(request, consent_id)
    reads = Access.objects.filter(release__consent=paper.consent)
    try:
        page = page_of(
            reads, by=("-at", "-pk"), name=f"reads:{consent_id}", cursor=request.GET.get("cursor"), limit=READS_PER_PAGE
        )
    except InvalidCursor as exc:
        raise Http404 from exc
    told = {
        "paper": paper,
        "reads": [read_event(access, buyer=paper.consent.recipient.name) for access in page.rows],
        "next_href": f"?cursor={page.next_cursor}#reads" if page.next_cursor else "",
        "previous_href": "?#reads" if request.GET.get("cursor") else "",
    }
    return render(request, "brokerage/consent_page.html", told)


@require_safe
@members_only
def download_receipt(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """GET /history/<id>/receipt: the latest signed receipt as a file, or with `?act=given` the first."""
    consent = get_object_or_404(Consent.objects.visible_to(request.user), pk=consent_id)
    kept = consent.receipts.filter(act=request.GET["act"]) if "act" in request.GET else consent.receipts.all()
    receipt = kept.order_by("at").last()
    if receipt is None:
        raise Http404
    document = {"receipt": receipts.as_document(bytes(receipt.body)), "signature": receipt.signature}
    name = f'attachment; filename="maru-receipt-{receipt.pk}.json"'
    return JsonResponse(document, headers={"Content-Disposition": name}, json_dumps_params={"ensure_ascii": False})


@require_POST
@notes_refusals("consent.withdraw", "consent")
@members_only
def withdraw_from_page(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """POST /history/<id>/withdraw: one click, and from then on nobody reads."""
    consent = get_object_or_404(Consent.objects.visible_to(request.user), pk=consent_id)
    done, note = gettext("철회하셨어요."), gettext("그때부터 아무도 읽지 못해요. 받은 토큰은 그대로예요.")
    try:
        operations.withdraw_consent(consent_id=consent_id, actor=person_of(request), at=timezone.now())
    except AlreadyEnded as refusal:
        note_try(request, action="consent.withdraw", subject=f"consent:{consent_id}", refusal=refusal)
        done, note = gettext("이미 철회하셨어요."), ""
    except ConsentNotGiven as refusal:
        note_try(request, action="consent.withdraw", subject=f"consent:{consent_id}", refusal=refusal)
        done, note = gettext("거둘 허락이 없어요. 거절하셨거나 보관이 이미 끝났어요."), ""
    if not is_swap(request):
        messages.success(request, f"{done} {note}".strip())
        return see_other(f"{reverse('history')}#consent-{consent_id}")
    if swap_target(request) == f"ask-{consent.ask_id}":
        return _ask_card(request, consent.ask_id)
    paper = render_to_string(
        "brokerage/receipt.html", {"paper": _paper(request, consent_id), "note": note or done}, request
    )
    return HttpResponse(paper + _swapped_head(request))


def _swapped_head(request: HttpRequest) -> str:
    """Return the numbers above the list as they are now, for the list that the reader is looking at."""
    seen = urlsplit(request.htmx.current_url_abs_path or "")  # type: ignore[attr-defined]
    if seen.path != reverse("history"):
        return ""
    cells = cells_of(history_of(person_of(request), at=timezone.now()), path=PATH, when="at")
    head = _head(cells, Filters.read(QueryDict(seen.query).dict()))
    return render_to_string("brokerage/history_head.html", head | {"is_there": True, "is_swapped": True}, request)


def _head(cells: list[Cell], chosen: Filters) -> dict[str, Any]:
    return {"chips": state_chips(cells, chosen, _states()), "filters": filters_of(cells, chosen)}


def _paper(request: HttpRequest, consent_id: UUID) -> Paper:
    consent = get_object_or_404(with_papers(consents_of(request.user)), pk=consent_id)
    return papers_of([consent], user=person_of(request), at=timezone.now())[0]


def _ask_card(request: HttpRequest, ask_id: UUID) -> HttpResponse:
    offer = load_offer(ask_id, user=request.user, related=CARDED, prefetched=[ANSWERS])
    card = card_of(offer, reader=reader_of(person_of(request), at=timezone.now()))
    return render(request, "brokerage/ask_card.html", {"card": card})


def _states() -> dict[str, Any]:
    return {
        Consent.State.GIVEN.value: gettext("허락한 것"),
        Consent.State.REFUSED.value: gettext("거절한 것"),
        Consent.State.WITHDRAWN.value: gettext("철회한 것"),
        Consent.State.EXPIRED.value: gettext("보관이 끝난 것"),
    }
