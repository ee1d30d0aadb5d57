"""The registry of kinds: what may be noticed at all, in which unit and range, and how it is said."""

from marketplace.insights.kinds.kind import CLOSE_UNITS, Kind, Number, Sensitivity, SoftFlag, Topic, show_number
from marketplace.insights.kinds.registry import KINDS, find

__all__ = ["CLOSE_UNITS", "KINDS", "Kind", "Number", "Sensitivity", "SoftFlag", "Topic", "find", "show_number"]
