"""What everybody may know: that consents, payments and releases go together, and how the books are sealed."""

from datetime import datetime
from typing import Any, TypedDict, cast

from django.conf import settings
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from consent.parties.canonical import utc_text
from marketplace.appliances.queries import bridge_seen_at, is_bridge_late
from marketplace.brokerage.proofs import Status, current_status
from rewards.ledger import sealing
from rewards.ledger.bundle import VERIFIER

SEALING_KEY = "care.sealing"
BRIDGE_KEY = "care.bridge"


class Bridge(TypedDict):
    """When the bridge to the MQTT broker was last there, if ever, and whether that is too long ago."""

    seen_at: datetime | None
    is_late: bool


@require_safe
def show_status(request: HttpRequest) -> HttpResponse:
    """GET /status: a page for people, JSON for everything that does not ask for a page."""
    status, seal, bridge = current_status(), _current_seal(), _current_bridge()
    is_late = status.is_late(timezone.now())
    wanted = request.get_preferred_type(["application/json", "text/html"])
    if wanted == "text/html":
        context = {
            "status": status, "is_late": is_late, "seal": seal, "bridge": bridge, "base_url": settings.BASE_URL
        }  # fmt: skip
        answer = render(request, "care/status.html", context)
    else:
        answer = JsonResponse(_as_json(status, seal, bridge) | {"is_late": is_late})
    patch_vary_headers(answer, ["Accept"])
    return answer


@require_safe
def download_verifier(request: HttpRequest) -> FileResponse:
    """GET /ledger/verify_bundle.py: the checker of the books that needs no Maru."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")


def _current_seal() -> sealing.Standing:
    """Return how the sealing stands, at most 30 seconds old."""
    found = cache.get_or_set(SEALING_KEY, sealing.current_standing, settings.STATUS_CACHE_SECONDS)
    return cast(sealing.Standing, found)


def _current_bridge() -> Bridge | None:
    """Return when the bridge was last there, at most 30 seconds old; nothing where homes have no broker to post to."""
    if not settings.MQTT_URL:
        return None
    found = cache.get_or_set(BRIDGE_KEY, _look_at_bridge, settings.STATUS_CACHE_SECONDS)
    return cast(Bridge, found)


def _look_at_bridge() -> Bridge:
    return {"seen_at": bridge_seen_at(), "is_late": is_bridge_late(at=timezone.now())}


def _as_json(status: Status, seal: sealing.Standing, bridge: Bridge | None) -> dict[str, Any]:
    return {
        "orphans": status.orphans,
        "consents": status.consents,
        "payments": status.payments,
        "releases": status.releases,
        "as_of": utc_text(status.as_of, to="seconds"),
        "sealing": {
            "tree_size": seal.tree_size,
            "sealed_at": _second(seal.sealed_at),
            "behind_minutes": seal.behind_minutes,
            "is_late": seal.is_late,
        },
        "mqtt_bridge": bridge and bridge | {"seen_at": _second(bridge["seen_at"])},
    }


def _second(at: datetime | None) -> str | None:
    return utc_text(at, to="seconds") if at else None
