from marketplace.insights.models.insights import Insight
from marketplace.insights.models.twin import TwinBook, TwinPage, TwinState
from marketplace.insights.models.vault import DataKey, KeyEpoch, SealedObject

__all__ = ["DataKey", "Insight", "KeyEpoch", "SealedObject", "TwinBook", "TwinPage", "TwinState"]
