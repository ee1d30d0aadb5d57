"""From refusals to RFC 9457 problems."""

from typing import Any

from django.http import JsonResponse


def problem_response(exc: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """Answer a refusal with a problem body."""
    return None
