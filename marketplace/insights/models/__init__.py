"""The tables of this room, by subject."""

from marketplace.insights.models.insights import Insight, Waiting
from marketplace.insights.models.perception import Conclusion, Evidence, RuleMemory, WrongWord
from marketplace.insights.models.twin import TwinBook, TwinPage, TwinState
from marketplace.insights.models.vault import DataKey, KeyEpoch, SealedObject

__all__ = [
    "Conclusion",
    "DataKey",
    "Evidence",
    "Insight",
    "KeyEpoch",
    "RuleMemory",
    "SealedObject",
    "TwinBook",
    "TwinPage",
    "TwinState",
    "Waiting",
    "WrongWord",
]
