"""Answers that the household's pages share."""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from consent.records.errors import RecordsError
from marketplace.brokerage import operations
from marketplace.brokerage.errors import BrokerageError


class SeeOther(HttpResponseRedirect):
    """303: after a POST, go and look there; reloading posts nothing again."""

    status_code = 303


def see_other(address: str) -> SeeOther:
    """Return the way back to a page after a form was posted."""
    return SeeOther(address)


def is_swap(request: HttpRequest) -> bool:
    """Tell whether htmx asks for one element; it swaps only a 200."""
    return bool(getattr(request, "htmx", False))


def swap_target(request: HttpRequest) -> str:
    """Return the id of the element that htmx will put the answer into."""
    return str(request.headers.get("HX-Target", ""))


def note_try(request: HttpRequest, *, action: str, subject: str, refusal: Exception) -> None:
    """Leave a line in the audit trail about something a page refused to do."""
    operations.note_refused_try(user=request.user, action=action, subject=subject, refusal=refusal, at=timezone.now())


def notes_refusals(
    action: str, noun: str
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Leave a line in the audit trail where a page turns somebody away before it gets to its own refusals."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def noted(request: HttpRequest, *args: Any, **kwargs: UUID) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except (Http404, PermissionDenied, RecordsError, BrokerageError) as refusal:
                note_try(request, action=action, subject=f"{noun}:{kwargs[f'{noun}_id']}", refusal=refusal)
                raise

        return noted

    return wrap
