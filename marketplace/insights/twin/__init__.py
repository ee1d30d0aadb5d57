"""What a home's appliances said, kept for the home alone: the state of now and a season of history, sealed."""

from marketplace.insights.twin.looking import (
    Point,
    State,
    Stream,
    fine_summaries,
    history,
    latest,
    nearest,
    recent,
    summaries,
    summaries_of_each,
)
from marketplace.insights.twin.pages import Summary, joined
from marketplace.insights.twin.recording import (
    close_books,
    drop_months,
    forget,
    forget_history,
    keep_months,
    make_month,
    record,
)

__all__ = [
    "Point",
    "State",
    "Stream",
    "Summary",
    "close_books",
    "drop_months",
    "fine_summaries",
    "forget",
    "forget_history",
    "history",
    "joined",
    "keep_months",
    "latest",
    "make_month",
    "nearest",
    "recent",
    "record",
    "summaries",
    "summaries_of_each",
]
