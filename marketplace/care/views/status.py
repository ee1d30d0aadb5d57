"""What everybody may know: that consents, payments and releases go together, and what checks the books."""

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from consent.parties.canonical import utc_text
from marketplace.brokerage.proofs import Status, current_status
from rewards.ledger.bundle import VERIFIER


@require_GET
def show_status(request: HttpRequest) -> HttpResponse:
    """GET /status: a page for people, JSON for everything that does not ask for a page."""
    status = current_status()
    wanted = request.get_preferred_type(["application/json", "text/html"])
    if wanted == "text/html":
        answer = render(request, "care/status.html", {"status": status})
    else:
        answer = JsonResponse(_as_json(status))
    patch_vary_headers(answer, ["Accept"])
    return answer


@require_GET
def download_verifier(request: HttpRequest) -> FileResponse:
    """GET /ledger/verify_bundle.py: the checker of the books that needs no Maru."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")


def _as_json(status: Status) -> dict[str, int | str]:
    return {
        "orphans": status.orphans,
        "consents": status.consents,
        "payments": status.payments,
        "releases": status.releases,
        "as_of": utc_text(status.as_of, to="seconds"),
    }
