"""Pages that belong to nobody's room: the front door, the way home, the choice of language."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language as remember_in_cookie

from config.chrome import seat_of_person
from consent.parties import operations
from consent.records.controller import controller
from marketplace.insights import memories


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """GET /: what Maru is, for a stranger."""
    return render(request, "landing.html")


@require_safe
def privacy_notice(request: HttpRequest) -> HttpResponse:
    """GET /privacy-notice: what Maru keeps of people, how long, and whom they ask; for a stranger too."""
    locale = "en" if (get_language() or "ko").startswith("en") else "ko"
    facts = {
        "insight_days": settings.INSIGHT_KEEP_DAYS,
        "twin_days": settings.TWIN_KEEP_DAYS,
        "memory_days": memories.KEEP_DAYS,
        "erasure_days": settings.ERASURE_GRACE_DAYS,
        "backup_days": settings.KEY_EPOCH_DAYS + settings.KEY_OVERLAP_DAYS,
        "locale": locale,
    }
    return render(request, "privacy_notice.html", {"controller": controller(locale), "facts": facts})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """GET /favicon.ico: to the icon, for pages that do not name one, as those of the admins' desk."""
    return redirect(static("icon.svg"))


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """GET /home: to the first room of the seat somebody sits in, or to opening a home of one's own."""
    seat = seat_of_person(request.user)
    return redirect(seat.tabs[0].href if seat else "welcome")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """POST /i18n/setlang/: a cookie for this browser, and for somebody signed in, every other browser."""
    language = request.POST.get("language", "")
    # Django knows more languages than Maru speaks, and some of their names are longer than the column.
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        operations.set_locale(user=request.user, locale=language)
    return remember_in_cookie(request)
