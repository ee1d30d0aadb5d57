from marketplace.demand.models.requests import DataRequest, LeastAssurance, RequestVersion
from marketplace.demand.models.reviews import Review

__all__ = ["DataRequest", "LeastAssurance", "RequestVersion", "Review"]
