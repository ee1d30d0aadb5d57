from marketplace.insights.models.insights import Insight
from marketplace.insights.models.vault import DataKey, SealedObject

__all__ = ["DataKey", "Insight", "SealedObject"]
