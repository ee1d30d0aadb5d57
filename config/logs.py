"""What the log says of what was refused, and of what broke: its kind and its place, never its words.

An exception's words may hold what came: a value that would not parse, or the row that a constraint did not let in.
"""

import logging
from collections.abc import Mapping
from traceback import StackSummary, walk_tb


class WithoutWords(logging.Filter):
    """Leave the words of exceptions away, and the traceback where a request was refused: nothing broke there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        elif record.exc_info and record.exc_info[1]:
            # What stands here already is what every formatter takes.
            record.exc_text = _told(record.exc_info[1])
        if isinstance(record.args, Mapping) and "exc" in record.args:
            # A task that failed: Celery puts the words into the line itself, and the traceback with them.
            kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            record.args = {**record.args, "exc": kind, "traceback": ""}
        return True


def _told(exc: BaseException) -> str:
    """Return a traceback with kinds where the words would stand, the first cause first."""
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    before = f"{_told(cause)}\n\n" if cause else ""
    frames = "".join(StackSummary.extract(walk_tb(exc.__traceback__)).format())
    return f"{before}Traceback (most recent call last):\n{frames}{type(exc).__module__}.{type(exc).__qualname__}"
