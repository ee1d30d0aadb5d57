"""The log says that somebody was refused in one line; only what broke brings its traceback."""

import io
import logging

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.handlers.exception import response_for_exception

from config.logs import RefusedInOneLine


@pytest.fixture
def console():
    """What the handler of the settings writes."""
    handlers = [one for one in logging.getLogger().handlers if any(type(f) is RefusedInOneLine for f in one.filters)]
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
