"""The buyer's pages: what it asks for, in words a household will read, and what that costs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.parties.errors import PartiesError
from consent.parties.models import Organisation
from consent.parties.permissions import buyer_of, person_of
from consent.parties.policies import check_is_admin
from marketplace.demand import operations, policies, queries
from marketplace.demand.errors import DemandError
from marketplace.demand.facts import facts_of
from marketplace.demand.forms import FundForm, TermsForm, initial_of
from marketplace.demand.models import DataRequest
from marketplace.demand.samples import sample_of, sample_of_version
from marketplace.demand.terms import terms_of
from rewards.ledger.errors import LedgerError

PER_PAGE = 30
State = DataRequest.State
#: How the peg beside each state looks.
PEGS = {
    State.DRAFT: "pending",
    State.IN_REVIEW: "waiting",
    State.RETURNED: "pending",
    State.OPEN: "open",
    State.PAUSED: "waiting",
    State.CLOSED: "closed",
    State.EXHAUSTED: "waiting",
    State.REFUSED: "denied",
}
REFUSALS = (DemandError, LedgerError, PartiesError)


@require_safe
@login_required
def list_requests(request: HttpRequest) -> HttpResponse:
    """GET /buyer/data-requests: the buyer's own, newest first, each with where its tokens went."""
    buyer_of(request)
    rows = queries.data_requests(request.user).order_by("-created_at", "-id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    budgets = queries.budgets(page.object_list)
    shown = [{"request": row, "budget": budgets[row.pk], "peg": PEGS[State(row.state)]} for row in page.object_list]
    return render(request, "demand/requests.html", {"page": page, "rows": shown})


@require_http_methods(["GET", "POST"])
@login_required
def write_request(request: HttpRequest) -> HttpResponse:
    """GET, POST /buyer/data-requests/new: state what is wanted, beside what a household would see."""
    buyer, now = buyer_of(request), timezone.now()
    form = TermsForm(request.POST or None, at=now)
    if _is_to_be_kept(request) and form.is_valid() and form.terms:
        try:
            made = operations.draft_request(organisation=buyer, actor=request.user, terms=form.terms, at=now)
        except REFUSALS as refusal:
            return _form_page(request, form, buyer, refusal=refusal)
        messages.success(request, gettext("초안으로 두었어요. 토큰을 맡기고 검토를 부탁해 주세요."))
        return redirect("buyer_request", made.pk)
    return _form_page(request, form, buyer)


@require_http_methods(["GET", "POST"])
@login_required
def edit_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """GET, POST /buyer/data-requests/<id>/edit: state it anew; what households were asked before is void."""
    buyer, now = buyer_of(request), timezone.now()
    found = _request(request, request_id)
    if not found.can_be_edited:
        return redirect("buyer_request", found.pk)
    form = TermsForm(request.POST or None, at=now, initial=initial_of(terms_of(found.version)))
    if _is_to_be_kept(request) and form.is_valid() and form.terms:
        try:
            operations.edit_request(
                request_id=found.pk,
                actor_organisation=buyer,
                actor=request.user,
                terms=form.terms,
                number=_number(request),
                at=now,
            )
        except REFUSALS as refusal:
            return _form_page(request, form, buyer, found=found, refusal=refusal)
        messages.success(request, gettext("고쳤어요."))
        return redirect("buyer_request", found.pk)
    return _form_page(request, form, buyer, found=found)


@require_POST
@login_required
def preview_request(request: HttpRequest) -> HttpResponse:
    """POST /buyer/data-requests/preview: only the card beside the form, while it is being written."""
    buyer, form = buyer_of(request), TermsForm(request.POST, at=timezone.now())
    form.is_valid()
    sample = sample_of(form.stated, organisation=buyer, at=timezone.now())
    return render(request, "demand/parts/preview.html", {"sample": sample})


@require_safe
@login_required
def show_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """GET /buyer/data-requests/<id>/manage: where it stands, and the steps that lead on."""
    buyer_of(request)
    return _request_page(request, _request(request, request_id))


@require_POST
@login_required
def fund_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/fund: put tokens in escrow; the form's key makes a second click harmless."""
    found, form = _request(request, request_id), FundForm(request.POST)
    if not form.is_valid():
        return _request_page(request, found, fund_form=form)
    return _take_step(
        request,
        found,
        lambda **acting: operations.fund_request(
            **acting, tokens=form.cleaned_data["tokens"], key=str(form.cleaned_data["key"])
        ),
        gettext("맡겨 두었어요."),
        fund_form=form,
    )


@require_POST
@login_required
def submit_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/submit."""
    done = gettext("검토를 부탁했어요. 사람이 읽고 답해 드려요.")
    return _take_step(request, _request(request, request_id), operations.submit_request, done)


@require_POST
@login_required
def pause_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/pause."""
    done = gettext("쉬게 했어요. 이미 여쭤본 것은 가구가 답할 수 있어요.")
    return _take_step(request, _request(request, request_id), operations.pause_request, done)


@require_POST
@login_required
def resume_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/resume."""
    return _take_step(request, _request(request, request_id), operations.resume_request, gettext("다시 열었어요."))


@require_POST
@login_required
def close_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/close."""
    done = gettext("닫았어요. 남은 토큰은 정해진 날에 돌아와요.")
    return _take_step(request, _request(request, request_id), operations.close_request, done)


@require_POST
@login_required
def estimate_reach(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """POST /buyer/data-requests/<id>/reach: a rough number. A button: no link spends one of the day's twenty."""
    found = _request(request, request_id)
    try:
        reach = operations.estimate_reach(**_acting(request, found))
    except REFUSALS as refusal:
        return _request_page(request, found, refusal=refusal)
    return _request_page(request, found, reach=reach)


@require_safe
@login_required
def show_budget(request: HttpRequest) -> HttpResponse:
    """GET /buyer/budget: the buyer's own account, and what went where."""
    buyer = buyer_of(request)
    purse = queries.purse(buyer)
    cells = [
        {"label": gettext("맡길 수 있는 토큰"), "value": purse.available},
        {"label": gettext("맡긴 토큰"), "value": purse.total.funded},
        {"label": gettext("쓴 토큰"), "value": purse.total.spent},
        {"label": gettext("돌려받을 토큰"), "value": purse.total.refundable},
    ]
    return render(request, "demand/budget.html", {"cells": cells, "lines": queries.purse_lines(buyer)})


@require_safe
@login_required
def list_reviews(request: HttpRequest) -> HttpResponse:
    """GET /review: to the data requests that wait for an admin; nobody else has this page."""
    try:
        check_is_admin(person_of(request))
    except PartiesError as refusal:
        raise Http404 from refusal
    return redirect(f"{reverse('admin:demand_datarequest_changelist')}?state__exact={State.IN_REVIEW.value}")


def _request(request: HttpRequest, request_id: UUID) -> DataRequest:
    buyer_of(request)
    return get_object_or_404(queries.data_requests(request.user), pk=request_id)


def _acting(request: HttpRequest, found: DataRequest) -> dict[str, Any]:
    return {
        "request_id": found.pk,
        "actor_organisation": buyer_of(request),
        "actor": request.user,
        "at": timezone.now(),
    }


def _is_to_be_kept(request: HttpRequest) -> bool:
    """Tell a save from the button that only draws the preview again (for browsers without JavaScript)."""
    return request.method == "POST" and "preview" not in request.POST


def _number(request: HttpRequest) -> int | None:
    """Return the version that stood in the form, so that two colleagues do not overwrite each other."""
    text = request.POST.get("number", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _take_step(
    request: HttpRequest, found: DataRequest, step: Callable[..., Any], done: str, **forms: Any
) -> HttpResponse:
    try:
        step(**_acting(request, found))
    except REFUSALS as refusal:
        return _request_page(request, _request(request, found.pk), refusal=refusal, **forms)
    messages.success(request, done)
    return redirect("buyer_request", found.pk)


def _form_page(
    request: HttpRequest,
    form: TermsForm,
    buyer: Organisation,
    *,
    found: DataRequest | None = None,
    refusal: Exception | None = None,
) -> HttpResponse:
    now = timezone.now()
    if form.is_bound:
        form.is_valid()
        sample = sample_of(form.stated, organisation=buyer, at=now)
    elif found:
        sample = sample_of_version(found.version, organisation=buyer, at=now)
    else:
        sample = sample_of({}, organisation=buyer, at=now)
    only_preview = request.method == "POST" and not _is_to_be_kept(request)
    status = 409 if refusal else 422 if form.errors and not only_preview else 200
    number = _number(request) or (found.version.number if found else None)
    context = {"form": form, "found": found, "sample": sample, "refusal": refusal, "number": number}
    return render(request, "demand/request_form.html", context, status=status)


def _request_page(
    request: HttpRequest,
    found: DataRequest,
    *,
    fund_form: FundForm | None = None,
    reach: queries.Reach | None = None,
    refusal: Exception | None = None,
) -> HttpResponse:
    invalid = fund_form is not None and bool(fund_form.errors)
    budget = queries.budget(found)
    context = {
        "found": found,
        "version": found.version,
        "facts": facts_of(found.version),
        "budget": budget,
        "above_budget": max(0, budget.funded - found.version.budget_tokens),
        "peg": PEGS[State(found.state)],
        "review": queries.last_review(found),
        "sample": sample_of_version(found.version, organisation=found.organisation, at=timezone.now()),
        "steps": policies.steps_of(found),
        "fund_form": fund_form or FundForm(initial={"key": uuid4()}),
        "reach": reach,
        "refusal": refusal,
    }
    return render(request, "demand/request.html", context, status=409 if refusal else 422 if invalid else 200)
