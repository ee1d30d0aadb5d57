"""Every write of this room, by subject."""

from marketplace.demand.operations.estimating import estimate_reach
from marketplace.demand.operations.funding import exhaust_request, fund_request, return_escrow
from marketplace.demand.operations.pausing import close_request, close_requests_of, pause_request, resume_request
from marketplace.demand.operations.reviewing import review_request, submit_request
from marketplace.demand.operations.stating import draft_request, edit_request

__all__ = [
    "close_request",
    "close_requests_of",
    "draft_request",
    "edit_request",
    "estimate_reach",
    "exhaust_request",
    "fund_request",
    "pause_request",
    "resume_request",
    "return_escrow",
    "review_request",
    "submit_request",
]
