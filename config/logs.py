"""What the log says of a request that was refused."""

import logging


class RefusedInOneLine(logging.Filter):
    """Leave the traceback away where a request was refused: that is an answer, not something that broke."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True
