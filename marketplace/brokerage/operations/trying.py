"""A try that was refused: who wanted to do what to which ask, and why not. Nothing else of it is kept."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from rest_framework import exceptions as api

from consent.parties import operations as parties
from consent.parties.authentication import Machine
from consent.parties.models import User

#: What a framework's refusal is called in the trail; a room's refusal brings its own code.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (Http404, "not_found"),
    (PermissionDenied, "not_permitted"),
    (api.PermissionDenied, "not_permitted"),
    (api.ValidationError, "invalid"),
    (api.ParseError, "malformed"),
)


@transaction.atomic(savepoint=False)
def note_refused_try(*, user: object, action: str, subject: str, refusal: Exception, at: datetime) -> None:
    """Write one line into the audit trail about a try that was refused. Call it when the try's own transaction is over.

    Whoever is unknown leaves no line: anybody could fill the trail.

    Args:
        user: a person or a machine.
        action: what was tried, as in `ask.approve`.
        subject: whose or which, as in `ask:<id>`; never anything that was sent in a body.
    """
    actor = _name_of(user)
    if actor:
        parties.note(actor=actor, action=action, subject=subject, outcome=_code_of(refusal), at=at)


def _name_of(user: object) -> str:
    if isinstance(user, Machine):
        return f"key:{user.key.pk}"
    return str(user.pk) if isinstance(user, User) else ""


def _code_of(refusal: Exception) -> str:
    found = next((code for kind, code in _CODES if isinstance(refusal, kind)), None)
    return found or str(getattr(refusal, "code", "refused"))[:60]
