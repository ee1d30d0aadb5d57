"""The tables of this room, by subject."""

from consent.records.models.asks import Answer, Ask
from consent.records.models.consents import Consent, ConsentEnd, Receipt, in_force
from consent.records.models.preferences import Preference, StandingNo

__all__ = ["Answer", "Ask", "Consent", "ConsentEnd", "Preference", "Receipt", "StandingNo", "in_force"]
