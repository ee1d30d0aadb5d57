"""The tables of this room, by subject."""

from marketplace.demand.models.requests import DataRequest, LeastAssurance, RequestVersion
from marketplace.demand.models.reviews import Review

__all__ = ["DataRequest", "LeastAssurance", "RequestVersion", "Review"]
