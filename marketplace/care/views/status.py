"""What everybody may know: that consents, payments and releases go together, and how the books are sealed."""

from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from consent.parties.canonical import utc_text
from marketplace.brokerage.proofs import Status, current_status
from rewards.ledger import sealing
from rewards.ledger.bundle import VERIFIER

SEALING_KEY = "care.sealing"


@require_GET
def show_status(request: HttpRequest) -> HttpResponse:
    """GET /status: a page for people, JSON for everything that does not ask for a page."""
    status, seal = current_status(), _current_seal()
    wanted = request.get_preferred_type(["application/json", "text/html"])
    if wanted == "text/html":
        answer = render(request, "care/status.html", {"status": status, "seal": seal, "base_url": settings.BASE_URL})
    else:
        answer = JsonResponse(_as_json(status, seal))
    patch_vary_headers(answer, ["Accept"])
    return answer


@require_GET
def download_verifier(request: HttpRequest) -> FileResponse:
    """GET /ledger/verify_bundle.py: the checker of the books that needs no Maru."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")


def _current_seal() -> sealing.Standing:
    """Return how the sealing stands, at most 30 seconds old."""
    found = cache.get_or_set(SEALING_KEY, sealing.current_standing, settings.STATUS_CACHE_SECONDS)
    return cast(sealing.Standing, found)


def _as_json(status: Status, seal: sealing.Standing) -> dict[str, Any]:
    return {
        "orphans": status.orphans,
        "consents": status.consents,
        "payments": status.payments,
        "releases": status.releases,
        "as_of": utc_text(status.as_of, to="seconds"),
        "sealing": {
            "tree_size": seal.tree_size,
            "sealed_at": utc_text(seal.sealed_at, to="seconds") if seal.sealed_at else None,
            "behind_minutes": seal.behind_minutes,
            "is_late": seal.is_late,
        },
    }
