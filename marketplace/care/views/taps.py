"""One tap on a button is one act, however often the form comes."""

from uuid import UUID

from django.http import HttpRequest


def tap_of(request: HttpRequest) -> str:
    """Return the idempotency key of this very form, so that pressing its button twice acts once; empty for none."""
    try:
        return f"page:{UUID(request.POST.get('tap', ''))}"
    except ValueError:
        return ""
