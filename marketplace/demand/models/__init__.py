from marketplace.demand.models.requests import DataRequest, RequestVersion
from marketplace.demand.models.reviews import Review

__all__ = ["DataRequest", "RequestVersion", "Review"]
