"""What a problem's `type` leads to: one page per code, so that whoever reads a log can look it up."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from config.api_errors import BY_STATUS, PROBLEMS, Row
from marketplace.appliances.dialects.rejections import SENTENCES


@require_safe
def show_problem(request: HttpRequest, code: str) -> HttpResponse:
    """GET /problems/<code>: what this code means, and the status it comes with."""
    if code in SENTENCES:
        sentence = SENTENCES[code][(get_language() or "ko").startswith("en")]
        context: dict[str, str | Promise] = {"problem_title": code, "problem_text": sentence}
    else:
        row = _row_of(code)
        context = {"problem_title": row.title, "problem_text": f"{row.status} {code}"}
    return render(request, "problem.html", context)


def _row_of(code: str) -> Row:
    for row in BY_STATUS.values():
        if row.code == code:
            return row
    for kind, row in PROBLEMS.items():
        if code in {row.code, getattr(kind, "code", "")} - {""}:
            return row
    raise Http404
