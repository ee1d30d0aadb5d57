"""Trying again when the database made two transactions choose who goes first."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

from rewards.ledger.repeats import note_refused

P = ParamSpec("P")
R = TypeVar("R")

SERIALIZATION_FAILURE, DEADLOCK_DETECTED, UNIQUE_VIOLATION = "40001", "40P01", "23505"
#: Two callers brought the same key at the same instant: the second try finds the first one's answer.
ATTEMPT_KEY = "ledger_attempt_pkey"
TRIES = 3


def retry_on_conflict(operation: Callable[P, R]) -> Callable[P, R]:
    """Run an outermost operation up to three times when it lost a race that a second try settles.

    Stands above `@transaction.atomic(durable=True)`. Inside a transaction it does nothing: half a deal cannot be
    tried again, so the outermost operation wears its own. Here alone a key that came with another body can be noted:
    what fell with it is gone.
    """

    @functools.wraps(operation)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return operation(*args, **kwargs)
        for left in reversed(range(TRIES)):
            try:
                return operation(*args, **kwargs)
            except DatabaseError as exc:
                if not left or not is_conflict(exc):
                    raise
            except Exception as exc:
                note_refused(exc)
                raise
            time.sleep(random.uniform(0.005, 0.05) * (TRIES - left))  # noqa: S311 (jitter, not a secret)
        raise AssertionError("unreachable")

    return tried


def is_conflict(exc: DatabaseError) -> bool:
    """Tell whether the same call, made again, can succeed."""
    cause = exc.__cause__
    state = getattr(cause, "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        return getattr(getattr(cause, "diag", None), "constraint_name", None) == ATTEMPT_KEY
    return state in {SERIALIZATION_FAILURE, DEADLOCK_DETECTED}
