"""The log says that somebody was refused in one line; what broke brings its traceback, and none of its words."""

import io
import logging
from uuid import uuid4

import pytest
from celery import current_app, shared_task
from celery.app.trace import build_tracer
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.handlers.exception import response_for_exception

from config.logs import WithoutWords

CANARY = "617.83"


@pytest.fixture
def console():
    """What the handler of the settings writes."""
    handlers = [one for one in logging.getLogger().handlers if any(type(f) is WithoutWords for f in one.filters)]
    assert len(handlers) == 1
    written = io.StringIO()
    before = handlers[0].setStream(written)
    yield written
    handlers[0].setStream(before)


@pytest.mark.parametrize(("refusal", "status"), [(PermissionDenied(), 403), (BadRequest(), 400)])
def test_a_refusal_is_one_line(rf, console, refusal, status):
    answer = response_for_exception(rf.get("/buyer"), refusal)

    assert answer.status_code == status
    assert len(console.getvalue().splitlines()) == 1


def test_what_broke_brings_its_traceback(console):
    try:
        raise RuntimeError
    except RuntimeError:
        logging.getLogger("django.request").error("Internal Server Error", exc_info=True, extra={"status_code": 500})
        logging.getLogger("celery").error("a task broke", exc_info=True)

    assert console.getvalue().count("Traceback") == 2


def test_nothing_that_broke_is_quoted(console):
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as first:
            raise ValueError(f"no number: {CANARY}") from first
    except ValueError:
        logging.getLogger("django.request").error("Internal Server Error", exc_info=True, extra={"status_code": 500})

    written = console.getvalue()
    assert CANARY not in written
    assert written.index("builtins.KeyError") < written.index("builtins.ValueError")
    assert f"in {test_nothing_that_broke_is_quoted.__name__}" in written


def test_a_task_that_broke_is_named_by_its_kind(console):
    @shared_task(name="broken")
    def broken():
        raise ValueError(CANARY)

    # As a worker runs it: `apply` alone would not log.
    trace = build_tracer("broken", broken, app=current_app)
    trace(str(uuid4()), (), {}, {"id": "1", "hostname": "here"})

    assert "Task broken" in console.getvalue()
    assert "ValueError" in console.getvalue()
    assert CANARY not in console.getvalue()
