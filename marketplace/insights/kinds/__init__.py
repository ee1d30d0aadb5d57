from marketplace.insights.kinds.kind import CLOSE_UNITS, Kind, Number, Sensitivity, SoftFlag, Topic, show_number
from marketplace.insights.kinds.registry import KINDS, find

__all__ = ["CLOSE_UNITS", "KINDS", "Kind", "Number", "Sensitivity", "SoftFlag", "Topic", "find", "show_number"]
